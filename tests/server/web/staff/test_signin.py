"""Signing in and out: what a stranger learns, which cookies count, who gets through which door."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import APIRoute

from server.settings import Settings
from server.storage import Role, Store
from server.web.app import create_app
from server.web.desk import pages
from tests.server.web.conftest import HERE, Visitor
from tests.server.web.stand_in import PAGE, StandIn

PAT = "pat@kneecare.test"
PASSWORD = "quiet orchard lamp"
COOKIE = "advocate_session"
HTML = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
async def staff(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "server.storage.people.passwords._hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    for email, name, role, sites in (
        (PAT, "Pat Cashen", Role.ADVOCATE, ("kneecare",)),
        ("hip@hipcare.test", "Sam Lee", Role.ADVOCATE, ("hipcare",)),
        ("edith@kneecare.test", "Edith Moore", Role.EDITOR, ("*",)),
        ("rosa@kneecare.test", "Rosa Diaz", Role.REVIEWER, ("*",)),
        ("ada@kneecare.test", "Ada Obi", Role.ADMIN, ("*",)),
    ):
        await store.staff.add(email, name, role, PASSWORD, sites)


async def sign_in(
    client: httpx.AsyncClient, email: str = PAT, password: str = PASSWORD, **fields: Any
) -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "password": password, **fields})


async def test_pat_signs_in_and_stands_at_the_desk(client: httpx.AsyncClient):
    response = await sign_in(client)
    assert (response.status_code, response.headers["location"]) == (303, "/desk")
    assert "No one is waiting" in (await client.get("/desk")).text


async def test_a_wrong_password_and_an_unknown_account_read_the_same(client: httpx.AsyncClient):
    wrong = await sign_in(client, password="not this one")
    unknown = await sign_in(client, email="nobody@kneecare.test")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert wrong.text.replace(PAT, "") == unknown.text.replace("nobody@kneecare.test", "")
    assert "set-cookie" not in wrong.headers and "set-cookie" not in unknown.headers


async def test_a_guesser_waits_longer_each_time(client: httpx.AsyncClient):
    tried = [await sign_in(client, password=f"guess {number}") for number in range(6)]
    refused = next(response for response in tried if response.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert "Too many tries. Wait " in refused.text


async def test_a_flood_of_guesses_does_not_keep_pats_browser_out(client: httpx.AsyncClient, app: FastAPI):
    await sign_in(client)
    await client.post("/sign-out")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as stranger:
        guessed = [(await sign_in(stranger, password=f"guess {number}")).status_code for number in range(30)]
        assert guessed.count(429) > 20
        assert (await sign_in(stranger)).status_code == 429
    assert (await sign_in(client)).status_code == 303
    cookies = (await sign_in(client)).headers.get_list("set-cookie")
    assert ["advocate_browser=" in cookies[1], "HttpOnly" in cookies[1], "Max-Age=31536000" in cookies[1]] == [True] * 3


async def test_a_disabled_account_cannot_sign_in_and_its_session_ends(client: httpx.AsyncClient, store: Store):
    await sign_in(client)
    await store.staff.disable(PAT)
    assert (await client.get("/desk")).status_code == 303
    assert (await sign_in(client)).status_code == 401


# The cookie


async def test_the_cookie_is_for_this_browser_alone(client: httpx.AsyncClient):
    cookie = (await sign_in(client)).headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie and "domain" not in cookie


async def test_over_https_the_cookie_is_bound_to_the_host(app: FastAPI):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://here.test") as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
        assert cookie.startswith(f"__Host-{COOKIE}=") and "; Secure" in cookie
        assert (await client.get("/desk")).status_code == 200


async def test_behind_a_proxy_with_https_the_cookie_is_bound_too(store: Store, assistants: StandIn):
    app = create_app(Settings(public_url="https://chat.kneecare.test"), store=store, assistants=assistants)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client,
    ):
        assert (await sign_in(client)).headers["set-cookie"].startswith(f"__Host-{COOKIE}=")


async def test_a_token_a_client_brings_is_not_taken_over(client: httpx.AsyncClient, store: Store):
    chosen = "a-token-chosen-by-an-attacker"
    client.cookies.set(COOKIE, chosen)
    response = await sign_in(client)
    assert response.cookies[COOKIE] != chosen
    assert await store.staff.user_of(chosen) is None


async def test_signing_in_again_ends_the_session_before(client: httpx.AsyncClient, store: Store):
    before = (await sign_in(client)).cookies[COOKIE]
    after = (await sign_in(client)).cookies[COOKIE]
    assert await store.staff.user_of(before) is None
    assert await store.staff.user_of(after) is not None


async def test_signing_out_kills_the_session_not_only_the_cookie(client: httpx.AsyncClient):
    token = (await sign_in(client)).cookies[COOKIE]
    response = await client.post("/sign-out")
    assert response.headers["location"] == "/sign-in?done=signed-out"
    assert 'advocate_session=""' in response.headers["set-cookie"]
    client.cookies.set(COOKIE, token)
    assert (await client.get("/desk")).headers["location"].startswith("/sign-in")


async def test_signing_out_takes_a_post(client: httpx.AsyncClient):
    await sign_in(client)
    assert (await client.get("/sign-out")).status_code == 405
    assert (await client.get("/desk")).status_code == 200


# Forms of other sites


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/account/password", "/desk/here", f"/desk/{'a' * 32}/claim"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
    ],
)
async def test_a_form_from_another_site_is_refused(client: httpx.AsyncClient, path: str, headers: dict[str, str]):
    await sign_in(client)
    assert (await client.post(path, data={"version": "1"}, headers=headers)).status_code == 403
    assert (await client.get("/desk")).status_code == 200


# Where one goes after signing in


async def test_who_is_not_signed_in_comes_back_to_the_page_they_wanted(client: httpx.AsyncClient):
    wanted = f"/desk/{'a' * 32}?pane=context"
    refused = await client.get(wanted, headers=HTML)
    assert refused.status_code == 303
    target = urlsplit(refused.headers["location"])
    assert (target.path, parse_qs(target.query)["next"]) == ("/sign-in", [wanted])
    page = await client.get(refused.headers["location"])
    assert f'name="next" value="{wanted}"' in page.text
    assert (await sign_in(client, next=wanted)).headers["location"] == wanted


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test", "//evil.test/desk", "/\\evil.test", "https:/desk", "/desk@evil.test", "/desk\r\nX: y",
        "javascript:alert(1)", "/desk/../api", "/deskevil", "\t//evil.test", "/%2f/evil.test", "/desk//evil.test",
    ],
)  # fmt: skip
async def test_nobody_is_sent_elsewhere_by_signing_in(client: httpx.AsyncClient, elsewhere: str):
    assert (await sign_in(client, next=elsewhere)).headers["location"] == "/desk"


async def test_a_role_begins_at_its_own_door(client: httpx.AsyncClient):
    for email, home in (("edith", "/editor"), ("rosa", "/editor"), ("ada", "/desk")):
        response = await sign_in(client, email=f"{email}@kneecare.test", next="/desk" if home == "/desk" else "/desk/x")
        assert response.headers["location"] == home


async def test_who_is_signed_in_needs_no_sign_in_page(client: httpx.AsyncClient):
    await sign_in(client)
    assert (await client.get("/sign-in")).headers["location"] == "/desk"


# Who gets through the desk's doors: every route of it


def doors() -> list[tuple[str, str]]:
    routes = [route for route in pages.router.routes if isinstance(route, APIRoute)]
    return [(method, route.path) for route in routes for method in sorted(route.methods or ())]


FORM = {"version": "1", "closing": "answered", "text": "Hello", "seen_seq": "9", "key": "a" * 32}
FORM["passage"] = PAGE.passages[0].passage_id


@pytest.fixture
async def handover_id(visitor: Visitor, store: Store) -> str:
    await visitor.say("Is my knee all right?")
    return (await store.handovers.inbox(["kneecare"]))[0].handover_id


@pytest.mark.parametrize(("method", "path"), doors())
async def test_the_desk_is_for_advocates_of_the_clinic(
    client: httpx.AsyncClient, handover_id: str, method: str, path: str
):
    async def knock() -> httpx.Response:
        url = path.format(handover_id=handover_id)
        return await client.request(method, url, data=FORM if method == "POST" else None)

    nobody = await knock()
    assert nobody.status_code == 303 and nobody.headers["location"].startswith("/sign-in")
    for email in ("edith@kneecare.test", "rosa@kneecare.test"):
        await sign_in(client, email=email)
        assert (await knock()).status_code == 404
    await sign_in(client, email="hip@hipcare.test")
    wordless = path.endswith(("/here", "/present"))
    assert (await knock()).status_code == (404 if "{handover_id}" in path else 204 if wordless else 200)
    for email in (PAT, "ada@kneecare.test"):
        await sign_in(client, email=email)
        assert (await knock()).status_code in (200, 204, 303, 409)
        await client.post("/sign-out")
    assert (await knock()).headers["location"].startswith("/sign-in")


async def test_the_queue_shows_only_the_clinics_own(client: httpx.AsyncClient, handover_id: str):
    await sign_in(client, email="hip@hipcare.test")
    assert handover_id not in (await client.get("/desk")).text
    await sign_in(client)
    assert handover_id in (await client.get("/desk")).text


# One's own password


async def change(client: httpx.AsyncClient, current: str, new: str) -> httpx.Response:
    return await client.post("/account/password", data={"current": current, "new": new})


async def test_a_new_password_ends_every_other_session(client: httpx.AsyncClient, store: Store):
    elsewhere = await store.staff.sign_in(PAT, PASSWORD)
    await sign_in(client)
    response = await change(client, PASSWORD, "green kettle on the hill")
    assert (response.status_code, response.headers["location"]) == (303, "/desk")
    assert (await client.get("/desk")).status_code == 200
    assert elsewhere is not None and await store.staff.user_of(elsewhere.token) is None
    assert await store.staff.sign_in(PAT, "green kettle on the hill") is not None


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("not my password", "green kettle on the hill", "This is not your password"),
        (PASSWORD, "short", "8 to 200 characters"),
        (PASSWORD, PASSWORD, "Choose another"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_beside_its_field(
    client: httpx.AsyncClient, current: str, new: str, words: str
):
    await sign_in(client)
    response = await change(client, current, new)
    assert response.status_code == 422
    assert words in response.text and new not in response.text


async def test_a_one_time_password_opens_nothing_but_its_change(client: httpx.AsyncClient, store: Store):
    await store.staff.add("new@kneecare.test", "Noor New", Role.ADVOCATE, "one time only", must_change=True)
    await sign_in(client, email="new@kneecare.test", password="one time only")
    for path in ("/desk", "/desk/events"):
        assert (await client.get(path)).headers["location"] == "/account/password"
    assert "one-time password" in (await client.get("/account/password")).text
    await change(client, "one time only", "green kettle on the hill")
    assert (await client.get("/desk")).status_code == 200


# The pages themselves


@pytest.mark.parametrize("path", ["/sign-in", "/account/password", "/desk"])
async def test_staff_pages_are_neither_kept_nor_framed(client: httpx.AsyncClient, path: str):
    if path != "/sign-in":
        await sign_in(client)
    response = await client.get(path, headers=HTML)
    assert response.headers["cache-control"] == "no-store"
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert " style=" not in response.text and "<script>" not in response.text
