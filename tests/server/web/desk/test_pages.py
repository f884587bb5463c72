"""The advocates' desk over HTTP: a real store, a stand-in for the assistants, and no script."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from kb.pages import Passage
from server.core.handing.alerts import NO_ONE
from server.core.handing.handover import Closing, Status
from server.settings import Settings
from server.storage import Handover, NoteKind, Store, User
from server.web.visitor.views import event_json
from tests.server.storage.clinic import read_only
from tests.server.web.conftest import Visitor, begin
from tests.server.web.desk.conftest import SORE, Colleague, claimed, hidden, now, rows_of
from tests.server.web.stand_in import PAGE, POLICY, StandIn

# The queue


async def test_a_handed_over_message_is_in_the_queue_as_typed(pat: Colleague, handover: Handover):
    page = unescape((await pat.client.get("/desk")).text)
    assert "<title>(1) The desk</title>" in page
    assert "Health question" in page and SORE in page and "just now" in page
    assert f'href="/desk/{handover.handover_id}"' in page


async def test_an_emergency_stands_above_whoever_waited_longer(
    pat: Colleague, handover: Handover, client: httpx.AsyncClient
):
    await (await begin(client)).say("I have chest pain")
    page = unescape((await pat.client.get("/desk")).text)
    assert page.index("I have chest pain") < page.index(SORE)
    assert 'class="queue-row urgent unread"' in page and "(1 urgent!) The desk" in page
    assert page.index(handover.handover_id) > page.index("Emergencies")


async def test_an_empty_queue_is_kind_and_knows_the_day(pat: Colleague, visitor: Visitor):
    await visitor.say("What is a trigger point?")
    page = (await pat.client.get("/desk")).text
    assert "No one is waiting." in page
    assert "<strong>1</strong> message</li>" in page and "<strong>1</strong> answered from our page" in page


async def test_who_asked_by_a_button_is_there_too(pat: Colleague, visitor: Visitor):
    await visitor.post("handover", {})
    page = (await pat.client.get("/desk")).text
    assert "Asked for a person" in page and "No message yet" in page


async def test_the_queue_says_who_has_a_conversation(pat: Colleague, sam: Colleague, handover: Handover):
    await sam.post(handover, "claim")
    page = (await pat.client.get("/desk")).text
    assert "With a colleague" in page and "With Sam Reed" in page and "<title>The desk</title>" in page


async def test_the_queue_names_each_visitor_says_whose_they_are_and_what_is_new(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    assert (row := rows_of(await sam.queue())[handover.handover_id]).startswith("New: Visitor ")
    assert "No one yet" in row and "Health question" in row and SORE in row
    await claimed(pat, store, visitor, handover)
    await pat.open(handover)
    await visitor.say("Are you there?")
    await visitor.post("handover", {"name": "Ann Lee", "contact": "", "text": ""})
    row = rows_of(await pat.queue())[handover.handover_id]
    assert row.startswith("New: Ann Lee") and "With you" in row and "Are you there?" in row
    await pat.open(handover)
    await pat.write(handover, "I am here.")
    row = rows_of(await pat.queue())[handover.handover_id]
    assert row.startswith("Ann Lee") and "Answered: I am here." in row


async def test_danger_stands_above_wait_and_what_somebody_has_below_what_nobody_has(
    pat: Colleague, sam: Colleague, client: httpx.AsyncClient, store: Store
):
    words = ["I have chest pain", "What does it cost?", SORE, "I can't breathe", "Is my spam ok?"]
    visitors = [await begin(client) for _ in words]
    for visitor, text in zip(visitors, words, strict=True):
        await visitor.say(text)
    await visitors[4].post("handover", {"name": "Bot", "contact": "", "text": "", "website": "http://spam"})
    await sam.post(await now(store, visitors[0]), "claim")
    page = await pat.queue()
    order = [words.index(one) for one in re.findall(r'class="first-line">\s*([^<]+?)\s*</span>', page)]
    assert order == [3, 2, 1, 0, 4]
    assert (
        "<title>(1 urgent!) The desk</title>" in page
        and "May be spam" in rows_of(page)[(await now(store, visitors[4])).handover_id]
    )


# A conversation


async def test_the_conversation_shows_what_the_visitor_read_and_why_it_came(pat: Colleague, handover: Handover):
    page = await pat.open(handover)
    assert SORE in page and "so a person needs to answer it" in page and "I have passed your message on" in page
    assert "It asks for a judgement about someone’s own health" in page
    assert "Claim and reply" in page and "Send</button>" not in page


async def test_earlier_turns_stay_hidden_until_the_visitor_shares_them(pat: Colleague, visitor: Visitor, store: Store):
    await visitor.say("What is a trigger point?")
    await visitor.say(SORE)
    handover = await now(store, visitor)
    page = await pat.open(handover)
    assert "Earlier messages are not shown" in page and "What is a trigger point?" not in page
    await visitor.post("handover", {"name": "Ann", "contact": "555 0100", "share_earlier": True, "text": ""})
    page = await pat.open(await now(store, visitor))
    assert "What is a trigger point?" in page and "From our page" in page and "Earlier messages" not in page
    assert "Ann" in page and "555 0100" in page and "wants a call back" in page


async def test_every_reading_of_a_conversation_is_audited(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    await pat.open(handover)
    last_seq = int(re.findall(r'data-seq="(\d+)"', await pat.open(handover))[0])
    reads = [one for one in await store.audits("kneecare") if one.action == "read"]
    assert [one.about for one in reads] == [visitor.conversation_id] * 2
    await pat.open(handover, after=last_seq)  # nothing new: nothing is read
    assert len([one for one in await store.audits("kneecare") if one.action == "read"]) == 2
    assert SORE not in json.dumps([dict(one.detail) for one in reads])


async def test_what_a_visitor_types_is_text_and_never_markup(pat: Colleague, visitor: Visitor, store: Store):
    payload = "is my <img src=x onerror=alert(1)> knee ok"
    await visitor.say(payload)
    await visitor.post("handover", {"name": "<script>alert(1)</script>", "contact": "'\"><b>", "text": payload})
    response = await pat.client.get(f"/desk/{(await now(store, visitor)).handover_id}")
    assert "<img src=x" not in response.text and "<script>alert" not in response.text and '"><b>' not in response.text


# Claiming


async def test_claiming_opens_the_composer_and_tells_the_visitor(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    response = await pat.post(handover, "claim")
    assert response.headers["location"] == f"/desk/{handover.handover_id}"
    page = await pat.open(handover)
    assert "Reply as Pat Cashen" in page and "Pat Cashen took the conversation" in page
    assert (await store.conversations.events(visitor.conversation_id))[-1].kind == "claimed"


async def test_of_two_who_claim_one_wins_and_the_other_is_told_who(pat: Colleague, sam: Colleague, handover: Handover):
    responses = await asyncio.gather(pat.post(handover, "claim"), sam.post(handover, "claim"))
    assert sorted(response.status_code for response in responses) == [303, 409]
    loser = next(response for response in responses if response.status_code == 409)
    winner = "Sam Reed" if loser is responses[0] else "Pat Cashen"
    assert f"{winner} took this conversation just before you." in loser.text
    assert "Send</button>" not in loser.text


async def test_after_a_claim_the_assistant_says_nothing_but_an_emergency_card(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    await visitor.say("What is a trigger point?")
    await visitor.say("I have chest pain")
    page = await pat.open(handover)
    assert "From our page</span>" not in page.split('id="context"')[0]
    assert "Emergency card, shown to the visitor" in page and 'class="queue-row urgent mine' in page


# Writing


async def test_the_visitor_reads_what_pat_writes(pat: Colleague, handover: Handover, visitor: Visitor, store: Store):
    handover = await claimed(pat, store, visitor, handover)
    assert (await pat.write(handover, "I am asking\r\na clinician now.")).status_code == 303
    event = (await store.conversations.events(visitor.conversation_id))[-1]
    assert event.body == {"name": "Pat Cashen", "text": "I am asking\na clinician now."}
    assert "I am asking\na clinician now." in await pat.open(handover)


async def test_a_reply_written_before_the_visitors_last_word_is_not_sent_blindly(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    seen = int(hidden(await pat.open(handover), "seen_seq"))
    await visitor.say("It is much worse now")
    response = await pat.write(handover, "You can wait until Monday.", seen=seen)
    page = unescape(response.text)
    assert response.status_code == 409
    assert "Not sent yet: 1 new message came in while you wrote." in page
    assert '<span class="tag bare warning">New</span>' in page and "It is much worse now" in page
    assert "You can wait until Monday.</textarea>" in page
    assert hidden(page, "seen_seq") != str(seen)
    assert (await store.conversations.events(visitor.conversation_id))[-1].author == "visitor"


async def test_a_form_sent_twice_is_one_message(pat: Colleague, handover: Handover, visitor: Visitor, store: Store):
    handover = await claimed(pat, store, visitor, handover)
    page = await pat.open(handover)
    fields = {"text": "Once.", "seen_seq": hidden(page, "seen_seq"), "key": hidden(page, "key")}
    for _ in range(2):
        assert (await pat.post(handover, "messages", **fields)).status_code == 303
    texts = [event.body.get("text") for event in await store.conversations.events(visitor.conversation_id)]
    assert texts.count("Once.") == 1


@pytest.mark.parametrize("text", ["", "  \r\n ", "x" * 4001])
async def test_nothing_and_too_much_are_not_sent_and_the_draft_stays(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store, text: str
):
    handover = await claimed(pat, store, visitor, handover)
    response = await pat.write(handover, text)
    assert response.status_code == 422
    assert "A message has 1 to 4,000 characters" in response.text
    assert (text.replace("\r\n", "\n") + "</textarea>") in response.text


async def test_only_who_claimed_it_writes(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    response = await sam.post(handover, "messages", text="Me too", seen_seq=99, key="a" * 32)
    assert response.status_code == 409 and "no longer yours" in response.text
    assert (await store.conversations.events(visitor.conversation_id))[-1].kind == "claimed"


# Quotes: a part of their own, beside the advocate's words

TRIGGER_POINT = next(one for one in PAGE.passages if "A trigger point is" in PAGE.text_of(one))
RISKY = next(one for one in PAGE.passages if one.needs_note)


async def quoting(pat: Colleague, handover: Handover, *passages: Passage, text: str = "") -> dict[str, object]:
    """The form of a reply as it stands after these passages were picked."""
    fields: dict[str, object] = {"text": text}
    for one in passages:
        page = (await pat.post(handover, "insert", passage=one.passage_id, **fields)).text
        fields["quote"] = re.findall(r'name="quote" value="([^"]*)"', page)
    page = await pat.open(handover)
    return fields | {"seen_seq": hidden(page, "seen_seq"), "key": hidden(page, "key")}


async def test_a_quote_is_its_own_part_of_a_message_with_its_passage_build_and_bytes(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    fields = await quoting(pat, handover, TRIGGER_POINT, text="As our page says:")
    assert (await pat.post(handover, "messages", **fields)).status_code == 303
    event = (await store.conversations.events(visitor.conversation_id))[-1]
    assert event.body == {"name": "Pat Cashen", "text": "As our page says:"} and event.reply is not None
    [quote] = event.reply.quotes
    assert (quote.text, quote.passage_id) == (PAGE.text_of(TRIGGER_POINT), TRIGGER_POINT.passage_id)
    assert event.reply.build and not event.reply.handed_over
    page = await pat.open(handover)
    assert quote.source.link in page and 'class="picked" data-state=""' in page


async def test_a_quote_about_risks_takes_the_standing_note_along(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    await pat.post(handover, "messages", **await quoting(pat, handover, TRIGGER_POINT, RISKY))
    event = (await store.conversations.events(visitor.conversation_id))[-1]
    assert event.reply is not None and event.reply.note == POLICY.replies.standing_note.en
    assert len(event.reply.quotes) == 2


async def test_a_passage_that_changed_since_it_was_picked_is_not_sent(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    fields = await quoting(pat, handover, TRIGGER_POINT, text="Here:")
    response = await pat.post(handover, "messages", **fields | {"quote": f"{TRIGGER_POINT.passage_id}:{'0' * 64}"})
    assert (
        response.status_code == 409 and "changed on the page" in response.text and "Here:</textarea>" in response.text
    )
    assert (await store.conversations.events(visitor.conversation_id))[-1].kind == "claimed"


async def test_a_third_passage_and_one_taken_out_stay_out(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    fields = await quoting(pat, handover, *PAGE.passages[:2])
    page = unescape((await pat.post(handover, "insert", passage=PAGE.passages[2].passage_id, **fields)).text)
    assert "quotes at most 2 passages" in page and page.count('name="quote"') == 2
    page = (await pat.post(handover, "insert", remove=PAGE.passages[0].passage_id, **fields)).text
    assert re.findall(r'name="quote" value="([^":]*)', page) == [PAGE.passages[1].passage_id]


@pytest.mark.parametrize("door", ["events", "ask", "receipt"])
async def test_typed_words_never_look_like_a_citation(
    pat: Colleague, handover: Handover, visitor: Visitor, client: httpx.AsyncClient, store: Store, door: str
):
    """What a visitor reads of a typed “quote” (From our page: Cost): words of Pat's, no clipping, no link."""
    handover = await claimed(pat, store, visitor, handover)
    await pat.write(handover, "“We offer free treatment to all.” (From our page: Cost)")
    match door:
        case "events":
            last = (await store.conversations.events(visitor.conversation_id))[-1]
            assert "reply" not in event_json(last) and event_json(last)["name"] == "Pat Cashen"
        case "receipt":
            told = await client.get("/api/v1/receipts", headers={"Receipt-Code": visitor.receipt})
            assert "reply" not in told.json()["events"][-1]
        case "ask":
            ticket = f"{visitor.conversation_id}.{visitor.token}.{visitor.receipt}"
            page = (await client.get("/sites/kneecare/ask", headers={"Cookie": f"advocate_chat={ticket}"})).text
            assert "free treatment" in page and 'class="quote"' not in page.rpartition("Pat Cashen")[2]


