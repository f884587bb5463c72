"""The queue searched and filtered, without scripts and by the header that the script sends."""

from __future__ import annotations

from html import unescape
from urllib.parse import urlencode

import httpx

from server.storage import Handover, Store
from tests.server.web.conftest import Visitor, begin
from tests.server.web.desk.conftest import SORE, Colleague, claimed, now, rows_of

COSTS = "What does it cost at your café?"


async def search(colleague: Colleague, **fields: str) -> str:
    response = await colleague.client.post("/desk/search", data=fields)
    assert response.status_code == 200 and not response.url.query
    return unescape(response.text)


async def test_the_queue_is_narrowed_by_reason_owner_age_and_words(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, client: httpx.AsyncClient, store: Store
):
    other = await begin(client)
    await other.say(COSTS)
    costs = await now(store, other)
    mine = await claimed(pat, store, visitor, handover)
    for fields, found in (
        ({}, {mine.handover_id, costs.handover_id}),
        ({"reason": "clinical"}, {mine.handover_id}),
        ({"owner": "none"}, {costs.handover_id}),
        ({"owner": "me"}, {mine.handover_id}),
        ({"age": "over-day"}, set()),
        ({"age": "hour", "words": "CAFÉ cost"}, {costs.handover_id}),
        ({"words": "knee cost"}, set()),
    ):
        assert set(rows_of(await search(pat, **fields))) == found, fields
    page = await search(pat, owner="me")
    assert "1 found. 1 other waits." in page and "<title>(1) The desk</title>" in page


async def test_no_search_hides_an_emergency_that_nobody_has(pat: Colleague, handover: Handover, visitor: Visitor):
    await visitor.say("I have chest pain")
    for fields in ({"words": "nothing like it"}, {"among": "closed"}, {"owner": "me", "reason": "human"}):
        assert set(rows_of(await search(pat, **fields))) == {handover.handover_id}, fields


async def test_what_was_closed_is_found_again_by_what_either_side_said_and_no_more_than_staff_may_read(
    pat: Colleague, visitor: Visitor, store: Store
):
    await visitor.say("What is a trigger point?")  # before it was handed over: not shared
    await visitor.say(SORE)
    mine = await claimed(pat, store, visitor, await now(store, visitor))
    await pat.write(mine, 'Please ask for Lee at the "front desk".')
    assert (await pat.post(await now(store, visitor), "close", closing="booked")).status_code == 303
    assert rows_of(await search(pat, words="knee")) == {}
    for words, is_found in (("", True), ("lee FRONT", True), ('"front', True), ("trigger", False), ("text", False)):
        rows = rows_of(await search(pat, among="closed", words=words))
        assert set(rows) == ({mine.handover_id} if is_found else set()), words
    [row] = rows_of(await search(pat, among="closed")).values()
    assert "Booked" in row and "Closed by Pat Cashen" in row
    asked = await pat.client.get(f"/desk/{mine.handover_id}", headers={"Desk-Search": urlencode({"among": "closed"})})
    assert mine.handover_id in rows_of(unescape(asked.text))
