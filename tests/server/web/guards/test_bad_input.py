"""What a hurried, broken or hostile client sends, and the problem it gets. Nothing sent comes back."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import httpx
import pytest

from server.storage.database.faults import StorageUnavailable
from server.storage.database.patience import one_patience
from server.storage.database.transactions import Database
from tests.server.web.conftest import Visitor
from tests.server.web.stand_in import StandIn

ASK = "/api/v1/sites/kneecare/ask"
CANARY = "canary-7f3a"
JSON = {"Content-Type": "application/json"}


def problem_of(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem, after checking its shape and that it repeats nothing."""
    body: dict[str, Any] = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert body["status"] == status and body["title"] and body["detail"] and body["type"]
    assert CANARY not in response.text
    return body


def shows_the_way(reply: dict[str, Any]) -> bool:
    """A reply to show in place of the usual one: 911, 988 and the advocate, and no word of a handover."""
    told = reply["message"]
    return "911" in told and "988" in told and "advocate" in told and not reply["handed_over"] and not reply["quotes"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b'["' + CANARY.encode() + b'"]', 422),
        (b"[" * 20_000 + b"]" * 20_000, 400),
        (b'{"text": ""}', 422),
        (b'{"text": " \\n\\t "}', 422),
        (b'{"text": "\\u0000\\u0007"}', 422),
        (b'{"text": 911}', 422),
        (b'{"text": null}', 422),
        (b'{"text": "' + b"x" * 4_001 + b'"}', 422),
        (b'{"text": "Hello", "history": "' + CANARY.encode() + b'"}', 422),
        (b'{"text": "Hello", "history": [' + b'"a",' * 20 + b'"a"]}', 422),
        (b'{"text": "Hello", "history": ["", "a"]}', 422),
        (b'{"text": "' + b"x" * 100_000 + b'"}', 413),
    ],
    ids=lambda value: str(value[:24]) if isinstance(value, bytes) else None,
)
async def test_a_body_that_cannot_be_asked(client: httpx.AsyncClient, body: bytes, status: int):
    response = await client.post(ASK, content=body, headers=JSON)
    assert shows_the_way(problem_of(response, status)["reply"])


URGENT_BODIES = {
    "half an emoji": rb'{"text": "I have crushing chest pain \ud83d"}',
    "the other half, first": rb'{"text": "\udc9b chest pain"}',
    "Latin-1": '{"text": "Señora, no puedo respirar, ¡ayuda!"}'.encode("latin-1"),
    "cut in a character": b'{"text": "chest pain \xf0\x9f"}',
    "surrogates as UTF-8": b'{"text": "chest pain \xed\xa0\xbd"}',
    "UTF-16": '{"text": "chest pain \U0001f494"}'.encode("utf-16"),
    "UTF-16 with half an emoji": '{"text": "chest pain \ud83d"}'.encode("utf-16-le", "surrogatepass"),
    "with a byte order mark": b'\xef\xbb\xbf{"text": "chest pain"}',
    "a broken name beside it": rb'{"text": "chest pain", "\ud800": "\udfff"}',
}


@pytest.mark.parametrize("body", URGENT_BODIES.values(), ids=URGENT_BODIES)
async def test_no_form_of_encoding_loses_an_emergency(visitor: Visitor, body: bytes):
    asked = await visitor.client.post(ASK, content=body, headers=JSON)
    assert asked.json()["outcome"] == "emergency"
    headers = visitor.headers | JSON | {"Idempotency-Key": "k"}
    first, again = [
        await visitor.client.post(f"{visitor.address}/messages", content=body, headers=headers) for _ in range(2)
    ]
    assert first.status_code == 201 and first.json()["reply"]["handed_over"]
    assert first.json()["reply"]["outcome"] == "emergency"
    assert first.content == again.content
    letter = await visitor.client.post(
        f"{visitor.address}/handover", content=body, headers=headers | {"Idempotency-Key": "l"}
    )
    assert letter.status_code == 201 and letter.json()["reply"]["outcome"] == "emergency"


async def test_what_was_broken_is_stored_as_typed_with_the_broken_unit_replaced(visitor: Visitor):
    headers = visitor.headers | JSON | {"Idempotency-Key": "k"}
    body = rb'{"text": "I can\ud83d\u0027t breathe\ud83d, \ud83d\ude00"}'
    said = await visitor.client.post(f"{visitor.address}/messages", content=body, headers=headers)
    assert (
        said.json()["message"]["text"]
        == "I can\N{REPLACEMENT CHARACTER}'t breathe\N{REPLACEMENT CHARACTER}, \U0001f600"
    )


async def test_a_body_that_grows_past_the_limit_while_it_arrives(client: httpx.AsyncClient):
    async def drip() -> Any:
        yield b'{"text": "'
        for _ in range(100):
            yield b"x" * 1_000
        yield b'"}'

    problem_of(await client.post(ASK, content=drip(), headers=JSON), 413)


@pytest.mark.parametrize("length", ["99999999999999999999", "70000"])
async def test_a_body_that_declares_itself_too_large(client: httpx.AsyncClient, length: str):
    problem_of(await client.post(ASK, content=b"{}", headers=JSON | {"Content-Length": length}), 413)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_only_json_is_taken(client: httpx.AsyncClient, kind: str):
    problem_of(await client.post(ASK, content=b'{"text": "Hello"}', headers={"Content-Type": kind}), 415)


