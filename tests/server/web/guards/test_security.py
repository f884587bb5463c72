"""Who may read what from where: CORS, security headers, forms from other sites, metrics, and words in no log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from itertools import product

import httpx
import pytest

from server.settings import Settings
from server.storage import StorageUnavailable, Store
from server.web.app import create_app
from tests.server.web.conftest import CLINIC_ORIGIN, HERE, Visitor
from tests.server.web.stand_in import StandIn

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ASK = "/api/v1/sites/kneecare/ask"
OTHERS = [
    "null", "http://www.kneecare.example", f"{CLINIC_ORIGIN}:8443", f"{CLINIC_ORIGIN}.evil.example",
    "https://kneecare.example", "https://evilwww.kneecare.example", CLINIC_ORIGIN.upper(), f"{CLINIC_ORIGIN}/",
    "https://hipcare.example", "https://www.kneec\u0430re.example", "*", "https://", "file://",
    "https://www.kneecare.example@evil.example", "https://www.kneecare.example evil.example", "https://here.test",
    "http://here.test:8000", "http://127.0.0.1", "http://localhost", "chrome-extension://abc",
]  # fmt: skip


@pytest.mark.parametrize("origin", [CLINIC_ORIGIN, HERE])
async def test_the_sites_own_pages_may_call(client: httpx.AsyncClient, origin: str):
    preflight = await client.options(ASK, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    asked = await client.post(ASK, json={"text": "Hello"}, headers={"Origin": origin})
    assert preflight.status_code == 204
    assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]
    for response in (preflight, asked):
        assert response.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in response.headers
        assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", OTHERS)
async def test_other_pages_may_not(client: httpx.AsyncClient, origin: str):
    headers = {b"Origin": origin.encode()}
    preflight = await client.options(ASK, headers=headers | {b"Access-Control-Request-Method": b"POST"})
    asked = await client.post(ASK, json={"text": "Hello"}, headers=headers)
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in asked.headers


async def test_a_conversation_is_readable_from_its_own_sites_pages_alone(visitor: Visitor):
    path = f"{visitor.address}/handover"
    for origin, is_allowed in ((CLINIC_ORIGIN, True), ("https://hipcare.example", False)):
        headers = visitor.headers | {"Idempotency-Key": origin, "Origin": origin}
        response = await visitor.client.post(path, json={}, headers=headers)
        assert ("access-control-allow-origin" in response.headers) is is_allowed
    preflight = await visitor.client.options(path, headers={"Origin": CLINIC_ORIGIN})
    assert preflight.headers["access-control-allow-origin"] == CLINIC_ORIGIN


async def test_problems_are_readable_too(client: httpx.AsyncClient, assistants: StandIn):
    assistants.fault = RuntimeError("broken")
    for content, status in (("{", 400), ('{"text": "x"}', 500)):
        headers = {"Origin": CLINIC_ORIGIN, "Content-Type": "application/json"}
        response = await client.post(ASK, content=content, headers=headers)
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == CLINIC_ORIGIN


@pytest.mark.parametrize("path", ["/", "/sites/kneecare", "/sites/kneecare/ask", "/nothing", "/sites/nothing"])
async def test_every_page_forbids_what_it_does_not_need(client: httpx.AsyncClient, path: str):
    response = await client.get(path, headers={"Accept": "text/html"})
    policy = response.headers["content-security-policy"]
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert " style=" not in response.text and " onclick=" not in response.text
    for name in ("x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "permissions-policy"):
        assert response.headers[name]
    assert "server" not in response.headers


async def test_an_answer_is_data_and_kept_by_no_cache(visitor: Visitor):
    response = await visitor.say("Hello")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["cache-control"] == "no-store"


SAME_SITE = {("same-origin", origin) for origin in (None, HERE, "https://evil.example", "null")} | {
    ("none", origin) for origin in (None, HERE, "https://evil.example", "null")
} | {(None, None), (None, HERE)}  # fmt: skip


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    list(
        product((None, "same-origin", "none", "same-site", "cross-site"), (None, HERE, "https://evil.example", "null"))
    ),
)
async def test_a_form_is_taken_from_this_host_alone(
    client: httpx.AsyncClient, fetch_site: str | None, origin: str | None
):
    given = {"Sec-Fetch-Site": fetch_site, "Origin": origin}
    headers = {name: value for name, value in given.items() if value is not None}
    response = await client.post("/sites/kneecare/ask", data={"text": "Hello"}, headers=headers)
    assert response.status_code == (303 if (fetch_site, origin) in SAME_SITE else 403)


@pytest.mark.parametrize("path", ["/sites/kneecare/ask", "/sites/kneecare", "/", "/api/v1/sites/kneecare"])
async def test_reading_changes_nothing(client: httpx.AsyncClient, store: Store, path: str):
    response = await client.get(path)
    assert response.status_code == 200 and "set-cookie" not in response.headers
    assert (await store.handovers.today(["*"], since=LONG_AGO)).messages == 0


async def test_figures_are_for_this_machine_or_for_a_token(store: Store, assistants: StandIn):
    async def get(address: str, **headers: str) -> int:
        transport = httpx.ASGITransport(guarded, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return (await client.get("/metrics", headers=headers)).status_code

    guarded = create_app(Settings(metrics_token="secret"), store=store, assistants=assistants)
    async with guarded.router.lifespan_context(guarded):
        assert await get("127.0.0.1") == 200
        assert await get("::1") == 200
        assert await get("127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}) == 404
        assert await get("203.0.113.9") == 404
        assert await get("203.0.113.9", Authorization="Bearer wrong") == 404
        assert await get("203.0.113.9", Authorization="Bearer secret") == 200


async def test_figures_count_by_site_label_and_outcome(client: httpx.AsyncClient, visitor: Visitor):
    await visitor.say("What does it cost?", key="same")
    await visitor.say("What does it cost?", key="same")
    figures = (await client.get("/metrics")).text
    assert 'advocate_replies_total{label="out_of_kb",outcome="handover",site="kneecare"} 1.0' in figures


async def test_health_is_up_and_readiness_is_by_site(client: httpx.AsyncClient):
    assert (await client.get("/healthz")).json() == {"status": "up"}
    assert (await client.get("/readyz")).json()["sites"] == {"hipcare": False, "kneecare": True}
    assert (await client.get("/readyz")).status_code == 503


CANARY = "canaryword"


@pytest.mark.parametrize("door", ["message", "invalid", "broken", "page"])
async def test_a_visitors_words_are_in_no_log(
    visitor: Visitor, assistants: StandIn, caplog: pytest.LogCaptureFixture, door: str
):
    logging.disable(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    if door == "message":
        assert (await visitor.say(f"Is my {CANARY} safe?")).status_code == 201
    elif door == "invalid":
        assert (await visitor.say(CANARY * 500)).status_code == 422
    elif door == "broken":
        assistants.fault = RuntimeError(f"cannot judge {CANARY}")
        assert (await visitor.say(CANARY)).status_code == 500
        assert visitor.conversation_id in caplog.text and "RuntimeError" in caplog.text
    else:
        page = await visitor.client.post("/sites/kneecare/ask", data={"text": f"my {CANARY}"})
        assert page.status_code == 303 and CANARY not in page.headers["location"]
    metrics = (await visitor.client.get("/metrics")).text
    assert CANARY not in caplog.text and CANARY not in metrics


async def test_a_store_that_fails_is_told_to_load_balancers_and_counted(client: httpx.AsyncClient, store: Store):
    trouble = store.database.trouble
    trouble.failed("writing", StorageUnavailable("SQLITE_FULL"))
    told = await client.get("/readyz")
    assert (told.status_code, told.json()["store"]) == (503, "failing")
    figures = (await client.get("/metrics")).text
    assert "advocate_store_failures_total 1.0" in figures and "advocate_store_failing 1.0" in figures
    trouble.worked("writing")
    assert (await client.get("/readyz")).json()["store"] == "up"
    assert "advocate_store_failing 0.0" in (await client.get("/metrics")).text
