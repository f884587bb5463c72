"""A whole conversation by forms and links alone."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from server.core.handing.handover import Closing, Closure, Step
from server.core.handing.presence import TOLD_AFTER, Hearing
from server.desk import Desk
from server.storage import Store
from server.storage.database.faults import StorageUnavailable
from server.web.visitor import stamps
from tests.server.web.conftest import Visitor, begin
from tests.server.web.visitor.test_pages import words

ASK = "/sites/kneecare/ask"


@pytest.fixture
async def browser(client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.follow_redirects = True
    client.headers["Sec-Fetch-Site"] = "same-origin"
    return client


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of the page."""
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])  # type: ignore[index]


async def ask(browser: httpx.AsyncClient, text: str) -> str:
    key = hidden((await browser.get(ASK)).text, "key")
    response = await browser.post(ASK, data={"text": text, "key": key})
    assert response.status_code == 200
    return response.text


async def test_the_first_page_greets_and_offers_questions_and_a_person(browser: httpx.AsyncClient):
    page = (await browser.get(ASK)).text
    assert "I am KneeCare Clinics's automated assistant" in words(page)
    assert "What if I hate needles?" in page and "Talk to a person" in page
    assert 'href="tel:911"' in page and 'href="tel:988"' in page
    assert not browser.cookies


async def test_a_question_is_quoted_with_its_source(browser: httpx.AsyncClient):
    page = await ask(browser, "What is a trigger point?")
    assert "A trigger point is a taut band of muscle" in words(page)
    assert "From our page" in page and "Not yet reviewed by the clinic" in page
    assert re.search(r'href="/sites/kneecare#:~:text=[^"]+"[^>]*rel="noopener"', page)
    assert "Was this what you needed?" in page


async def test_a_quote_about_soreness_says_when_to_call(browser: httpx.AsyncClient):
    page = words(await ask(browser, "Will it be sore?"))
    assert "There may be a little soreness" in page and "needs a same-day call to a clinician" in page


async def test_a_story_from_a_question_to_a_person(browser: httpx.AsyncClient, store: Store):
    await ask(browser, "What is a trigger point?")
    page = await ask(browser, "Is it right for my knee?")
    assert "I have passed your message on" in page and "Add to your message for Pat" in page
    letter = {"name": "Ada", "contact": "555 0100", "text": "Mornings\r\nare best", "share_earlier": "yes"}
    fields = {"key": hidden(page, "key"), "stamp": hidden(page, "stamp"), "website": ""}
    assert "Your details were added." in (await browser.post(f"{ASK}/letter", data=letter | fields)).text

    [row] = await store.handovers.inbox(["kneecare"])
    pat = await store.staff.add("pat@kneecare.example", "Pat Cashen", "advocate", "a long enough password")
    desk: Desk = browser._transport.app.state.parts.desk  # type: ignore[attr-defined]
    await desk.claim(row.handover_id, version=row.version, user=pat)
    seen = (await desk.transcript(row.conversation_id, pat)).conversation.last_seq
    await desk.write(row.conversation_id, pat, "Hello <b>Ada</b>, I can see you.", seen_seq=seen, key="1")

    page = (await browser.get(ASK)).text
    assert "Pat is here and can read this chat." in page and "Hello &lt;b&gt;Ada&lt;/b&gt;, I can see you." in page
    handover = await desk.handover(row.conversation_id)
    assert handover is not None and handover.letter is not None
    assert handover.letter.text == "Mornings\nare best" and handover.letter.share_earlier


async def test_an_emergency_stands_large_and_stays(browser: httpx.AsyncClient, store: Store):
    page = await ask(browser, "I can't breathe")
    assert page.count('class="emergency-card"') == 1
    assert "being alerted" not in page  # nobody is there, and no channel is set: nothing is promised
    assert 'href="tel:911">Call 911</a>' in page
    page = await ask(browser, "Hello")
    assert page.count("emergency-card compact") == 1
    assert (await store.handovers.inbox(["kneecare"]))[0].urgent


