"""Every route of the app, knocked at by every role: what is open to whom is this table, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from pyotp import TOTP

from server.settings import Settings
from server.storage import Role, Store
from server.storage.people.factor import new_key
from server.web.app import create_app
from tests.server.web.conftest import HERE

PASSWORD = "quiet orchard lamp"
EVERYONE = frozenset({"nobody", "half", *Role})
STAFF = frozenset(Role)
# The first that matches decides. `half` gave a password, and owes the code of the second factor.
DOORS: tuple[tuple[str, str, frozenset[str]], ...] = (
    (r"GET|POST|DELETE", r"/api/v1/.*|/sites/.*|/receipts.*|/return/.*|/widget.*", EVERYONE),
    (r"GET", r"/|/healthz|/readyz|/metrics|/\.well-known/security\.txt", EVERYONE),
    (r"GET|POST", r"/sign-in(/.*)?|/sign-out|/reset/.*", EVERYONE),
    (r"GET|POST", r"/account/.*", STAFF),
    (r"GET|POST", r"/desk(/.*)?", frozenset({Role.ADVOCATE, Role.ADMIN})),
    (r"GET", r"/editor(/.*)?", frozenset({Role.EDITOR, Role.REVIEWER, Role.ADMIN})),
    (
        r"POST",
        r"/editor/[^/]+/publish/(approve|asking)|/editor/.*/try",
        frozenset({Role.EDITOR, Role.REVIEWER, Role.ADMIN}),
    ),
    (r"POST", r"/editor/.*", frozenset({Role.EDITOR, Role.ADMIN})),
    (r"GET|POST", r"/admin(/.*)?", frozenset({Role.ADMIN})),
)
IN_PATHS = {"handover_id": "a" * 32, "user_id": "0" * 32, "act": "shut"}


def knocks() -> list[tuple[str, str]]:
    """Every method and path of the app."""
    included = [one for one in create_app(Settings()).routes if hasattr(one, "effective_route_contexts")]
    routes = [route for one in included for route in one.effective_route_contexts()]
    return sorted({(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"})


def open_to(method: str, path: str) -> frozenset[str]:
    return next(who for methods, paths, who in DOORS if re.fullmatch(methods, method) and re.fullmatch(paths, path))


def address_for(who: str, method: str, path: str) -> str:
    """A path with something in its gaps. Only a reviewer is told at a real clinic that they change nothing."""
    site = "kneecare" if who == Role.REVIEWER and method == "POST" else "nowhere"
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda part: (IN_PATHS | {"site": site}).get(part[1], "x"), path)


@pytest.fixture
async def people(
    app: FastAPI, store: Store, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A browser for each role, for nobody, and for someone who owes a code."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("server.storage.people.passwords._hasher", quick)
    async with AsyncExitStack() as stack:
        browsers = {}
        for who in sorted(EVERYONE):
            browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE)
            browsers[str(who)] = await stack.enter_async_context(browser)
            if who == "nobody":
                continue
            role = Role.ADMIN if who == "half" else Role(who)
            user = await store.staff.add(f"{who}@kneecare.test", str(who), role, PASSWORD)
            if who == "half":
                key = new_key()
                assert await store.staff.keep_factor(user, key, TOTP(key).at(store.database.clock()), this="")
            signed_in = await browser.post("/sign-in", data={"email": user.email, "password": PASSWORD})
            assert signed_in.status_code == 303
        yield browsers


def is_shut(answer: httpx.Response) -> bool:
    """Whether nobody came in: sent to sign in, no such page, or not for this role."""
    if answer.status_code == 303:
        return answer.headers["location"].startswith("/sign-in")
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code == 403 or (is_problem and answer.json()["detail"] == "There is no such page.")


def test_the_table_knows_every_route():
    unknown = [
        (method, path)
        for method, path in knocks()
        if not any(re.fullmatch(methods, method) and re.fullmatch(paths, path) for methods, paths, _ in DOORS)
    ]
    assert not unknown and len(knocks()) > 80


async def test_every_route_is_open_to_the_roles_of_the_table_and_to_nobody_else(people: dict[str, httpx.AsyncClient]):
    wrong = []
    for method, path in knocks():
        allowed = open_to(method, path)
        if allowed == EVERYONE:
            continue  # visitors' doors have tests of their own; no role opens more there
        for who, browser in people.items():
            answer = await browser.request(method, address_for(who, method, path))
            if is_shut(answer) is (who in allowed):
                wrong.append(f"{who}: {method} {path} -> {answer.status_code} {answer.text[:80]}")
    assert not wrong


async def test_a_one_time_password_opens_nothing_but_the_page_that_changes_it(
    app: FastAPI, store: Store, client: httpx.AsyncClient, people: dict[str, httpx.AsyncClient]
):
    await store.staff.add("new@kneecare.test", "New", Role.ADMIN, PASSWORD, must_change=True)
    await client.post("/sign-in", data={"email": "new@kneecare.test", "password": PASSWORD})
    for path in ("/desk", "/editor", "/admin", "/account/sessions", "/account/second-factor"):
        assert (await client.get(path)).headers["location"] == "/account/password"
    assert (await client.get("/account/password")).status_code == 200
