"""The way back for a visitor who left: asking for a mail, the link's page, what was read, and a file to keep."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI

from server.core.handing.handover import Step
from server.settings import Settings
from server.storage import Store, Words
from server.storage.talks.returning import VisitorMail
from tests.server.storage.clinic import PAT
from tests.server.web.conftest import Visitor, begin
from tests.server.web.visitor.test_ask import ASK
from tests.server.web.visitor.test_pages import words

WALTER = "walter@quill.example"


@pytest.fixture
def settings() -> Settings:
    """A clinic whose mail leaves through a server that these tests never call."""
    return Settings(rate_limit="off", smtp_url="smtp://127.0.0.1:9", alert_to="pat@clinic.example")


@pytest.fixture
async def waiting(client: httpx.AsyncClient) -> Visitor:
    """A visitor whose question went to a person."""
    client.follow_redirects = True
    client.headers["Sec-Fetch-Site"] = "same-origin"
    visitor = await begin(client)
    assert (await visitor.say("Is it right for my knee?")).status_code == 201
    return visitor


async def link_of(store: Store, visitor: Visitor) -> str:
    """The path of a mail's link to this conversation."""
    mail = VisitorMail("kneecare", visitor.conversation_id, WALTER, "en", upto_seq=1, tries=1)
    return f"/return/{await store.returning.make_link(mail)}"


async def test_a_letter_may_ask_for_a_mail(store: Store, waiting: Visitor):
    letter = {"contact": f" {WALTER} ", "mail_me": True}
    assert (await waiting.post("handover", letter)).status_code == 201
    wish = await store.returning.wish_of(waiting.conversation_id)
    assert wish is not None and wish.address == WALTER


@pytest.mark.parametrize("contact", ["", "555 0100", "walter", "walter@quill", "a@b.example, c@d.example", "a b@c.de"])
async def test_a_mail_needs_one_address_to_go_to(store: Store, waiting: Visitor, contact: str):
    refused = await waiting.post("handover", {"contact": contact, "mail_me": True})
    assert refused.status_code == 422
    assert await store.returning.wish_of(waiting.conversation_id) is None
    assert (await waiting.post("handover", {"contact": contact})).status_code == 201


async def test_the_page_without_scripts_asks_for_it_and_says_what_is_wrong_beside_the_field(
    store: Store, client: httpx.AsyncClient, waiting: Visitor
):
    page = await client.post("/receipts/resume", data={"code": waiting.receipt})
    form = dict(re.findall(r'name="(key|stamp)" value="([^"]*)"', page.text)) | {"mail_me": "yes", "name": "Walter"}
    refused = await client.post(f"{ASK}/letter", data=form | {"contact": "555 0100"})
    assert refused.status_code == 422 and "Type an email address above" in refused.text
    assert 'value="Walter"' in refused.text and 'name="mail_me" value="yes" checked' in refused.text
    assert (await client.post(f"{ASK}/letter", data=form | {"contact": WALTER})).status_code == 200
    assert await store.returning.wish_of(waiting.conversation_id) is not None


async def test_it_is_offered_only_where_mail_can_leave(client: httpx.AsyncClient, waiting: Visitor, app: FastAPI):
    assert (await client.get("/api/v1/sites/kneecare")).json()["mail"].startswith("Email me a link")
    app.state.parts.channels.senders.clear()
    assert (await client.get("/api/v1/sites/kneecare")).json()["mail"] == ""
    page = await client.post("/receipts/resume", data={"code": waiting.receipt})
    assert 'name="contact"' in page.text and 'name="mail_me"' not in page.text


async def test_a_link_shows_nothing_of_the_chat_until_its_button_is_pressed(
    store: Store, client: httpx.AsyncClient, waiting: Visitor
):
    link = await link_of(store, waiting)
    for _ in range(2):  # a mail program looks first
        page = await client.get(link)
        assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
        assert "There is an answer in your chat" in page.text and "Is it right for my knee?" not in page.text
        assert 'href="tel:911"' in page.text and not client.cookies
    chat = await client.post(link)
    assert chat.url.path == ASK and "Is it right for my knee?" in chat.text
    key = re.search(r'name="key" value="([^"]*)"', chat.text)[1]  # type: ignore[index]
    assert "and in the morning?" in (await client.post(ASK, data={"text": "and in the morning?", "key": key})).text


async def test_a_link_that_is_over_says_so_and_leads_to_the_receipt(client: httpx.AsyncClient):
    client.headers["Sec-Fetch-Site"] = "same-origin"
    for answer in (await client.get("/return/none"), await client.post("/return/none")):
        assert answer.status_code == 410 and "This link no longer works" in answer.text and "/receipts" in answer.text


async def test_the_link_ends_the_mails(store: Store, client: httpx.AsyncClient, waiting: Visitor):
    await waiting.post("handover", {"contact": WALTER, "mail_me": True})
    page = await client.post(f"{await link_of(store, waiting)}/stop")
    assert "no more emails" in page.text and await store.returning.wish_of(waiting.conversation_id) is None


@pytest.mark.parametrize("door", ["", "/stop"])
async def test_another_sites_page_can_press_neither(store: Store, waiting: Visitor, door: str):
    link = await link_of(store, waiting)
    answer = await waiting.client.post(link + door, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


async def test_what_the_widget_or_the_page_showed_needs_no_mail(
    store: Store, client: httpx.AsyncClient, waiting: Visitor
):
    await waiting.post("handover", {"contact": WALTER, "mail_me": True})
    handover = await store.handovers.of_conversation(waiting.conversation_id)
    assert handover is not None
    await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    for number, sees in enumerate(("widget", "page")):
        last = (await store.conversations.get(waiting.conversation_id)).last_seq
        answer = Words("Call me at noon.")
        event = await store.conversations.write(waiting.conversation_id, PAT, answer, seen_seq=last, key=str(number))
        assert not await is_seen(store, waiting, event.seq)
        if sees == "widget":
            assert (await waiting.post("seen", {"seq": event.seq})).status_code == 204
        else:
            await client.post("/receipts/resume", data={"code": waiting.receipt})
        assert await is_seen(store, waiting, event.seq)


async def is_seen(store: Store, visitor: Visitor, seq: int) -> bool:
    from server.storage.database import schema

    table = schema.visitor_mail
    found = table.select().where(table.c.conversation_id == visitor.conversation_id)
    row = await store.database.read(lambda transaction: transaction.first(found))
    return row is not None and row.seen_seq >= seq


async def test_nobody_elses_token_says_what_was_seen(client: httpx.AsyncClient, waiting: Visitor):
    other = await begin(client)
    headers = {"Authorization": f"Bearer {other.token}"}
    assert (await client.post(f"{waiting.address}/seen", json={"seq": 1}, headers=headers)).status_code == 404


async def test_the_page_without_scripts_gives_the_chat_as_a_file(client: httpx.AsyncClient, waiting: Visitor):
    page = await client.post("/receipts/resume", data={"code": waiting.receipt})
    assert "Download it as text" in words(page.text)
    file = await client.post(f"{ASK}/download")
    assert (
        file.headers["content-disposition"].startswith("attachment") and "You:\nIs it right for my knee?" in file.text
    )
    client.cookies.clear()
    assert (await client.post(f"{ASK}/download")).url.path == ASK
