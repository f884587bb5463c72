"""What an admin does for one person, what one does for oneself, and a forgotten password from the mailbox to the desk."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from html import unescape

import httpx
import pytest
import segno
from argon2 import PasswordHasher
from fastapi import FastAPI
from pyotp import TOTP

from server.channels import open_channels
from server.settings import Settings
from server.storage import Role, Store, User
from tests.server.channels.receivers import Mailbox, free_port, mail_server
from tests.server.web.conftest import HERE

PASSWORD = "quiet orchard lamp"
NEW = "green kettle on the hill"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("server.storage.people.passwords._hasher", quick)


@pytest.fixture
async def ada(client: httpx.AsyncClient, store: Store) -> User:
    """An administrator, signed in."""
    ada = await store.staff.add("ada@kneecare.test", "Ada Obi", Role.ADMIN, PASSWORD)
    await sign_in(client, ada.email)
    return ada


@pytest.fixture
async def pat(store: Store) -> User:
    return await store.staff.add("pat@kneecare.test", "Pat Cashen", Role.ADVOCATE, PASSWORD)


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "password": password})


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE)


async def act(client: httpx.AsyncClient, person: User, what: str, **form: str) -> httpx.Response:
    return await client.post(f"/admin/people/{person.user_id}/{what}", data=form)


# What an admin does


async def test_an_account_is_shut_and_opened_but_never_ones_own(
    client: httpx.AsyncClient, store: Store, ada: User, pat: User
):
    assert (await act(client, pat, "shut")).status_code == 303
    assert (await store.staff.get(pat.email)).is_disabled
    assert "Open it again" in (await client.get(f"/admin/people/{pat.user_id}")).text
    await act(client, pat, "open")
    assert not (await store.staff.get(pat.email)).is_disabled
    for what, form in (("shut", {}), ("role", {"role": "editor"})):
        refused = await act(client, ada, what, **form)
        assert refused.status_code == 409 and "their own account" in refused.text
    assert (await client.get("/admin")).status_code == 200


async def test_a_role_is_changed_and_the_person_signs_in_anew(
    client: httpx.AsyncClient, store: Store, app: FastAPI, ada, pat
):
    async with browser(app) as pats:
        await sign_in(pats, pat.email)
        await act(client, pat, "role", role="editor")
        assert (await pats.get("/editor")).status_code == 303
        assert (await sign_in(pats, pat.email)).headers["location"] == "/editor"


async def test_adding_somebody_who_is_there_leads_to_them(client: httpx.AsyncClient, ada: User, pat: User):
    again = await client.post("/admin/accounts", data={"email": "PAT@kneecare.test", "name": "Pat", "role": "editor"})
    assert again.status_code == 422 and "has an account already, as advocate" in again.text
    assert f'href="/admin/people/{pat.user_id}"' in again.text.split('role="alert"')[1].split("</div>")[0]


async def test_a_link_an_admin_makes_opens_the_account_once(
    client: httpx.AsyncClient, app: FastAPI, ada: User, pat: User
):
    link = re.search(r'value="(http[^"]+/reset/[^"]+)"', (await act(client, pat, "reset")).text)
    assert link and link[1] not in (await client.get(f"/admin/people/{pat.user_id}")).text
    async with browser(app) as pats:
        path = httpx.URL(link[1]).path
        for _ in range(2):  # mail programs look at links too
            page = await pats.get(path)
            assert page.status_code == 200 and pat.email in page.text and page.headers["cache-control"] == "no-store"
        short = await pats.post(path, data={"new": "short"})
        assert short.status_code == 422 and "8 to 200 characters" in short.text
        done = await pats.post(path, data={"new": NEW})
        assert done.headers["location"] == "/sign-in?done=password"
        assert "Your new password is set" in (await pats.get("/sign-in?done=password")).text
        over = await pats.post(path, data={"new": "yet another one"})
        assert over.status_code == 410 and "used already, or is too old" in over.text
        assert (await sign_in(pats, pat.email, NEW)).headers["location"] == "/desk"


async def test_an_admin_signs_somebody_out_everywhere(client: httpx.AsyncClient, app: FastAPI, ada: User, pat: User):
    async with browser(app) as pats:
        pats.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36"
        await sign_in(pats, pat.email)
        assert "Chrome on Windows" in (await client.get(f"/admin/people/{pat.user_id}")).text
        await act(client, pat, "sign-out")
        assert (await pats.get("/desk")).status_code == 303
    assert "Not signed in anywhere" in (await client.get(f"/admin/people/{pat.user_id}")).text


async def test_who_is_not_there_and_what_nobody_does_is_not_found(client: httpx.AsyncClient, ada: User, pat: User):
    assert (await client.get(f"/admin/people/{'0' * 32}")).status_code == 404
    assert (await act(client, pat, "delete")).status_code == 404


# A link by mail


async def test_whoever_forgot_gets_a_link_by_mail_and_a_stranger_learns_nothing(
    client: httpx.AsyncClient, app: FastAPI, settings: Settings, pat: User
):
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        mailing = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}", "alert_to": "desk@kneecare.test"})
        app.state.parts = replace(app.state.parts, channels=open_channels(mailing))
        assert 'href="/sign-in/forgotten"' in (await client.get("/sign-in")).text
        unknown = await client.post("/sign-in/forgotten", data={"email": "nobody@kneecare.test"})
        told = await client.post("/sign-in/forgotten", data={"email": " PAT@kneecare.test"})
        assert told.text == unknown.text and "Look into your mailbox" in told.text
        again = await client.post("/sign-in/forgotten", data={"email": pat.email})
        assert again.status_code == 200
        async with asyncio.timeout(20):
            while not box.messages:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
    assert box.recipients == [pat.email]  # once, however often it was asked for
    link = re.search(r"http\S+/reset/\S+", box.messages[0].get_content())
    assert link is not None
    await client.post(httpx.URL(link[0]).path, data={"new": NEW})
    assert (await sign_in(client, pat.email, NEW)).headers["location"] == "/desk"


async def test_where_no_mail_can_be_sent_none_is_promised(client: httpx.AsyncClient, pat: User):
    page = (await client.get("/sign-in")).text
    assert "/sign-in/forgotten" not in page and "An administrator of the clinic gives you one" in page
    assert (await client.get("/sign-in/forgotten")).status_code == 404
    assert (await client.post("/sign-in/forgotten", data={"email": pat.email})).status_code == 404


# One's own sessions


async def test_one_sees_where_one_is_signed_in_and_ends_it(client: httpx.AsyncClient, app: FastAPI, pat: User):
    client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    await sign_in(client, pat.email)
    async with browser(app) as other:
        await sign_in(other, pat.email)
        page = (await client.get("/account/sessions")).text
        assert "Firefox on Linux" in page and page.count("This one") == 1
        [session] = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
        await client.post("/account/sessions", data={"session": session})
        assert (await other.get("/desk")).status_code == 303
        await sign_in(other, pat.email)
        await client.post("/account/sessions")
        assert (await other.get("/desk")).status_code == 303
    assert (await client.get("/desk")).status_code == 200


# The second factor


async def set_up(client: httpx.AsyncClient) -> str:
    """Set a second factor as a person does; gives its key."""
    page = unescape((await client.get("/account/second-factor")).text)
    key = re.search(r'name="key" value="([A-Z2-7]{32})"', page)
    assert key and f"secret={key[1]}" in page
    done = await client.post("/account/second-factor", data={"key": key[1], "code": TOTP(key[1]).now()})
    assert done.status_code == 303
    return key[1]


async def test_with_a_second_factor_set_signing_in_asks_for_its_code(
    client: httpx.AsyncClient, store: Store, pat: User
):
    await sign_in(client, pat.email)
    key = await set_up(client)
    assert "Your second factor is set" in (await client.get("/account/second-factor")).text
    await client.post("/sign-out")
    half = await client.post("/sign-in", data={"email": pat.email, "password": PASSWORD, "next": "/account/sessions"})
    assert half.headers["location"] == "/sign-in/code?next=/account/sessions"
    assert (await client.get("/desk")).headers["location"].startswith("/sign-in")
    assert "six digits" in (await client.get("/sign-in/code")).text
    wrong = await client.post("/sign-in/code", data={"code": "000000"})
    assert wrong.status_code == 401 and "not the code the app shows" in wrong.text
    await asyncio.sleep(1.1)  # what a wrong one costs
    later = TOTP(key).at(int(TOTP(key).timecode(store.database.clock()) + 1) * 30)  # the one that set it up is used
    whole = await client.post("/sign-in/code", data={"code": later, "next": "/account/sessions"})
    assert whole.headers["location"] == "/account/sessions" and (await client.get("/desk")).status_code == 200


async def test_a_wrong_code_sets_nothing_and_the_same_key_stays(client: httpx.AsyncClient, store: Store, pat: User):
    await sign_in(client, pat.email)
    key = re.search(r'name="key" value="([A-Z2-7]{32})"', (await client.get("/account/second-factor")).text)
    assert key is not None
    wrong = await client.post("/account/second-factor", data={"key": key[1], "code": "000000"})
    assert wrong.status_code == 422 and key[1] in wrong.text
    odd = await client.post("/account/second-factor", data={"key": "not base32!", "code": "000000"})
    assert odd.status_code == 422
    assert not (await store.staff.get(pat.email)).has_factor


async def test_the_key_is_shown_as_a_square_for_the_camera_drawn_here(client: httpx.AsyncClient, pat: User):
    await sign_in(client, pat.email)
    page = unescape((await client.get("/account/second-factor")).text)
    address = re.search('href="(otpauth://totp/[^"]+)"', page)
    drawn = re.search(r'viewBox="0 0 (\d+) \1".*?fill="#fff"/><path d="([^"]+)" fill="#000"', page)
    assert address and drawn and "<img" not in page
    dark = {(int(x) - 4, int(y) - 4) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn[2])}
    matrix = segno.make(address[1], error="m", micro=False).matrix
    assert dark == {(x, y) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}
    assert int(drawn[1]) == len(matrix) + 8


async def test_an_admin_removes_a_lost_second_factor(client: httpx.AsyncClient, app: FastAPI, store: Store, ada, pat):
    async with browser(app) as pats:
        await sign_in(pats, pat.email)
        await set_up(pats)
        assert "Second factor: set" in (await client.get(f"/admin/people/{pat.user_id}")).text
        await act(client, pat, "drop-factor")
        assert (await sign_in(pats, pat.email)).headers["location"] == "/desk"


async def test_where_it_is_required_nobody_works_without(
    client: httpx.AsyncClient, app: FastAPI, settings: Settings, pat: User
):
    strict = settings.model_copy(update={"second_factor": "required"})
    app.state.parts = replace(app.state.parts, settings=strict)
    await sign_in(client, pat.email)
    assert (await client.get("/desk")).headers["location"] == "/account/second-factor"
    assert "asks everyone for a second factor" in (await client.get("/account/second-factor")).text
    await set_up(client)
    assert (await client.get("/desk")).status_code == 200