async def test_an_emergency_says_that_an_advocate_is_alerted_while_one_is_at_the_desk(
    browser: httpx.AsyncClient, store: Store
):
    await store.staff.add("pat@clinic.example", "Pat", "advocate", "quiet orchard lamp")
    await store.staff.sign_in("pat@clinic.example", "quiet orchard lamp")
    assert "Our patient advocate is being alerted too" in await ask(browser, "I can't breathe")


async def test_whom_nobody_takes_is_told_so_and_asked_for_a_way_to_be_reached(
    browser: httpx.AsyncClient, app: FastAPI, store: Store, monkeypatch: pytest.MonkeyPatch
):
    await ask(browser, "What about my knee?")
    monkeypatch.setitem(TOLD_AFTER, Hearing.NOBODY, timedelta(0))
    assert await store.handovers.tell_the_waiting(app.state.parts.desk.emergency_again) == 1
    page = unescape((await browser.get(ASK)).text)
    assert "Nobody has answered yet. Your messages are kept." in page
    assert "Phone or email, if you want a reply later" in page


async def test_a_form_sent_twice_is_one_message_in_one_conversation(browser: httpx.AsyncClient, store: Store):
    key = hidden((await browser.get(ASK)).text, "key")
    once = {"text": "What about my knee?", "key": key}
    browser.follow_redirects = False
    first = await browser.post(ASK, data=once)
    browser.cookies.clear()
    second = await browser.post(ASK, data=once)
    assert first.headers["set-cookie"] == second.headers["set-cookie"]
    [row] = await store.handovers.inbox(["kneecare"])
    assert len(await store.conversations.events(row.conversation_id)) == 2


async def test_going_back_and_changing_the_question_is_a_new_message(browser: httpx.AsyncClient):
    key = hidden((await browser.get(ASK)).text, "key")
    await browser.post(ASK, data={"text": "Hello", "key": key})
    page = (await browser.post(ASK, data={"text": "What is a trigger point?", "key": key})).text
    assert "taut band" in page and "Hello" in page


async def test_a_heading_offered_is_a_button(browser: httpx.AsyncClient):
    page = await ask(browser, "What does it cost?")
    choose = re.search(r'name="choose" value="([^"]+)"', page)[1]  # type: ignore[index]
    page = (await browser.post(ASK, data={"choose": choose, "key": hidden(page, "key")})).text
    assert "From our page" in page


async def test_yes_and_no_below_a_quote(browser: httpx.AsyncClient, store: Store):
    page = await ask(browser, "What is a trigger point?")
    fields = {name: hidden(page, name) for name in ("key", "seq", "passage_id")}
    assert (await browser.post(f"{ASK}/feedback", data=fields)).status_code == 200
    assert not await store.asked.in_vain("kneecare", 9)
    page = (await browser.post(f"{ASK}/person", data=fields)).text
    assert "Of course. Our patient advocate will answer you." in page
    assert len(await store.handovers.inbox(["kneecare"])) == 1
    assert [one.text for one in await store.asked.in_vain("kneecare", 9)] == ["What is a trigger point?"]


async def test_no_below_a_quote_that_is_gone_still_brings_a_person(browser: httpx.AsyncClient):
    page = await ask(browser, "What is a trigger point?")
    fields = {"key": hidden(page, "key"), "seq": "2", "passage_id": "p-gone"}
    assert "Our patient advocate will answer you." in (await browser.post(f"{ASK}/person", data=fields)).text


@pytest.mark.parametrize(
    ("text", "said"), [(" \r\n ", "Type your question first."), ("x" * 5_001, "1,001 characters too long")]
)
async def test_a_text_that_cannot_be_sent_is_kept_beside_its_reason(browser: httpx.AsyncClient, text: str, said: str):
    response = await browser.post(ASK, data={"text": text, "key": "k"})
    assert response.status_code == 422 and said in response.text
    assert text.strip() in response.text and not browser.cookies