async def test_the_page_without_scripts_shows_what_an_advocate_quotes_as_a_clipping(
    pat: Colleague, handover: Handover, visitor: Visitor, client: httpx.AsyncClient, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    await pat.post(handover, "messages", **await quoting(pat, handover, RISKY, text="From Pat:"))
    ticket = f"{visitor.conversation_id}.{visitor.token}.{visitor.receipt}"
    page = unescape((await client.get("/sites/kneecare/ask", headers={"Cookie": f"advocate_chat={ticket}"})).text)
    said = page.rpartition('<div class="person">')[2]
    assert 'class="quote-source"' in said and POLICY.replies.standing_note.en in said and "Read it on the page" in said
    assert "Was this what you needed?" not in said


# Steps


async def test_a_conversation_is_given_to_a_colleague_with_a_note_that_they_read(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    page = await pat.open(handover)
    _, _, colleagues = page.partition('id="transfer-to"')
    [(user_id, name)] = re.findall(r'<option value="([0-9a-f]{32})">([^<]*)', colleagues.partition("</select>")[0])
    assert name == "Sam Reed"
    refused = await pat.post(handover, "transfer", to=user_id, why="")
    assert refused.status_code == 409 and "write in a few words why" in unescape(refused.text)
    assert (await pat.post(handover, "transfer", to=user_id, why="She asked for you.")).status_code == 303
    page = await sam.open(handover)
    assert "Reply as Sam Reed" in page and "Pat Cashen gave it to Sam Reed" in page and "She asked for you." in page
    assert "Pat Cashen gave the conversation to Sam Reed" in page
    assert "Sam Reed is answering this conversation." in await pat.open(handover)


async def test_whoever_is_not_at_the_desk_is_given_nothing(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    await store.staff.disable("sam@kneecare.test")
    sams = next(user for user in await store.staff.users() if user.name == "Sam Reed").user_id
    assert "No colleague is at the desk now." in await pat.open(handover)
    refused = await pat.post(handover, "transfer", to=sams, why="Yours")
    assert refused.status_code == 422 and "choose a colleague who is at the desk" in refused.text


async def test_a_colleague_sees_that_whoever_has_it_is_away_and_takes_it_over_with_a_reason(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    assert "Pat Cashen is answering this conversation." in await sam.open(handover)
    await pat.client.post("/sign-out")
    page = await sam.open(handover)
    assert "Pat Cashen has this conversation, but is not at the desk now." in page and "With Pat Cashen, away" in page
    assert (await sam.post(handover, "take-over", why=" ")).status_code == 409
    assert (await sam.post(handover, "take-over", why="Pat went home.")).status_code == 303
    page = await sam.open(handover)
    assert "Sam Reed took the conversation over from Pat Cashen" in page and "Pat went home." in page
    assert "Reply as Sam Reed" in page


async def visitors_doors(visitor: Visitor, store: Store) -> str:
    """Everything a visitor can be sent of their conversation, through every door."""
    ticket = f"{visitor.conversation_id}.{visitor.token}.{visitor.receipt}"
    page = await visitor.client.get("/sites/kneecare/ask", headers={"Cookie": f"advocate_chat={ticket}"})
    receipt = await visitor.client.get("/api/v1/receipts", headers={"Receipt-Code": visitor.receipt})
    events = [event_json(one) for one in await store.conversations.events(visitor.conversation_id)]
    return unescape(page.text) + json.dumps([receipt.json(), events], ensure_ascii=False)


async def test_no_note_can_be_sent_to_a_visitor_by_any_door(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    """A note of each kind is left; no door of the visitor's holds a word of any. No event's body has room for one."""
    handover = await claimed(pat, store, visitor, handover)
    await pat.post(handover, "notes", note="canary-note")
    sams = next(user for user in await store.staff.users() if user.name == "Sam Reed").user_id
    await pat.post(handover, "transfer", to=sams, why="canary-transfer")
    await pat.post(await now(store, visitor), "take-over", why="canary-take-over")
    await visitor.say("Hello?")
    notes = await store.notes.of_conversation(visitor.conversation_id)
    assert sorted(one.kind for one in notes) == sorted(NoteKind)
    assert "canary" not in await visitors_doors(visitor, store)
    page = await sam.open(handover)
    assert all(one.text in page for one in notes)
    log = page.split('id="log"')[1].split("</ol>")[0]
    assert "canary" not in log and "canary" not in f"{await store.audits('kneecare')}"


async def test_an_empty_note_is_not_kept(pat: Colleague, handover: Handover):
    refused = await pat.post(handover, "notes", note="  ")
    assert refused.status_code == 422 and "No note was kept" in refused.text


async def test_a_released_conversation_waits_again_in_its_place(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    assert (await pat.post(handover, "release")).status_code == 303
    assert "Given back to the queue" in await pat.open(handover)
    assert "Claim and reply" in await sam.open(handover)


async def test_given_back_the_assistant_answers_again(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    assert (await pat.post(handover, "give-back")).status_code == 303
    assert "Given back to the assistant" in await pat.open(handover)
    assert (await visitor.say("What is a trigger point?")).json()["reply"]["outcome"] == "quote"


async def test_a_call_back_can_be_arranged_and_claimed(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    assert (await pat.post(handover, "call-back")).status_code == 303
    assert (await now(store, visitor)).status is Status.CALL_BACK
    assert "Call back" in (await pat.client.get("/desk")).text
    await claimed(pat, store, visitor, await now(store, visitor))


@pytest.mark.parametrize("closing", list(Closing))
async def test_closing_says_how_it_ended(
    pat: Colleague, handover: Handover, visitor: Visitor, store: Store, closing: Closing
):
    handover = await claimed(pat, store, visitor, handover)
    assert f'value="{closing}"' in await pat.open(handover)
    at = f"{datetime.now(ZoneInfo('America/Chicago')):%H:%M}"
    assert (await pat.post(handover, "close", closing=str(closing), advised=at)).status_code == 303
    ended = await now(store, visitor)
    assert (ended.status, ended.closing) == (Status.CLOSED, closing)
    page = await pat.open(handover)
    assert "Conversation closed" in page and "Send</button>" not in page
    assert "No one is waiting" in (await pat.client.get("/desk")).text


async def test_without_an_outcome_nothing_closes(pat: Colleague, handover: Handover, visitor: Visitor, store: Store):
    handover = await claimed(pat, store, visitor, handover)
    response = await pat.post(handover, "close")
    assert response.status_code == 422 and "Choose what it was" in response.text
    assert (await now(store, visitor)).status is Status.CLAIMED


async def test_an_old_page_changes_nothing_and_says_how_it_stands(
    pat: Colleague, sam: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    old = await claimed(pat, store, visitor, handover)
    await pat.post(old, "close", closing="answered")
    response = await sam.post(handover, "claim")
    assert response.status_code == 409 and "meanwhile this conversation was closed" in response.text


async def test_a_conversation_that_is_not_there_is_said_so(pat: Colleague):
    response = await pat.client.get(f"/desk/{'0' * 32}", headers={"Accept": "text/html"})
    assert response.status_code == 404 and "Go back to the queue" in response.text


# An emergency


async def emergency(client: httpx.AsyncClient, store: Store) -> tuple[Visitor, Handover]:
    visitor = await begin(client)
    await visitor.say("I have chest pain")
    return visitor, await now(store, visitor)


async def test_an_emergency_shows_what_to_do_with_the_on_call_number(
    pat: Colleague, client: httpx.AsyncClient, assistants: StandIn, store: Store
):
    _, handover = await emergency(client, store)
    page = await pat.open(handover)
    assert "What to do now" in page and "no on-call number" in page and "Take it now" in page
    knees = assistants.sites["kneecare"]
    assistants.sites["kneecare"] = knees.model_copy(update={"on_call": "+1 555 0100"})
    await pat.post(handover, "claim")
    page = await pat.open(handover)
    assert "call the clinician on call, +1 555 0100" in page and 'href="tel:+1 555 0100"' in page
    assert "Take it now" not in page and "Send “Call 911 now”</button>" in page


async def test_the_script_is_sent_word_for_word_whatever_was_written_meanwhile(
    pat: Colleague, client: httpx.AsyncClient, store: Store
):
    visitor, handover = await emergency(client, store)
    await pat.post(handover, "claim")
    playbook = (await pat.open(handover)).split("playbook")[1].split("</section>")[0]
    form = {name: hidden(playbook, name) for name in ("text", "seen_seq", "key")}
    await visitor.say("please hurry")
    for _ in range(2):  # pressed twice it is sent once
        assert (await pat.post(handover, "messages", **form)).status_code == 303
    said = [
        one.body["text"]
        for one in await store.conversations.events(visitor.conversation_id)
        if one.author == "advocate"
    ]
    assert said == [POLICY.replies.emergency.en]


async def test_an_emergency_is_closed_with_the_time_of_the_advice(
    pat: Colleague, client: httpx.AsyncClient, store: Store
):
    visitor, handover = await emergency(client, store)
    await pat.post(handover, "claim")
    handover = await now(store, visitor)
    for advised in ("", "soon"):
        refused = await pat.post(handover, "close", closing="emergency advised", advised=advised)
        assert refused.status_code == 422 and "at what time you advised emergency care" in refused.text
    at = datetime.now(ZoneInfo("America/Chicago"))
    early = await pat.post(handover, "close", closing="emergency advised", advised=f"{at - timedelta(hours=2):%H:%M}")
    assert early.status_code == 422 and "before they wrote" in early.text
    assert (await pat.post(handover, "close", closing="emergency advised", advised=f"{at:%H:%M}")).status_code == 303
    closed = await now(store, visitor)
    assert closed.advised_at is not None and abs(closed.advised_at - datetime.now(UTC)) < timedelta(minutes=2)
    assert "Closed: emergency care advised, " in await pat.open(handover)


async def test_an_answer_marked_wrong_is_corrected_for_the_visitor_and_proposed_to_the_editor(
    pat: Colleague, visitor: Visitor, store: Store
):
    await visitor.say(SORE)
    await visitor.say("What is a trigger point?")
    handover = await now(store, visitor)
    page = await pat.open(handover)
    seq = re.findall(r'name="seq" value="(\d+)"', page)
    assert page.count("Mark as wrong") == 1
    assert (await pat.post(handover, "wrong", seq=seq[0])).status_code == 303
    assert "Correction, shown to the visitor" in await pat.open(handover)
    told = await visitors_doors(visitor, store)
    assert told.count("The answer to “What is a trigger point?” was not right for it.") == 3
    [proposal] = await store.corrections.proposed("kneecare")
    assert proposal.text == "What is a trigger point?" and proposal.shown == (PAGE.text_of(TRIGGER_POINT),)
    refused = await pat.post(handover, "wrong", seq=2)
    assert refused.status_code == 409 and "Only an answer" in refused.text


# News


@asynccontextmanager
async def listening(url: str, path: str, **options: Any) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream of a real server."""
    async with (
        httpx.AsyncClient(base_url=url, timeout=10, cookies=options.get("cookies")) as client,
        client.stream("GET", path, headers={"Accept": "text/event-stream"} | options.get("headers", {})) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield stream.aiter_lines()


async def test_the_stream_tells_of_a_new_handover_without_its_words(served: str, pat: Colleague, visitor: Visitor):
    told = []
    async with listening(served, "/desk/events", cookies=dict(pat.client.cookies)) as lines:
        async for line in lines:
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
                if len(told) == 2:
                    break
                await visitor.say(SORE)
    before, after = told
    assert (before["waiting"], after["waiting"], after["alerts"]) == (0, 1, 1)
    assert before["queue"] != after["queue"]
    assert "knee" not in json.dumps(after)


async def test_a_page_fetched_again_because_of_news_is_no_activity_of_whoever_has_it_open(
    pat: Colleague, handover: Handover, store: Store, monkeypatch: pytest.MonkeyPatch
):
    """Else a visitor's every "hello?" would keep an empty chair's claim alive."""
    touched: list[bool] = []
    user_of = store.staff.user_of

    async def seen(token: str, *, touch: bool = True) -> User | None:
        touched.append(touch)
        return await user_of(token, touch=touch)

    monkeypatch.setattr(store.staff, "user_of", seen)
    await pat.open(handover, news=1)
    await pat.open(handover)
    assert touched == [False, True]


async def test_the_stream_ends_when_the_person_is_signed_out_elsewhere(served: str, pat: Colleague, store: Store):
    heard: list[str] = []
    async with listening(served, "/desk/events", cookies=dict(pat.client.cookies)) as lines:
        async for line in lines:
            if not heard:
                await store.staff.disable("pat@kneecare.test")
            heard.append(line)
    assert "event: signed-out" in heard


async def test_a_browser_without_streams_asks_for_one_pulse(pat: Colleague, handover: Handover):
    response = await pat.client.get("/desk/events", params={"handover": handover.handover_id})
    pulse = response.json()
    assert pulse["waiting"] == 1 and pulse["seq"] == 2 and response.headers["cache-control"] == "no-store"


async def test_the_visitor_sees_that_pat_is_writing(
    served: str, pat: Colleague, handover: Handover, visitor: Visitor, store: Store
):
    handover = await claimed(pat, store, visitor, handover)
    async with listening(served, f"{visitor.address}/events", headers=visitor.headers) as lines:
        async for line in lines:
            if line == "event: claimed":
                assert (await pat.post(handover, "typing")).status_code == 204
            if line == "event: typing":
                return
    pytest.fail("the visitor was not told")


async def test_an_emergency_is_not_closed_without_the_advice_or_a_word_of_why(
    pat: Colleague, visitor: Visitor, store: Store
):
    await visitor.say("I can't breathe")
    await pat.post(await now(store, visitor), "claim")
    handover = await now(store, visitor)
    refused = await pat.post(handover, "close", closing="spam")
    page = unescape(refused.text)
    assert refused.status_code == 422 and "came as an emergency" in page and 'value="spam" required checked' in page
    again = await pat.post(handover, "close", closing="spam", why="A robot <b>")
    assert again.status_code == 422 and "sure nobody is in danger" in again.text and "A robot &lt;b&gt;" in again.text
    assert (await now(store, visitor)).is_open
    assert (await pat.post(handover, "close", closing="spam", why="A robot", sure="true")).status_code == 303
    closed = await now(store, visitor)
    assert closed.closing is Closing.SPAM
    events = await store.conversations.events(visitor.conversation_id)
    assert "A robot" not in f"{events}{await store.audits('kneecare')}"


async def test_with_no_alerts_set_the_queue_says_so(pat: Colleague):
    page = unescape((await pat.client.get("/desk")).text)
    assert "Nobody is told of a new conversation while the desk is closed" in page


class TestWithAWebhook:
    """A clinic whose alerts go to a webhook that does not answer."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(rate_limit="off", webhook_url="http://127.0.0.1:9/secret-path")

    async def test_alerts_that_do_not_arrive_stand_above_the_desk_until_they_do(
        self, pat: Colleague, visitor: Visitor, store: Store
    ):
        await visitor.say(SORE)
        page = unescape((await pat.client.get("/desk")).text)
        assert "Nobody is told" not in page and "Alerts do not arrive" not in page
        [alert] = await store.alerts.take()
        await store.alerts.settle(alert, "it answered 500")
        page = unescape((await pat.client.get("/desk")).text)
        assert (
            "Alerts do not arrive." in page
            and "webhook at http://127.0.0.1:9, since" in page
            and "it answered 500" in page
        )
        assert "secret-path" not in page
        pulse = (await pat.client.get("/desk/events")).json()
        assert pulse["failing"] and f'id="failing" role="alert" data-state="{pulse["failing"]}"' in page
        figures = (await pat.client.get("/metrics", headers={})).text
        assert 'advocate_alert_targets_failing{channel="webhook"} 1.0' in figures
        await store.alerts.settle(alert, None)
        assert "Alerts do not arrive" not in (await pat.client.get("/desk")).text
        assert (await pat.client.get("/desk/events")).json()["failing"] == ""


async def test_that_nothing_can_be_stored_stands_above_the_desk_which_can_still_be_looked_at(
    pat: Colleague, visitor: Visitor, store: Store
):
    await visitor.say(SORE)
    clock = store.database.clock
    store.database.clock = lambda: clock() + timedelta(minutes=2)  # being signed in would be renewed
    with read_only(store):
        assert (await visitor.say(SORE)).status_code == 503
        page, pulse = await pat.client.get("/desk"), (await pat.client.get("/desk/events")).json()
        assert page.status_code == 200 and SORE in unescape(page.text)
        assert "New messages cannot be stored." in page.text
        assert pulse["failing"] and f'id="failing" role="alert" data-state="{pulse["failing"]}"' in page.text
    assert (await visitor.say(SORE)).status_code == 201
    assert "cannot be stored" not in (await pat.client.get("/desk")).text
    assert (await pat.client.get("/desk/events")).json()["failing"] == ""


async def test_the_transcript_is_a_file_of_what_was_shared_and_its_reading_is_audited(
    pat: Colleague, visitor: Visitor, store: Store
):
    await visitor.say("What is a trigger point?")
    await visitor.say("Is it right for my knee?")
    handover = await now(store, visitor)
    assert f'href="/desk/{handover.handover_id}/transcript.txt"' in await pat.open(handover)
    before = len([one for one in await store.audits("kneecare") if one.action == "read"])
    file = await pat.client.get(f"/desk/{handover.handover_id}/transcript.txt")
    assert "Is it right for my knee?" in file.text and "What is a trigger point?" not in file.text
    assert file.headers["content-disposition"].startswith("attachment")
    assert len([one for one in await store.audits("kneecare") if one.action == "read"]) == before + 1


async def test_staff_read_whether_a_visitor_is_told_by_mail(pat: Colleague, visitor: Visitor, store: Store):
    await visitor.say("Is it right for my knee?")
    await visitor.post("handover", {"contact": "walter@quill.example", "mail_me": True})
    assert "Told when you answer, if they have left" in await pat.open(await now(store, visitor))


async def test_a_drill_nobody_took_stands_above_the_desk_until_one_is_taken(pat: Colleague, store: Store):
    clock = store.database.clock
    nobody = (await pat.client.get("/metrics")).text
    assert 'advocate_drill_missed{site="kneecare"}' not in nobody
    began = clock() - timedelta(minutes=11)
    store.database.clock = lambda: began
    await store.drills.begin("kneecare", NO_ONE, by="test")
    store.database.clock = clock
    await store.drills.end(lambda _site: NO_ONE)
    page, pulse = (await pat.client.get("/desk")).text, (await pat.client.get("/desk/events")).json()
    assert f"Nobody took the last drill at {StandIn().site('kneecare').clinic} in time." in unescape(page)
    assert pulse["failing"] and f'id="failing" role="alert" data-state="{pulse["failing"]}"' in page
    assert 'advocate_drill_missed{site="kneecare"} 1.0' in (await pat.client.get("/metrics")).text
    await store.drills.begin("kneecare", NO_ONE, by="test")
    assert "Nobody took the last drill" in (await pat.client.get("/desk")).text  # one that runs proves nothing yet
    [row] = await store.handovers.inbox(["kneecare"])
    await pat.post(await store.handovers.get(row.handover_id), "claim", version=row.version)
    await store.drills.end(lambda _site: NO_ONE)
    assert "Nobody took the last drill" not in (await pat.client.get("/desk")).text
    assert 'advocate_drill_missed{site="kneecare"}' not in (await pat.client.get("/metrics")).text


async def test_a_drill_stands_below_a_visitor_with_an_emergency_and_above_everyone_else(
    pat: Colleague, client: httpx.AsyncClient, visitor: Visitor, store: Store
):
    await store.drills.begin("kneecare", NO_ONE, by="test")
    await visitor.say(SORE)
    await (await begin(client)).say("I have chest pain")
    rows = await store.handovers.inbox(["kneecare"])
    assert [(one.is_drill, one.urgent) for one in rows] == [(False, True), (True, True), (False, False)]
    page = (await pat.client.get("/desk")).text
    assert page.index("I have chest pain") < page.index("This is a drill") < page.index(SORE)
