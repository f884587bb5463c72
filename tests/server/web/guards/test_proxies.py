"""Behind a proxy: whose address counts, whose word is believed, and that wrong settings are said."""

from __future__ import annotations

import logging

import httpx
import pytest
from fastapi import FastAPI

from server.front import examine_front
from server.settings import Settings, SettingsError, load_settings
from server.web.proxies import Wrong
from tests.server.web.conftest import HERE

HERE_ALONE, PROXY, STRANGER, VISITOR = "127.0.0.1", "10.0.0.5", "198.51.100.7", "203.0.113.9"
WELL = {"X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "https", "Host": "chat.clinic.example"}
FROM_A_PAGE = {"Origin": "https://www.clinic.example"}


@pytest.fixture
def settings() -> Settings:
    return Settings(trusted_proxies="10.0.0.0/24", public_url="https://chat.clinic.example")


def by(app: FastAPI, peer: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 1)), base_url=HERE)


async def seen(app: FastAPI, peer: str, **headers: str) -> tuple[str, str]:
    """The address and scheme that the server takes a request for."""
    async with by(app, peer) as client:
        told = (await client.get("/healthz?seen=1", headers=headers)).json()["seen"]
        return told["address"], told["scheme"]


async def test_a_named_proxy_is_believed_and_nobody_else(app: FastAPI):
    assert await seen(app, PROXY, **WELL) == (VISITOR, "https")
    assert await seen(app, PROXY, **WELL | {"X-Forwarded-For": f"1.2.3.4, {VISITOR}"}) == (VISITOR, "https")
    for peer in (HERE_ALONE, STRANGER):
        assert await seen(app, peer, **WELL) == (peer, "http")


async def test_visitors_behind_a_proxy_on_another_machine_have_limits_of_their_own(app: FastAPI):
    opening = "/api/v1/sites/kneecare/conversations"
    async with by(app, PROXY) as client:
        for number in range(24):
            headers = WELL | {"X-Forwarded-For": f"203.0.113.{number % 12}"}
            assert (await client.post(opening, headers=headers)).status_code == 201
        many = [await client.post(opening, headers=WELL) for _ in range(11)]
    assert [one.status_code for one in many] == [201] * 8 + [429] * 3  # two of them were the ninth of the twelve


async def test_a_proxy_on_another_machine_drops_nothing_from_the_cookie(app: FastAPI):
    async with by(app, PROXY) as client:
        answer = await client.post("/sites/kneecare/ask", data={"text": "Hello"}, headers=WELL)
    assert "; Secure" in answer.headers["set-cookie"]


async def figures(app: FastAPI, **headers: str) -> int:
    async with by(app, HERE_ALONE) as client:
        return (await client.get("/metrics", headers=headers)).status_code


async def test_figures_stay_here_also_behind_a_proxy_that_leaves_no_mark(app: FastAPI):
    assert await figures(app) == 200
    assert await figures(app, Host="chat.clinic.example") == 404
    async with by(app, HERE_ALONE) as client:
        await client.get("/widget.js", headers=FROM_A_PAGE)
    assert await figures(app) == 404  # from now on nobody can say who asks


async def test_figures_are_refused_to_the_http_of_a_bare_nginx(app: FastAPI):
    async def spoken_as_of_old(scope, receive, send):
        await app(scope | {"http_version": "1.0"}, receive, send)

    assert await figures(spoken_as_of_old) == 404  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "headers", "wrong"),
    [
        (PROXY, WELL, None),
        (HERE_ALONE, {}, None),
        (HERE_ALONE, {"Referer": f"{HERE}/desk"}, None),
        (STRANGER, {"X-Forwarded-For": "127.0.0.1"}, Wrong.UNTRUSTED),
        (HERE_ALONE, WELL, Wrong.UNTRUSTED),
        (HERE_ALONE, FROM_A_PAGE, Wrong.UNMARKED),
        (PROXY, {"Host": "chat.clinic.example"}, Wrong.UNMARKED),
        (PROXY, {"X-Real-IP": VISITOR}, Wrong.UNMARKED),
        (PROXY, {"X-Forwarded-For": VISITOR}, Wrong.NO_SCHEME),
        (
            PROXY,
            WELL
            | {"Host": "advocate:8000", "Sec-Fetch-Site": "same-origin", "Referer": "https://chat.clinic.example/desk"},
            Wrong.OTHER_HOST,
        ),
    ],
)
async def test_wrong_settings_of_a_proxy_are_said_in_the_log_once(
    app: FastAPI, caplog: pytest.LogCaptureFixture, peer: str, headers: dict[str, str], wrong: Wrong | None
):
    caplog.set_level(logging.WARNING)
    async with by(app, peer) as client:
        for _ in range(3):
            await client.get("/widget.js", headers=headers)
            await client.get("/healthz", headers={"Host": "10.0.0.9:8000"})  # a balancer looks whether it is up
    assert app.state.parts.proxies.wrong == ({wrong} if wrong else set())
    assert [peer in one.getMessage() for one in caplog.records] == ([True] if wrong else [])


@pytest.mark.parametrize("networks", ["*", "0.0.0.0/0", "::/0", "10.0.0.5/24", "proxy.clinic.example", "10.0.0.0/4"])
def test_a_proxy_is_an_address_or_a_network_of_ones_own(networks: str):
    with pytest.raises(SettingsError, match="ADVOCATE_TRUSTED_PROXIES: "):
        load_settings(trusted_proxies=networks)


async def test_the_doctor_calls_it_a_fault_when_no_proxy_is_trusted_and_there_must_be_one():
    [found] = await examine_front(Settings(public_url="https://chat.clinic.example"))
    assert found.is_fault and "ADVOCATE_TRUSTED_PROXIES" in str(found)
    [found] = await examine_front(Settings())
    assert not found.is_fault
    [found] = await examine_front(Settings(public_url="http://chat.clinic.invalid", trusted_proxies=PROXY))
    assert not found.is_fault and "did not answer" in str(found)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"X-Forwarded-For": "192.0.2.1"}, ["have the proxy overwrite it"]),
        ({"X-Forwarded-For": None}, ["all visitors count as 10.0.0.5"]),
        ({"X-Forwarded-Proto": None}, ["set X-Forwarded-Proto"]),
    ],
)
async def test_the_doctor_asks_at_the_public_address_how_it_is_seen(
    app: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str | None], told: list[str]
):
    async def proxy(scope, receive, send):
        set_to = {name: value for name, value in (WELL | changed).items() if value is not None}
        raw = [(name.lower().encode(), value.encode()) for name, value in set_to.items()]
        kept = [one for one in scope["headers"] if one[0] not in (b"x-forwarded-for", b"host")]
        await app(scope | {"headers": kept + raw, "client": (PROXY, 1), "scheme": "http"}, receive, send)

    client = httpx.AsyncClient
    monkeypatch.setattr(
        "server.front.httpx.AsyncClient", lambda **given: client(transport=httpx.ASGITransport(proxy), **given)
    )
    found = await examine_front(settings)
    assert [one.is_fault for one in found] == ([True] if told else [False])
    assert all(words in str(one) for words, one in zip(told, found, strict=False))
