"""The admin's page: who sees it, and what it does."""

from __future__ import annotations

import re

import httpx
import pytest
from argon2 import PasswordHasher

from server.core.handing.alerts import NO_ONE
from server.core.handing.handover import Step
from server.storage import Role, Store

PASSWORD = "quiet orchard lamp"


@pytest.fixture(autouse=True)
async def staff(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "server.storage.people.passwords._hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    await store.staff.add("ada@kneecare.test", "Ada Obi", Role.ADMIN, PASSWORD)
    await store.staff.add("edith@kneecare.test", "Edith Moore", Role.EDITOR, PASSWORD)


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "password": password})


async def test_a_stranger_is_sent_to_sign_in_and_an_editor_finds_no_such_page(client: httpx.AsyncClient):
    assert (await client.get("/admin")).headers["location"].startswith("/sign-in")
    await sign_in(client, "edith@kneecare.test")
    assert (await client.get("/admin")).status_code == 404
    assert (await client.post("/admin/accounts", data={"email": "x@y.test", "name": "X"})).status_code == 404


async def test_an_admin_sees_accounts_sites_and_what_was_done(client: httpx.AsyncClient):
    await sign_in(client, "ada@kneecare.test")
    page = (await client.get("/admin")).text
    for words in ("Edith Moore", "edith@kneecare.test", "KneeCare Clinics", "account added"):
        assert words in page


async def test_a_new_account_gets_a_one_time_password_shown_once(client: httpx.AsyncClient, store: Store):
    await sign_in(client, "ada@kneecare.test")
    told = await client.post(
        "/admin/accounts", data={"email": "pat@kneecare.test", "name": "Pat Cashen", "role": "advocate"}
    )
    password = re.search(r"one-time password (\S+)\.", told.text)
    assert password and password[1] not in (await client.get("/admin")).text
    await client.post("/sign-out")
    assert (await sign_in(client, "pat@kneecare.test", password[1])).status_code == 303
    assert (await client.get("/desk")).headers["location"] == "/account/password"


@pytest.mark.parametrize("fields", [{"email": "nobody", "name": "N"}, {"email": "a@b.test", "name": " "}])
async def test_an_account_without_name_or_address_is_refused_in_words(client: httpx.AsyncClient, fields):
    await sign_in(client, "ada@kneecare.test")
    refused = await client.post("/admin/accounts", data=fields)
    assert refused.status_code == 422 and "are needed" in refused.text


async def test_the_on_call_number_is_kept_and_is_no_words(client: httpx.AsyncClient, store: Store):
    await sign_in(client, "ada@kneecare.test")
    done = await client.post("/admin/clinics/kneecare/on-call", data={"on_call": " +1 (555) 010-0 "})
    assert done.status_code == 303 and 'value="+1 (555) 010-0"' in (await client.get("/admin")).text
    refused = await client.post("/admin/clinics/kneecare/on-call", data={"on_call": "ask Pat"})
    assert refused.status_code == 422 and "“ask Pat” is no telephone number" in refused.text
    latest = await store.content.latest("kneecare", "site")
    assert latest is not None and latest.body["on_call"] == "+1 (555) 010-0"
    assert (await client.post("/admin/clinics/nowhere/on-call", data={"on_call": "1"})).status_code == 404
    assert "010-0" not in (await client.get("/api/v1/sites/kneecare")).text


async def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(
    client: httpx.AsyncClient, store: Store
):
    await sign_in(client, "ada@kneecare.test")
    look = {"accent": "#5B2A86", "radius": "0", "font": "Georgia, serif"}
    assert (await client.post("/admin/clinics/kneecare/look", data=look)).status_code == 303
    page = (await client.get("/admin")).text
    assert 'value="#5b2a86"' in page and 'value="Georgia, serif"' in page
    refused = await client.post("/admin/clinics/kneecare/look", data={**look, "accent": "#ffcc00"})
    assert refused.status_code == 422 and "The nearest that can be read is #806600." in refused.text
    for wrong in ({"accent": "red"}, {"radius": "round"}, {"radius": "99"}):
        refused = await client.post("/admin/clinics/kneecare/look", data={**look, **wrong})
        assert refused.status_code == 422 and "corners are 0 to 24" in refused.text
    latest = await store.content.latest("kneecare", "site")
    assert latest is not None and latest.body["look"]["accent"] == "#5b2a86"


async def test_a_drill_is_begun_and_how_it_went_is_shown(client: httpx.AsyncClient, store: Store):
    await sign_in(client, "ada@kneecare.test")
    assert "There has been no drill yet" in (await client.get("/admin")).text
    assert (await client.post("/admin/clinics/kneecare/drill")).status_code == 303
    assert "Nobody has taken it yet." in (await client.get("/admin")).text
    [row] = await store.handovers.inbox(["kneecare"])
    pat = await store.staff.add("pat@kneecare.test", "Pat Cashen", Role.ADVOCATE, PASSWORD)
    await store.handovers.step(row.handover_id, Step.CLAIM, version=row.version, user=pat)
    assert await store.drills.end(lambda _site: NO_ONE) == 1
    assert "A drill. Pat Cashen took it after 0 s. Nobody was in danger." in (await client.get("/admin")).text
    assert (await client.post("/admin/clinics/nowhere/drill")).status_code == 404
