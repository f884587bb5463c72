"""The visitor's doors, each as the widget uses it."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from kb.pages import Page
from server.answers.admission import ROOM
from server.storage import Store
from tests.server.web.conftest import Visitor, begin
from tests.server.web.stand_in import PAGE, StandIn

QUESTION = "What is a trigger point?"
REPLY_KEYS = {"label", "outcome", "message", "handed_over", "note", "quotes", "suggestions", "build"}


async def test_asking_without_a_conversation_quotes_and_alerts_nobody(client: httpx.AsyncClient, store: Store):
    response = await client.post("/api/v1/sites/kneecare/ask", json={"text": QUESTION, "history": ["Hello"]})
    reply = response.json()
    assert response.status_code == 200
    assert reply.keys() == REPLY_KEYS
    assert reply["outcome"] == "quote" and reply["quotes"][0]["text"] in PAGE.text
    assert not reply["handed_over"]
    asked = await client.post("/api/v1/sites/kneecare/ask", json={"text": "What does it cost?"})
    assert asked.json()["outcome"] == "handover" and not asked.json()["handed_over"]
    assert await store.handovers.inbox(["*"]) == []


async def test_history_reaches_the_assistant_oldest_first(client: httpx.AsyncClient, assistants: StandIn):
    await client.post("/api/v1/sites/kneecare/ask", json={"text": "And that?", "history": ["one", "two"]})
    assert assistants.asked == [("And that?", ("one", "two"))]


async def test_a_message_is_stored_answered_and_quoted(visitor: Visitor):
    response = await visitor.say(QUESTION)
    body = response.json()
    assert response.status_code == 201
    assert body["message"] | {"at": ""} == {"seq": 1, "author": "visitor", "text": QUESTION, "at": ""}
    assert body["reply"].keys() == REPLY_KEYS  # no trace, whatever was recorded
    assert body["reply"]["outcome"] == "quote"


async def test_a_gated_message_is_in_the_inbox_before_it_is_answered(visitor: Visitor, store: Store):
    reply = (await visitor.say("Is it safe for my heart condition?")).json()["reply"]
    [row] = await store.handovers.inbox(["kneecare"])
    assert reply["label"] == "clinical" and reply["handed_over"]
    assert "I have passed your message on" in reply["message"]
    assert row.first_line == "Is it safe for my heart condition?"


async def test_earlier_messages_are_the_history_of_the_next(visitor: Visitor, assistants: StandIn):
    await visitor.say(QUESTION)
    await visitor.say("Hello again")
    assert assistants.asked[-1] == ("Hello again", (QUESTION,))


async def test_a_heading_just_offered_can_be_chosen_and_tried_again(visitor: Visitor):
    offered = (await visitor.say("What does it cost?")).json()["reply"]["suggestions"]
    first = await visitor.post("messages", {"choose": offered[0]["passage_id"]}, key="choice")
    again = await visitor.post("messages", {"choose": offered[0]["passage_id"]}, key="choice")
    assert first.status_code == 201
    assert first.json()["reply"]["quotes"][0]["passage_id"] == offered[0]["passage_id"]
    assert first.json()["message"]["text"] == offered[0]["heading"]
    assert again.content == first.content


async def test_a_passage_nobody_offered_cannot_be_chosen(visitor: Visitor):
    await visitor.say("What does it cost?")
    response = await visitor.post("messages", {"choose": PAGE.passages[-1].passage_id})
    assert response.status_code == 422
    assert response.json()["reply"]["outcome"] == "handover"


async def test_a_retry_gets_the_same_bytes_and_is_one_message(visitor: Visitor, store: Store):
    first = await visitor.say(QUESTION, key="once")
    retries = [await visitor.say(QUESTION, key="once") for _ in range(3)]
    assert {one.content for one in retries} == {first.content}
    assert {one.status_code for one in retries} == {201}
    assert len(await store.conversations.events(visitor.conversation_id)) == 2


async def test_a_key_used_for_another_message_is_refused(visitor: Visitor):
    await visitor.say(QUESTION, key="once")
    response = await visitor.say("Something else", key="once")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_person_can_be_asked_for_as_the_first_thing(visitor: Visitor, store: Store):
    response = await visitor.post("handover", {})
    assert response.status_code == 201
    assert response.json()["message"] is None
    assert response.json()["reply"]["label"] == "human" and response.json()["reply"]["handed_over"]
    assert len(await store.handovers.inbox(["kneecare"])) == 1


async def test_a_letter_completes_the_handover_and_a_filled_trap_only_sorts_it(visitor: Visitor, store: Store):
    await visitor.post("handover", {})
    letter = {"name": "Ada", "contact": "ada@example.org", "share_earlier": True, "website": "http://spam"}
    response = await visitor.post("handover", letter)
    handover = await store.handovers.of_conversation(visitor.conversation_id)
    assert response.status_code == 201
    assert handover is not None and handover.letter is not None
    assert (handover.letter.name, handover.letter.share_earlier, handover.suspected_spam) == ("Ada", True, True)


async def test_an_emergency_in_a_letter_is_answered_as_one_and_told_to_all(visitor: Visitor, store: Store):
    await visitor.post("handover", {})
    response = await visitor.post("handover", {"name": "Ada", "text": "I have chest pain right now"})
    [row] = await store.handovers.inbox(["kneecare"])
    assert response.json()["reply"]["outcome"] == "emergency"
    assert row.urgent and row.has_letter


async def test_feedback_is_kept_for_a_quote_that_was_sent(visitor: Visitor):
    quoted = (await visitor.say(QUESTION)).json()["reply"]["quotes"][0]["passage_id"]
    word = {"seq": 2, "passage_id": quoted, "helpful": True}
    assert (await visitor.post("feedback", word)).status_code == 204
    assert (await visitor.post("feedback", word | {"seq": 1})).status_code == 404


async def test_typing_is_accepted_and_stored_nowhere(visitor: Visitor, store: Store):
    for _ in range(3):
        assert (await visitor.post("typing", {})).status_code == 204
    assert await store.conversations.events(visitor.conversation_id) == []


async def test_a_receipt_reads_and_erases_the_conversation(visitor: Visitor):
    await visitor.say(QUESTION)
    code = {"Receipt-Code": visitor.receipt.lower().replace("-", " ")}
    read = await visitor.client.get("/api/v1/receipts", headers=code)
    assert [one["kind"] for one in read.json()["events"]] == ["message", "quote"]
    assert "canary-of-the-trace" not in read.text
    assert (await visitor.client.delete("/api/v1/receipts", headers=code)).status_code == 204
    after = (await visitor.client.get("/api/v1/receipts", headers=code)).json()["events"]
    assert [(one["kind"], one.get("reason")) for one in after] == [("reset", "erased")]
    assert (await visitor.say("Hello?")).status_code == 404


@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_widget_learns_all_it_shows_of_its_site(client: httpx.AsyncClient, language: str):
    body = (await client.get(f"/api/v1/sites/kneecare?lang={language}")).json()
    assert (body["clinic"], body["advocate"], body["phone"]) == ("KneeCare Clinics", "Pat Cashen", "")
    assert body["hours"] == [] and body["answer_by"] == ""  # the page gives none, so none is invented
    assert "911" in body["emergency"] and "988" in body["emergency"]
    assert len(body["starters"]) == 4
    assert not [text for text in body["texts"].values() if "{advocate}" in text or "{topic}" in text]


async def test_a_conversation_in_spanish_is_answered_in_spanish(client: httpx.AsyncClient):
    visitor = await begin(client, language="es")
    assert "Por supuesto" in (await visitor.post("handover", {})).json()["reply"]["message"]


async def test_the_assistant_is_silent_once_a_person_has_the_conversation(visitor: Visitor, store: Store):
    await visitor.post("handover", {})
    pat = await store.staff.add("pat@kneecare.example", "Pat Cashen", "advocate", "a long enough password")
    [row] = await store.handovers.inbox(["kneecare"])
    desk = visitor.client._transport.app.state.parts.desk  # type: ignore[attr-defined]
    await desk.claim(row.handover_id, version=row.version, user=pat)
    assert (await visitor.say(QUESTION)).json()["reply"] is None
    assert (await visitor.say("I can't breathe")).json()["reply"]["outcome"] == "emergency"


def test_the_stand_in_quotes_the_real_page():
    assert isinstance(PAGE, Page) and len(PAGE.passages) > 20


async def test_an_erasure_that_a_backup_holds_up_says_so_until_it_is_done(
    visitor: Visitor, store: Store, monkeypatch: pytest.MonkeyPatch
):
    async def in_the_way(*_: object) -> bool:
        return False

    code = {"Receipt-Code": visitor.receipt}
    await visitor.say("Is it safe for my heart?")
    with monkeypatch.context() as patched:
        patched.setattr("server.storage.talks.erasing.overwrite", in_the_way)
        erased = await visitor.client.delete("/api/v1/receipts", headers=code)
        assert (erased.status_code, erased.json()) == (202, {"status": "being erased"})
        assert (await visitor.client.get("/api/v1/receipts", headers=code)).json()["status"] == "being erased"
    await store.conversations.finish_erasing()
    assert (await visitor.client.get("/api/v1/receipts", headers=code)).json()["status"] == "waiting"
    assert (await visitor.client.delete("/api/v1/receipts", headers=code)).status_code == 204


async def test_past_what_can_be_done_a_message_is_refused_with_when_to_come_again_and_whom_to_call(
    visitor: Visitor, assistants: StandIn
):
    go_on = asyncio.Event()
    assistants.before_reply = go_on.wait
    waiting = [asyncio.create_task(visitor.say("Hello")) for _ in range(ROOM)]
    while len(assistants.asked) < ROOM:
        await asyncio.sleep(0.01)
    refused = await visitor.say(QUESTION, key="late")
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "2"
    assert "Too many messages" in refused.json()["detail"] and "911" in refused.json()["reply"]["message"]
    assert (await visitor.post("handover", {})).status_code == 201  # a person is asked for all the same
    go_on.set()
    assert {response.status_code for response in await asyncio.gather(*waiting)} == {201}
    assert (await visitor.say(QUESTION, key="late")).status_code == 201
