"""Saved replies over HTTP, without scripts: kept with an owner and a day, and put into a reply as the advocate's own words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import httpx
from fastapi import FastAPI

from server.core.handing.saved import SavedReply
from server.storage import Handover, Store
from tests.server.web.conftest import Visitor
from tests.server.web.desk.conftest import Colleague, arrive, claimed, hidden

REPLIES = "/desk/replies"
SOON = date.today() + timedelta(days=40)


async def keep(colleague: Colleague, title: str, text: str, **fields: str) -> httpx.Response:
    page = await read(colleague)
    owner = re.search(r'<option value="([0-9a-f]{32})" selected', page)
    assert owner
    form = {"title": title, "text": text, "owner": owner[1], "review_on": SOON.isoformat(), **fields}
    return await colleague.client.post(f"{REPLIES}/kneecare", data=form)


async def read(colleague: Colleague) -> str:
    return unescape((await colleague.client.get(REPLIES)).text)


async def test_a_reply_is_saved_with_its_owner_and_the_day_it_is_read_again(pat: Colleague, store: Store):
    assert (await keep(pat, "Ring back", "We will ring you back today.")).status_code == 303
    page = await read(pat)
    assert "We will ring you back today." in page and f"Pat Cashen reads it again by {SOON.day} {SOON:%B %Y}" in page
    assert "saved" in [one.action for one in await store.audits("kneecare")]
    again = await keep(pat, "ring back", "Twice.")
    assert again.status_code == 422 and "is a saved reply called" in unescape(again.text) and "Twice." in again.text


async def test_it_goes_into_the_reply_after_what_is_written_and_is_sent_as_the_advocates_own(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    await keep(pat, "Ring back", "We will ring you back today.")
    mine = await claimed(pat, store, visitor, handover)
    page = await pat.open(mine)
    saved = re.search(r'name="saved" value="([0-9a-f]{32})"', page)
    assert saved and "Ring back" in page
    filled = unescape((await pat.post(mine, "insert", text="Hello.", saved=saved[1])).text)
    assert "Hello.\n\nWe will ring you back today.</textarea>" in filled
    assert [event.body.get("name") for event in await store.conversations.events(visitor.conversation_id)].count(
        "Pat Cashen"
    ) == 1  # claimed: nothing was sent yet


async def test_one_past_its_review_says_so_and_a_new_day_mends_it(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    await keep(pat, "Ring back", "We will ring you back today.")
    latest = await store.content.latest("kneecare", "saved-replies")
    assert latest
    old = SavedReply.from_json({**latest.body[0], "review_on": "2020-01-31"})
    await store.content.save("kneecare", "saved-replies", [old.as_json()], author="test", reason="years pass")
    page = await read(sam)
    assert "1 past its review" in page and "Pat Cashen was to read it again by 31 January 2020" in page
    mine = await claimed(pat, store, visitor, handover)
    assert "Past its review" in await pat.open(mine)
    mended = await keep(sam, old.title, old.text, reply_id=old.reply_id, seen=old.digest)
    assert mended.status_code == 303 and "past its review" not in (await read(sam)).lower()
    late = await keep(pat, old.title, "Other words", reply_id=old.reply_id, seen=old.digest)
    assert late.status_code == 422 and "Somebody changed this saved reply meanwhile" in unescape(late.text)
    await store.staff.disable("sam@kneecare.test")
    assert "They no longer answer for this clinic" in await read(pat)


async def test_one_is_removed_and_is_out_of_reach_of_another_clinics_staff(pat: Colleague, app: FastAPI, store: Store):
    await keep(pat, "Ring back", "We will ring you back today.")
    page = await read(pat)
    form = {"reply_id": hidden(page, "reply_id"), "seen": hidden(page, "seen")}
    hip = await arrive(app, store, "Hip", sites=("hipcare",))
    assert "Ring back" not in await read(hip)
    assert (await hip.client.post(f"{REPLIES}/kneecare/remove", data=form)).status_code == 404
    assert (await hip.client.post(f"{REPLIES}/kneecare", data={"title": "Mine", "text": "Mine"})).status_code == 404
    assert (await pat.client.post(f"{REPLIES}/kneecare/remove", data=form)).status_code == 303
    assert "No reply is saved yet." in await read(pat)