async def test_an_emergency_in_the_tail_of_a_text_that_is_too_long_shows_the_numbers(browser: httpx.AsyncClient):
    response = await browser.post(ASK, data={"text": "My knee story. " * 300 + "I have chest pain.", "key": "k"})
    assert response.status_code == 422 and "emergency-card" in response.text
    assert "emergency-card" not in (await browser.post(ASK, data={"text": "My knee. " * 500, "key": "k"})).text


@pytest.mark.parametrize(("field", "most"), [("name", 200), ("contact", 200), ("text", 4_000)])
async def test_a_letter_that_is_too_long_is_given_back_whole(
    browser: httpx.AsyncClient, store: Store, field: str, most: int
):
    page = await ask(browser, "Is it right for my knee?")
    letter = {"name": "Ada", "contact": "555 0100", "text": "Mornings", "share_earlier": "yes"} | {
        field: "x" * (most + 7)
    }
    fields = {"key": hidden(page, "key"), "stamp": hidden(page, "stamp"), "website": ""}
    response = await browser.post(f"{ASK}/letter", data=letter | fields)
    assert response.status_code == 422 and "This is 7 characters too long to send" in response.text
    assert all(value in response.text for name, value in letter.items() if name != "share_earlier")
    assert "checked" in response.text
    [row] = await store.handovers.inbox(["kneecare"])
    handover = await store.handovers.of_conversation(row.conversation_id)
    assert handover is not None and not handover.letter


async def test_no_field_of_the_page_cuts_what_is_pasted(browser: httpx.AsyncClient):
    assert "maxlength" not in await ask(browser, "Is it right for my knee?")