@pytest.mark.parametrize("site", ["nowhere", "NOT-A-SITE", "..%2f", "x" * 100])
async def test_a_site_that_is_not_there(client: httpx.AsyncClient, site: str):
    response = await client.post(f"/api/v1/sites/{site}/ask", json={"text": CANARY})
    problem_of(response, 404)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ASK), ("DELETE", ASK), ("PUT", "/api/v1/receipts"), ("POST", "/healthz")]
)
async def test_a_method_that_a_door_does_not_take(client: httpx.AsyncClient, method: str, path: str):
    response = await client.request(method, path)
    problem_of(response, 405)
    assert response.headers["allow"]


async def test_an_address_that_is_not_there(client: httpx.AsyncClient):
    problem_of(await client.get(f"/api/v1/{CANARY}"), 404)


@pytest.mark.parametrize("door", ["messages", "handover", "feedback", "typing"])
async def test_a_wrong_token_finds_nothing_and_a_missing_one_is_asked_for(visitor: Visitor, door: str):
    body = {"text": CANARY, "seq": 1, "passage_id": "p", "helpful": True}
    path, key = f"{visitor.address}/{door}", {"Idempotency-Key": "k"}
    wrong = await visitor.client.post(path, json=body, headers={"Authorization": "Bearer wrong", **key})
    none = await visitor.client.post(path, json=body, headers=key)
    problem_of(wrong, 404)
    problem_of(none, 401)
    assert none.headers["www-authenticate"] == "Bearer"


async def test_another_visitors_token_opens_nothing(visitor: Visitor, client: httpx.AsyncClient):
    other = await client.post("/api/v1/sites/kneecare/conversations")
    headers = {"Authorization": f"Bearer {other.json()['token']}", "Idempotency-Key": "k"}
    problem_of(await client.post(f"{visitor.address}/messages", json={"text": CANARY}, headers=headers), 404)
    problem_of(await client.get(f"{visitor.address}/events", headers=headers), 404)


@pytest.mark.parametrize("key", [None, "", "x" * 256, "with space"])
async def test_a_message_needs_a_usable_key(visitor: Visitor, key: str | None):
    headers = visitor.headers | ({} if key is None else {"Idempotency-Key": key})
    response = await visitor.client.post(f"{visitor.address}/messages", json={"text": CANARY}, headers=headers)
    assert shows_the_way(problem_of(response, 400)["reply"])


@pytest.mark.parametrize("body", [{}, {"text": "a", "choose": "b"}, {"choose": ""}, {"choose": "x" * 201}])
async def test_a_message_is_a_text_or_a_choice(visitor: Visitor, body: dict[str, str]):
    problem_of(await visitor.post("messages", body), 422)


@pytest.mark.parametrize("claim", [1, 0, "yes", "true", "off", None])
async def test_a_claim_is_true_or_false_and_nothing_like_it(visitor: Visitor, claim: object):
    problem_of(await visitor.post("feedback", {"seq": 1, "passage_id": "p", "helpful": claim}), 422)
    problem_of(await visitor.post("handover", {"name": "Ada", "share_earlier": claim}), 422)


async def test_control_characters_are_kept_as_typed_and_not_judged(visitor: Visitor, assistants: StandIn):
    typed = "ch\u0000est\u000bpain\u0085or so?\u0007\n\tYes"
    response = await visitor.say(typed)
    assert response.json()["message"]["text"] == typed
    assert assistants.asked[-1][0] == "chest pain or so?\n\tYes"
    assert response.json()["reply"]["outcome"] == "emergency"


async def test_a_receipt_code_that_is_nobodys(client: httpx.AsyncClient):
    problem_of(await client.get("/api/v1/receipts", headers={"Receipt-Code": CANARY}), 404)
    problem_of(await client.delete("/api/v1/receipts"), 400)


async def test_a_fault_of_our_own_is_a_problem_and_not_a_stack_trace(visitor: Visitor, assistants: StandIn):
    assistants.fault = RuntimeError(f"broken by {CANARY}")
    assert shows_the_way(problem_of(await visitor.say(CANARY), 500)["reply"])


async def test_a_store_in_trouble_is_told_at_once_and_promises_nothing(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(*_: object, **__: object) -> None:
        raise StorageUnavailable("locked")

    monkeypatch.setattr("server.storage.talks.conversations.Conversations.receive", refuse)
    response = await visitor.say(f"What about {CANARY}?")
    assert shows_the_way(problem_of(response, 503)["reply"])
    assert response.headers["retry-after"]
    monkeypatch.setattr("server.storage.talks.conversations.Conversations.find", refuse)
    urgent = problem_of(await visitor.say("I can't breathe"), 503)["reply"]
    assert urgent["outcome"] == "emergency" and urgent["message"].startswith("This may be an emergency. Call 911")
    assert "could not reach" in urgent["message"] and not urgent["handed_over"]


async def test_however_many_steps_a_request_takes_a_slow_database_is_waited_for_once(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    once = Database._once

    def slow(*arguments: Any) -> Any:
        time.sleep(0.4)
        return once(*arguments)

    monkeypatch.setattr("server.web.guards.patience.one_patience", partial(one_patience, 0.6))
    assert (await visitor.say("Hello")).status_code == 201
    monkeypatch.setattr(Database, "_once", slow)  # to hear 0.4 s, to store 0.4 s: the second is not waited for
    assert shows_the_way(problem_of(await visitor.say(f"Is it safe for my {CANARY}?"), 503)["reply"])