async def test_a_store_in_trouble_keeps_the_question_and_shows_the_way(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(*_: object, **__: object) -> None:
        raise StorageUnavailable("locked")

    monkeypatch.setattr("server.storage.talks.conversations.Conversations.start", refuse)
    response = await browser.post(ASK, data={"text": "What about my knee?", "key": "k"})
    assert response.status_code == 503
    assert "What about my knee?</textarea>" in response.text and 'value="k"' in response.text
    assert "911" in words(response.text) and "passed your message on" not in response.text
    urgent = await browser.post(ASK, data={"text": "I can't breathe", "key": "k"})
    assert "Call 911 now or go to the nearest emergency room" in urgent.text


async def test_the_cookie_is_for_this_page_alone_and_forgotten_on_request(browser: httpx.AsyncClient):
    browser.follow_redirects = False
    sent = await browser.post(ASK, data={"text": "Hello", "key": "k"})
    cookie = sent.headers["set-cookie"]
    assert sent.status_code == 303 and sent.headers["location"] == f"{ASK}#latest"
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and f"Path={ASK}" in cookie
    await browser.post(f"{ASK}/clear")
    assert not browser.cookies
    assert "Hello</p>" not in (await browser.get(ASK)).text


@pytest.mark.parametrize("cookie", ["", "a.b", "a.b.c", "a.b.c.d", "\u00ff..", "x" * 5_000])
async def test_a_cookie_that_opens_nothing_starts_afresh(browser: httpx.AsyncClient, cookie: str):
    response = await browser.get(ASK, headers={b"Cookie": f"advocate_chat={cookie}".encode()})
    assert response.status_code == 200 and "automated assistant" in response.text


async def test_the_page_speaks_spanish_when_asked(browser: httpx.AsyncClient):
    page = (await browser.get(f"{ASK}?lang=es")).text
    assert '<html lang="es" dir="ltr">' in page and "Su pregunta" in page
    page = (await browser.post(f"{ASK}/person", data={"key": "k", "lang": "es"})).text
    assert "Por supuesto" in page and '<html lang="es" dir="ltr">' in page


@pytest.mark.parametrize(
    ("website", "waited_s", "is_suspected"),
    [("", 10, False), ("", 1, True), ("http://spam", 10, True), ("http://spam", 1, True)],
)
async def test_a_robots_letter_is_sorted_and_kept(
    browser: httpx.AsyncClient,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    website: str,
    waited_s: int,
    is_suspected: bool,
):
    page = (await browser.post(f"{ASK}/person", data={"key": "k"})).text
    made = float(hidden(page, "stamp").rpartition(".")[0])
    monkeypatch.setattr("server.web.visitor.ask.time.time", lambda: made + waited_s)
    fields = {"name": "Ada", "stamp": hidden(page, "stamp"), "website": website, "key": hidden(page, "key")}
    await browser.post(f"{ASK}/letter", data=fields)
    [row] = await store.handovers.inbox(["kneecare"])
    assert (row.has_letter, row.suspected_spam) == (True, is_suspected)


@pytest.mark.parametrize("stamp", ["", "x", "1.2.3", "nan.abc", "0.0." + "0" * 32])
def test_a_stamp_that_is_not_ours_is_too_fast(stamp: str):
    assert stamps.is_too_fast(stamp, "token", now_s=1e9)


def test_a_stamp_fits_its_own_conversation_alone():
    stamp = stamps.make_stamp("token", now_s=100.0)
    assert not stamps.is_too_fast(stamp, "token", now_s=103.1)
    assert stamps.is_too_fast(stamp, "other", now_s=103.1)


@pytest.mark.parametrize("kind", ["", "; charset=latin-1"])
@pytest.mark.parametrize("broken", ["%ED%A0%BD", "%FF", "%F0%9F"])
async def test_a_form_cut_inside_a_character_loses_no_emergency(browser: httpx.AsyncClient, broken: str, kind: str):
    headers = {"Content-Type": f"application/x-www-form-urlencoded{kind}"}
    response = await browser.post(ASK, content=f"text=I+have+chest+pain+{broken}&key=k", headers=headers)
    assert response.status_code == 200
    assert "This may be an emergency" in response.text and "I have chest pain" in response.text


@pytest.mark.parametrize("hung", ["start", "receive"])
async def test_the_first_emergency_does_not_wait_for_a_locked_database(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, hung: str
):
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("server.desk.EMERGENCY_PATIENCE_S", 0.05)
    monkeypatch.setattr(f"server.storage.talks.conversations.Conversations.{hung}", hang)
    response = await browser.post(ASK, data={"text": "I can't breathe", "key": "k"})
    assert response.status_code == 503
    assert "This may be an emergency. Call 911" in words(response.text) and "could not reach" in response.text
    assert "I can't breathe" in unescape(response.text)  # kept, to be sent again


async def test_who_waits_is_told_how_many_wait_before_them_and_an_emergency_is_not(
    browser: httpx.AsyncClient, client: httpx.AsyncClient
):
    others = [await begin(client) for _ in range(2)]
    for other in others:
        await other.say("What about my knee?")
    assert "People waiting before you: 2." in await ask(browser, "What about my hip?")
    assert [await place_of(one) for one in others] == [{"before": 0}, {"before": 1}]
    await others[1].say("I can't breathe")
    assert await place_of(others[0]) == {"before": 1}
    assert await place_of(others[1]) == {"before": 0}


async def place_of(visitor: Visitor) -> Any:
    return (await visitor.client.get(f"{visitor.address}/place", headers=visitor.headers)).json()


async def test_who_took_the_conversation_is_named_whoever_the_clinics_advocate_is(
    browser: httpx.AsyncClient, store: Store
):
    await ask(browser, "What about my knee?")
    sam = await store.staff.add("sam@clinic.example", "Sam Reed", "advocate", "quiet orchard lamp")
    [row] = await store.handovers.inbox(["kneecare"])
    taken = await store.handovers.step(row.handover_id, Step.CLAIM, version=row.version, user=sam)
    assert "Sam is here and can read this chat." in (await browser.get(ASK)).text
    closure = Closure(Closing.ANSWERED)
    await store.handovers.step(row.handover_id, Step.CLOSE, version=taken.version, user=sam, closure=closure)
    page = (await browser.get(ASK)).text
    assert "Sam has closed this chat." in page and "Pat" not in page.split("</ol>")[0].split("<ol")[1]
