"""The widget in a real browser, against a small stand-in for the API, under a policy that allows no style at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic, sleep
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kb.labels import Label
from server.core.matching.plain_signs import fold_plainly, plain_signs, shows_sign
from tests.widget.stub_api import EMERGENCY, POLICY, REPLIES, Api, serve

PHONE, DESKTOP = 390, 1280
PageAt = Callable[..., Page]


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def base(api: Api) -> Iterator[str]:
    address, stop = serve(api)
    yield address
    stop()


@pytest.fixture
def chat(page_at: PageAt, base: str) -> Page:
    page = page_at(DESKTOP)
    page.goto(base)
    return page


def open_chat(page: Page) -> None:
    page.get_by_role("button", name="Questions? Ask us").click()
    expect(page.get_by_role("button", name="What is a trigger point?")).to_be_visible()


def open_chat_again(page: Page) -> None:
    """Where the conversation has begun: there are no starter questions."""
    page.get_by_role("button", name="Questions? Ask us").click()
    expect(page.get_by_role("dialog")).to_contain_text("KneeCare Clinics")


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Type your question").fill(text)
    page.keyboard.press("Enter")


def until(holds: Callable[[], Any], timeout_s: float = 5) -> None:
    """Wait for something that happens outside the page, without blocking the page."""
    end = monotonic() + timeout_s
    while not holds():
        assert monotonic() < end, "it never came"
        sleep(0.02)


def in_chat(page: Page, script: str) -> Any:
    return page.evaluate(
        f"(() => {{ const root = document.querySelector('advocate-chat').shadowRoot; return {script} }})()"
    )


def active(page: Page) -> str:
    return str(in_chat(page, "root.activeElement?.className || root.activeElement?.tagName || ''"))


def findings(page: Page) -> list[str]:
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


def lines(page: Page) -> list[str]:
    return [str(text) for text in in_chat(page, "[...root.querySelector('.log').children].map(one => one.innerText)")]


# Before it is opened


def test_nothing_is_asked_and_nothing_kept_before_the_chat_is_opened(chat: Page, api: Api):
    chat.wait_for_timeout(500)
    assert api.requests == []
    assert chat.evaluate("JSON.stringify([sessionStorage, localStorage, document.cookie])") == '[{},{},""]'
    assert chat.evaluate("news") == [["ready", None]]


WATCH = """
window.seen = []; window.largest = []
new PerformanceObserver(list => seen.push(...list.getEntries().map(one => one.entryType)))
  .observe({entryTypes: ['layout-shift', 'longtask']})
new PerformanceObserver(list => largest.push(...list.getEntries().map(one => [one.element?.localName, one.size])))
  .observe({type: 'largest-contentful-paint', buffered: true})
"""
LAYOUT = """[largest, [...document.querySelectorAll('main, main *')].map(one => JSON.stringify(one.getBoundingClientRect())),
  document.documentElement.scrollWidth, document.documentElement.scrollHeight, getComputedStyle(document.body).cssText]"""


def test_the_page_does_not_shift_and_no_task_is_long(page_at: PageAt, base: str):
    page = page_at(DESKTOP)
    page.add_init_script(WATCH)
    seen = []
    for _ in range(4):  # on a busy machine any task can be long once
        page.goto(base)
        page.wait_for_timeout(400)
        seen.append(page.evaluate("seen"))
    assert [] in seen and "layout-shift" not in sum(seen, [])
    expect(page.get_by_role("button", name="Questions? Ask us")).to_be_visible()
    with_chat = page.evaluate(LAYOUT)
    page.route("**/widget.js", lambda route: route.abort())
    page.goto(base)
    page.wait_for_timeout(400)
    assert page.evaluate(LAYOUT) == with_chat and with_chat[0]  # the same largest paint, and everything in its place


def test_the_launcher_is_a_pill_of_56_pixels_and_the_panel_400_by_640(chat: Page):
    assert in_chat(chat, "root.querySelector('.launch').offsetHeight") == 56
    open_chat(chat)
    assert in_chat(chat, "[root.querySelector('.panel').offsetWidth, root.querySelector('.panel').offsetHeight]") == [
        400,
        640,
    ]


# A question and its quote


def test_a_quote_reads_like_a_clipping_with_its_source(chat: Page):
    open_chat(chat)
    chat.get_by_role("button", name="What is a trigger point?").click()
    log = chat.get_by_role("log")
    expect(log.locator("mark")).to_have_text("A trigger point is a tight, tender spot in a muscle.")
    quoted = REPLIES["What is a trigger point?"]["quotes"][0]
    assert log.locator("blockquote").text_content() == quoted["text"]
    expect(log).to_contain_text("From our page")
    expect(log).to_contain_text("About the treatment › What is a trigger point?")
    expect(log).to_contain_text("Not yet reviewed by the clinic")
    expect(log).to_contain_text("This is general information from our page, not medical advice.")
    link = log.get_by_role("link", name="Read it on the page")
    assert link.get_attribute("rel") == "noopener"
    assert str(link.get_attribute("href")).endswith("/sites/kneecare#:~:text=A")


def test_a_mark_counts_code_points_and_the_note_stands_apart(chat: Page):
    open_chat(chat)
    say(chat, "What can I expect?")
    log = chat.get_by_role("log")
    expect(log.locator("mark").first).to_have_text("You may feel a little soreness for a day or two.")
    expect(log.locator(".clip")).to_have_count(2)
    expect(log.locator(".box:visible")).to_contain_text("needs a same-day call to a clinician")
    expect(log).to_contain_text("Reviewed by the clinic on March 3, 2025")


def test_a_quote_that_was_altered_is_withheld(chat: Page):
    open_chat(chat)
    say(chat, "altered")
    log = chat.get_by_role("log")
    expect(log).to_contain_text("I could not reach our patient advocate.")
    expect(log.get_by_role("button", name="Talk to a person")).to_be_visible()
    assert "nothing to worry" not in log.inner_text()


def test_feedback_names_the_reply_and_the_passage(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "What is a trigger point?")
    chat.get_by_role("button", name="Yes", exact=True).click()
    expect(chat.get_by_role("log")).to_contain_text("Thank you.")
    until(lambda: api.posted("/feedback"))
    passage_id = REPLIES["What is a trigger point?"]["quotes"][0]["passage_id"]
    assert api.posted("/feedback")[0][0] == {"seq": 2, "passage_id": passage_id, "helpful": True}


def test_no_i_would_like_a_person_asks_for_one(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "What is a trigger point?")
    chat.get_by_role("button", name="No, I’d like a person").click()
    expect(chat.get_by_role("log")).to_contain_text("Of course. Our patient advocate will answer you.")
    assert [body for body, _ in api.posted("/handover")] == [{}]
    assert api.posted("/feedback")[0][0]["helpful"] is False


def test_headings_close_to_the_question_are_buttons_until_something_is_said(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "What does it cost?")
    expect(chat.get_by_text("Closest on our page:")).to_be_visible()
    expect(chat.get_by_role("button", name="None of these, ask a person")).to_be_visible()
    chat.get_by_role("button", name="How to book a visit").click()
    expect(chat.locator("blockquote")).to_have_text("Use the form on our page.")
    assert api.posted("/messages")[1][0] == {"choose": "p1"}
    expect(chat.get_by_text("Closest on our page:")).to_be_hidden()


# Emergencies


def test_an_emergency_card_is_pinned_focused_and_read_out_once(chat: Page):
    open_chat(chat)
    say(chat, "chest pain")
    card = chat.get_by_role("alert")
    expect(card).to_contain_text("This may be an emergency.")
    expect(card).to_contain_text(EMERGENCY[-60:])
    assert active(chat) == "danger"
    assert chat.get_by_role("link", name="Call 911", exact=True).get_attribute("href") == "tel:911"
    assert chat.get_by_role("link", name="Call or text 988").get_attribute("href") == "tel:988"
    sizes = in_chat(
        chat, "[...root.querySelectorAll('.panel *')].map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert max(sizes) == in_chat(chat, "parseFloat(getComputedStyle(root.querySelector('.danger h3')).fontSize)")
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am KneeCare")
    expect(chat.get_by_role("link", name="Call or text 988")).to_be_visible()


def test_our_own_list_speaks_at_once_when_the_server_cannot_be_reached(page_at: PageAt, base: str, api: Api):
    page = page_at(PHONE)
    page.goto(base)
    open_chat(page)
    page.context.set_offline(True)
    page.wait_for_function("!navigator.onLine")  # the browser may take a moment to hear of it
    say(page, "I can't breathe")
    expect(page.get_by_role("alert")).to_contain_text("Call 911 now")
    assert active(page) == "danger"
    page.get_by_role("textbox").focus()
    page.context.set_offline(False)
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    assert len({headers["Idempotency-Key"] for _, headers in api.posted("/messages")}) == 1


def test_our_own_list_speaks_after_eight_seconds_of_silence_and_the_card_stays_one(
    page_at: PageAt, base: str, api: Api
):
    page = page_at(DESKTOP)
    page.clock.install()
    page.goto(base)
    open_chat(page)
    api.delay_s = 1.5
    say(page, "chest pain")
    page.wait_for_timeout(100)
    assert page.get_by_role("alert").count() == 0
    page.clock.fast_forward(8_000)
    expect(page.get_by_role("alert")).to_contain_text("Call 911 now")
    page.get_by_role("textbox").focus()
    expect(page.locator(".danger")).to_contain_text("is being alerted too", timeout=10_000)
    assert active(page) == "TEXTAREA"


def test_the_browser_reads_the_signs_as_the_server_wrote_them(chat: Page):
    rules = [rule for rule in POLICY.rules.rules if rule.label is Label.EMERGENCY]
    texts = [text for rule in rules for text in (*rule.yes, *rule.no)]
    signs = plain_signs(POLICY.rules)
    judged = chat.evaluate(
        "async ([signs, texts]) => texts.map((await import('/parts/emergency.mjs')).judgeBy(signs))",
        ["\n".join(signs), texts],
    )
    assert judged == [any(shows_sign(sign, fold_plainly(text)) for sign in signs) for text in texts]


def test_an_emergency_typed_behind_an_unsent_message_shows_its_card_at_once(chat: Page, api: Api):
    open_chat(chat)
    api.delay_s = 3
    say(chat, "hello")
    say(chat, "now my chest hurts")
    expect(chat.get_by_role("alert")).to_contain_text("Call 911 now", timeout=1_000)


def test_what_is_too_long_is_kept_whole_and_read_whole(chat: Page, api: Api):
    open_chat(chat)
    field = chat.get_by_role("textbox", name="Type your question")
    story = "My knee story. " * 300 + "Now I have chest pain."
    field.fill(story)
    expect(field).to_have_value(story)
    expect(chat.get_by_text("This is 522 characters too long to send.")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(chat.get_by_role("alert")).to_contain_text("Call 911 now")
    field.press("Enter")
    expect(field).to_have_value(story)
    assert api.posted("/messages") == []
    field.fill("Now I have chest pain.")
    expect(chat.get_by_text("too long to send")).to_be_hidden()
    field.press("Enter")
    until(lambda: api.posted("/messages"))


def test_a_letter_that_is_too_long_says_so_beside_its_button(chat: Page, api: Api):
    open_chat(chat)
    chat.get_by_role("button", name="Talk to a person").click()
    letter = chat.get_by_role("region", name="Your message to Pat Cashen")
    letter.get_by_label("Your name").fill("Ann " * 51)
    letter.get_by_role("button", name="Send").click()
    expect(letter).to_contain_text("This is 4 characters too long to send.")
    expect(letter.get_by_label("Your name")).to_be_focused()
    assert len(api.posted("/handover")) == 1


def test_an_emergency_in_a_refusal_is_shown(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am")
    api.problem = (503, {"reply": REPLIES["chest pain"]}, {"Retry-After": "2"})
    say(chat, "words only the server understands")
    expect(chat.get_by_role("alert")).to_contain_text("This may be an emergency.")


# Handing over


def test_one_tap_asks_for_a_person_and_the_letter_only_completes_it(chat: Page, api: Api):
    open_chat(chat)
    api.before = 2
    chat.get_by_role("button", name="Talk to a person").click()
    letter = chat.get_by_role("region", name="Your message to Pat Cashen")
    expect(letter).to_be_visible()
    expect(letter).to_contain_text("People waiting before you: 2. Receipt code: K7QF-2M9X-81TD")
    keep = letter.get_by_role("link", name="Keep it to read or erase this chat later.")
    assert str(keep.get_attribute("href")).endswith("/receipts?lang=en")
    assert [body for body, _ in api.posted("/handover")] == [{}]
    expect(chat.get_by_role("log")).to_have_attribute("aria-live", "polite", timeout=100)  # so the answer is read out
    letter.get_by_label("Your name").fill("Ann")
    letter.get_by_label("Phone or email").fill("555 0100")
    letter.get_by_label("Pat Cashen may also read").check()
    letter.get_by_role("button", name="Send").click()
    expect(chat.get_by_role("region", name="Passed on to Pat Cashen")).to_contain_text("Receipt code: K7QF-2M9X-81TD")
    assert api.posted("/handover")[1][0] == {
        "name": "Ann", "contact": "555 0100", "text": "", "share_earlier": True, "mail_me": False, "website": "",
    }  # fmt: skip
    assert ["handover", {"status": "waiting"}] in chat.evaluate("news")


def test_a_letter_drawn_again_keeps_the_field_one_is_about_to_type_in(chat: Page, api: Api):
    open_chat(chat)
    api.delay_s = 1.5
    chat.get_by_role("button", name="Talk to a person").click()
    letter = chat.get_by_role("region", name="Your message to Pat Cashen")
    letter.get_by_label("Your name").focus()
    field = letter.get_by_label("Your name").element_handle()
    expect(letter).to_contain_text("Receipt code: K7QF-2M9X-81TD")
    assert field is not None
    assert not field.evaluate("field => field.isConnected")
    chat.keyboard.type("Ann")
    expect(letter.get_by_label("Your name")).to_have_value("Ann")


def test_a_message_that_was_handed_over_is_prefilled_and_not_sent_twice(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    letter = chat.get_by_role("region", name="Your message to Pat Cashen")
    expect(letter.get_by_label("What is passed on")).to_have_value("My knee is hot")
    assert active(chat) == "TEXTAREA"
    letter.get_by_label("Your name").fill("Ann")
    letter.get_by_role("button", name="Send").click()
    until(lambda: api.posted("/handover"))
    assert api.posted("/handover")[0][0]["text"] == ""


def test_the_letter_follows_the_newest_message_until_someone_writes_in_it(chat: Page):
    open_chat(chat)
    say(chat, "My knee is hot")
    words = chat.get_by_role("region", name="Your message to Pat Cashen").get_by_label("What is passed on")
    expect(words).to_have_value("My knee is hot")
    say(chat, "What does it cost?")
    expect(words).to_have_value("What does it cost?")
    words.fill("Please call me")
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log").get_by_text("I can't give medical advice")).to_have_count(2)
    expect(words).to_have_value("Please call me")


def test_who_leaves_may_have_a_mail_and_what_is_on_the_screen_needs_none(chat: Page, api: Api):
    api.site["mail"] = "Email me a link to this chat when there is an answer."
    open_chat(chat)
    chat.get_by_role("button", name="Talk to a person").click()
    letter = chat.get_by_role("region", name="Your message to Pat Cashen")
    letter.get_by_label("Email me a link").check()
    contact = letter.get_by_label("Phone or email")
    for wrong in ("", "555 0100"):  # the browser says what is missing
        contact.fill(wrong)
        letter.get_by_role("button", name="Send").click()
        assert contact.evaluate("field => field.matches(':invalid:focus')")
    contact.fill("ann@example.org")
    assert not findings(chat)
    letter.get_by_role("button", name="Send").click()
    expect(chat.get_by_role("region", name="Passed on to Pat Cashen")).to_be_visible()
    [_, (sent, _)] = api.posted("/handover")
    assert (sent["mail_me"], sent["contact"]) == (True, "ann@example.org")
    chat.keyboard.press("Escape")
    api.add("message", "advocate", name="Pat Cashen", text="Hello, this is Pat.")
    expect(chat.get_by_role("button", name="Questions? Ask us 1")).to_be_visible()
    assert api.posted("/seen") == []  # it is not on the screen: the mail goes out
    open_chat_again(chat)
    until(lambda: api.posted("/seen"))
    assert [body for body, _ in api.posted("/seen")] == [{"seq": api.events[-1]["seq"]}]


def test_a_live_talk_shows_the_person_and_what_she_saw(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log")).to_contain_text("I have passed your message on.")
    api.is_claimed = True
    api.add("claimed", name="Pat Cashen")
    expect(chat.get_by_role("log")).to_contain_text("Pat Cashen is here")
    expect(chat.get_by_role("dialog")).to_contain_text("You are talking with Pat Cashen")
    expect(chat.get_by_role("dialog")).not_to_contain_text("Automated answers")
    expect(chat.get_by_role("log")).to_contain_text("Seen by Pat Cashen")
    api.show_typing()
    expect(chat.get_by_text("Pat Cashen is writing")).to_be_visible()
    api.add("message", "advocate", name="Pat Cashen", text="Hello, this is Pat.")
    expect(chat.locator(".staff")).to_contain_text("Hello, this is Pat.")
    expect(chat.get_by_text("Pat Cashen is writing")).to_be_hidden()
    say(chat, "thank you Pat")
    expect(chat.locator(".mine").last).to_contain_text("Sent")
    until(lambda: api.posted("/typing"))
    api.add("closed")
    expect(chat.get_by_role("log")).to_contain_text("Pat Cashen has closed this chat.")
    expect(chat.get_by_role("button", name="Talk to a person")).to_be_visible()


def test_what_an_advocate_quotes_is_a_clipping_and_what_they_type_is_not(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    api.add("claimed", name="Pat Cashen")
    api.add("message", "advocate", name="Pat Cashen", text="“We treat all for free.” (From our page: Cost)")
    expect(chat.locator(".staff .bubble")).to_contain_text("for free")
    expect(chat.locator(".staff .clip")).to_have_count(0)
    quoted = REPLIES["What can I expect?"]
    api.add("message", "advocate", name="Pat Cashen", text="Our page says:", reply=quoted)
    clip = chat.locator(".staff").last.locator(".clip").first
    expect(clip).to_contain_text("Wear loose clothing")
    expect(clip.get_by_role("link", name="Read it on the page")).to_be_visible()
    expect(chat.locator(".staff").last).to_contain_text("needs a same-day call")
    expect(chat.locator(".staff").last.locator(".bubble")).to_have_text("Our page says:")
    expect(chat.get_by_text("Was this what you needed?")).to_be_hidden()
    api.add("message", "advocate", name="Pat Cashen", text="And:", reply=REPLIES["altered"])
    expect(chat.locator(".staff").last).to_contain_text("And:")
    assert "nothing to worry" not in chat.get_by_role("log").inner_text()


def test_a_closed_panel_counts_what_the_advocate_wrote(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log")).to_contain_text("I have passed your message on.")
    chat.keyboard.press("Escape")
    api.add("claimed", name="Pat Cashen")
    api.add("message", "advocate", name="Pat Cashen", text="Are you there?")
    expect(chat.get_by_role("status")).to_have_text("Pat Cashen: 1")
    expect(chat.get_by_role("button", name="Questions? Ask us 1")).to_be_visible()
    assert ["unread", {"count": 1}] in chat.evaluate("news")
    assert "Are you there" not in chat.evaluate("JSON.stringify(news)")


# Trouble


def test_a_message_is_kept_offline_and_sent_once_with_its_key(page_at: PageAt, base: str, api: Api):
    page = page_at(PHONE)
    page.goto(base)
    open_chat(page)
    say(page, "What is a trigger point?")
    expect(page.locator("mark")).to_be_visible()
    page.context.set_offline(True)
    page.wait_for_function("!navigator.onLine")  # the browser may take a moment to hear of it
    say(page, "hello")
    expect(page.get_by_text("Not sent yet, trying again")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("log")).to_contain_text("Hello, I am KneeCare")
    expect(page.get_by_text("Not sent yet")).to_have_count(0)
    assert [event["text"] for event in api.events if event["author"] == "visitor"] == [
        "What is a trigger point?",
        "hello",
    ]


def test_a_server_that_cannot_store_is_tried_again_with_the_same_key(page_at: PageAt, base: str, api: Api):
    page = page_at(DESKTOP)
    page.clock.install()
    page.goto(base)
    open_chat(page)
    say(page, "hello")
    expect(page.get_by_role("log")).to_contain_text("Hello, I am")
    api.problem = (503, {"reply": REPLIES["What does it cost?"]}, {})
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    say(page, "What is a trigger point?")
    for number in ("911", "988"):  # at once: nobody waits for a server that refuses
        expect(page.get_by_role("log").get_by_role("link", name=number)).to_be_visible()
    for tries, seconds in enumerate([1, 2, 4, 8, 16, 30], start=2):
        until(partial(lambda count: len(api.posted("/messages")) == count, tries))
        expect(page.get_by_text("Not sent yet, trying again")).to_be_visible()
        sleep(0.1)
        page.clock.run_for(seconds * 1000 - 1)
        assert len(api.posted("/messages")) == tries
        page.clock.run_for(1)
    expect(page.get_by_text("Not sent yet, trying again")).to_be_visible()
    expect(page.get_by_role("log").get_by_role("link", name="988")).to_be_visible()
    until(lambda: len(api.posted("/messages")) == 8)
    sleep(0.5)  # until that try is refused too
    api.problem = None
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("mark")).to_be_visible()
    assert (
        len({headers["Idempotency-Key"] for body, headers in api.posted("/messages") if body["text"] != "hello"}) == 1
    )
    expect(page.get_by_role("log").get_by_role("link", name="988")).to_be_hidden()


def test_too_many_messages_say_how_long_to_wait(chat: Page, api: Api):
    open_chat(chat)
    api.problem = (429, {}, {"Retry-After": "7"})
    say(chat, "hello")
    expect(chat.get_by_text("Not sent yet, trying again (7 s)")).to_be_visible()
    expect(chat.get_by_role("log").get_by_role("link", name="988")).to_be_visible()


def test_what_is_refused_for_good_says_so_and_offers_a_person(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am")
    api.problem = (
        422,
        {"detail": "no", "reply": {"outcome": "handover", "message": "Please contact the clinic directly."}},
        {},
    )
    say(chat, "again")
    expect(chat.get_by_role("log")).to_contain_text("Not sent")
    expect(chat.get_by_role("log")).to_contain_text("Please contact the clinic directly.")
    api.problem = None
    say(chat, "What is a trigger point?")
    expect(chat.locator("mark")).to_be_visible()


def test_an_unreachable_server_leaves_the_numbers_and_the_question(page_at: PageAt, base: str, api: Api):
    api.site_is_down = True
    page = page_at(PHONE)
    page.goto(base)
    page.evaluate(
        "document.querySelector('advocate-chat').append(Object.assign(document.createElement('a'), {href: 'tel:5550100', textContent: 'Clinic 555 0100'}))"
    )
    page.get_by_role("button", name="Questions? Ask us").click()
    expect(page.get_by_role("dialog")).to_contain_text("Chat is not reachable right now.")
    expect(page.get_by_role("link", name="911", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="988", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Clinic 555 0100")).to_be_visible()
    api.site_is_down = False
    expect(page.get_by_role("button", name="What is a trigger point?")).to_be_visible()
    expect(page.locator(".notice")).to_be_hidden()


def test_a_stream_that_fell_resumes_and_shows_what_was_missed_once_in_order(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log")).to_contain_text("I have passed your message on.")
    until(lambda: [path for method, path, _, _ in api.requests if path.endswith("/events")])
    chat.wait_for_timeout(300)
    api.streams_are_down = True
    api.drop_streams()
    api.add("claimed", name="Pat Cashen")
    for number in range(3):
        api.add("message", "advocate", name="Pat Cashen", text=f"number {number}")
    chat.wait_for_timeout(600)
    assert not any("number" in line for line in lines(chat))
    api.streams_are_down = False
    chat.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(chat.locator(".staff")).to_have_count(3)
    chat.evaluate("window.dispatchEvent(new Event('online')); window.dispatchEvent(new Event('pageshow'))")
    chat.wait_for_timeout(400)
    assert [line[-8:] for line in lines(chat) if "number" in line] == ["number 0", "number 1", "number 2"]
    marks = [
        headers.get("Last-Event-ID")
        for method, path, _, headers in api.requests
        if method == "GET" and path.endswith("/events")
    ]
    assert marks[0] is None and "2" in marks and marks[-1] == "6"


def test_reconnecting_is_said_after_five_seconds_and_posts_go_on(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am")
    api.streams_are_down = True
    api.drop_streams()
    expect(chat.locator(".notice")).to_contain_text("Reconnecting.", timeout=8_000)
    say(chat, "What is a trigger point?")
    expect(chat.locator("mark")).to_be_visible()


def test_a_conversation_that_was_erased_says_so_and_offers_a_new_one(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am")
    api.problem = (404, {"detail": "gone"}, {})
    say(chat, "are you there?")
    expect(chat.get_by_role("dialog")).to_contain_text("This chat has ended or was erased.")
    api.problem = None
    api.events.clear()
    chat.get_by_role("button", name="Start a new chat").click()
    expect(chat.get_by_role("textbox")).to_have_value("are you there?")
    expect(chat.get_by_role("button", name="What is a trigger point?")).to_be_visible()


# What is kept


def test_the_token_is_kept_and_no_word_of_what_was_said(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log")).to_contain_text("I have passed your message on.")
    kept = json.loads(chat.evaluate("sessionStorage.getItem('advocate:kneecare')"))
    assert set(kept) == {"id", "token", "receipt", "isOpen"}
    assert chat.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [1, 0, ""]
    assert all("secret-token" not in path for _, path, _, _ in api.requests)


def test_a_reload_brings_the_chat_back_without_reading_it_out(chat: Page):
    open_chat(chat)
    say(chat, "What is a trigger point?")
    expect(chat.locator("mark")).to_be_visible()
    chat.add_init_script(
        """addEventListener('advocate:open', () => {
          const log = document.querySelector('advocate-chat').shadowRoot.querySelector('.log')
          window.readOut = 0
          new MutationObserver(() => { if (log.ariaLive !== 'off') window.readOut += 1 }).observe(log, {childList: true})
        })"""
    )
    chat.reload()
    expect(chat.locator("mark")).to_be_visible()
    assert chat.evaluate("readOut") == 0
    assert chat.evaluate("document.activeElement.tagName") == "BODY"
    expect(chat.get_by_role("log")).to_have_attribute("aria-live", "polite")


def test_clearing_takes_two_presses_and_leaves_nothing(chat: Page):
    open_chat(chat)
    say(chat, "What is a trigger point?")
    expect(chat.locator("mark")).to_be_visible()
    chat.get_by_role("button", name="Clear this chat").click()
    expect(chat.locator("mark")).to_be_visible()
    chat.get_by_role("button", name="Press again to clear it here").click()
    expect(chat.get_by_role("button", name="What is a trigger point?")).to_be_visible()
    assert lines(chat) == []
    assert chat.evaluate("sessionStorage.length") == 0


def test_an_unsent_message_and_a_draft_outlive_a_reload_and_are_sent_once(page_at: PageAt, base: str, api: Api):
    page = page_at(PHONE)
    page.goto(base)
    open_chat(page)
    api.problem = (503, {}, {})
    say(page, "my knee is hot, please call me")
    expect(page.get_by_text("Not sent yet, trying again")).to_be_visible()
    say(page, "and tell Pat")
    page.get_by_role("textbox").fill("half a thou")
    page.goto(f"{base}/elsewhere")
    until(lambda: len(api.posted("/conversations")) > 2)
    api.problem = None
    until(lambda: len(api.posted("/messages")) == 2, timeout_s=20)
    page.get_by_role("button", name="Questions? Ask us").click()
    expect(page.get_by_role("textbox")).to_have_value("half a thou")
    expect(page.locator(".mine")).to_have_text(["You: my knee is hot, please call meSent", "You: and tell PatSent"])
    assert [body["text"] for body, _ in api.posted("/messages")] == ["my knee is hot, please call me", "and tell Pat"]
    kept = json.loads(page.evaluate("sessionStorage.getItem('advocate:kneecare')"))
    assert "unsent" not in kept and kept["draft"] == "half a thou"


def test_a_message_whose_answer_was_lost_is_the_same_message_after_a_reload(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am")
    api.loses_answers = api.streams_are_down = True
    api.drop_streams()
    say(chat, "My knee is hot")
    until(lambda: len(api.posted("/messages")) == 2)
    api.loses_answers = api.streams_are_down = False
    chat.reload()
    expect(chat.get_by_role("log")).to_contain_text("I can't give medical advice")
    until(lambda: len(api.posted("/messages")) > 2)
    expect(chat.locator(".mine")).to_have_count(2)
    assert len({headers["Idempotency-Key"] for body, headers in api.posted("/messages")}) == 2


def test_tabs_share_a_chat_and_one_of_them_has_the_stream(chat: Page, base: str, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log")).to_contain_text("I have passed your message on.")
    other = chat.context.new_page()
    other.goto(f"{base}/elsewhere")
    open_chat_again(other)
    expect(other.get_by_role("log")).to_contain_text("I have passed your message on.")
    streams = [path for method, path, _, _ in api.requests if path.endswith("/events")]
    api.add("message", "advocate", name="Pat Cashen", text="seen in both")
    for page in (chat, other):
        expect(page.locator(".staff")).to_have_count(1)
    say(other, "hello")
    expect(chat.locator(".mine").last).to_contain_text("hello")
    assert [path for method, path, _, _ in api.requests if path.endswith("/events")] == streams
    assert len(api.posted("/conversations")) == 1
    chat.close()
    until(lambda: [path for _, path, _, _ in api.requests if path.endswith("/events")] != streams)
    api.add("message", "advocate", name="Pat Cashen", text="and in the one that is left")
    expect(other.locator(".staff")).to_have_count(2)


def test_clearing_in_one_tab_ends_the_chat_in_the_others(chat: Page, base: str, api: Api):
    open_chat(chat)
    say(chat, "hello")
    expect(chat.get_by_role("log")).to_contain_text("Hello, I am")
    other = chat.context.new_page()
    other.goto(base)
    open_chat_again(other)
    expect(other.get_by_role("log")).to_contain_text("Hello, I am")
    other.get_by_role("button", name="Clear this chat").click()
    other.get_by_role("button", name="Press again to clear it here").click()
    expect(chat.locator(".notice")).to_contain_text("This chat has ended or was erased.")
    assert chat.evaluate("sessionStorage.length") == other.evaluate("sessionStorage.length") == 0


# Hands, eyes, screens


SHOWN = """(selector, root = document.querySelector('advocate-chat').shadowRoot) => {
  const box = root.querySelector('.scroll').getBoundingClientRect()
  const node = [...root.querySelectorAll(selector)].at(-1).getBoundingClientRect()
  const floor = Math.min(box.bottom, root.querySelector('.write').getBoundingClientRect().top)
  return node.height > 0 && node.top >= Math.max(0, box.top) - 1 && node.bottom <= floor + 1
}"""


@pytest.mark.parametrize("before", [[], ["hello"], ["What is a trigger point?"], ["What can I expect?"], ["hello"] * 6])
@pytest.mark.parametrize("delay_s", [0.0, 0.4])
def test_the_letter_that_is_asked_for_is_in_sight(
    page_at: PageAt, base: str, api: Api, before: list[str], delay_s: float
):
    page = page_at(PHONE, 844)
    page.goto(base)
    open_chat(page)
    for text in before:
        say(page, text)
        expect(page.locator(".mine").last).to_contain_text("Sent")
    api.delay_s = delay_s
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_role("log")).to_contain_text("Of course.")
    page.wait_for_timeout(150)
    assert page.evaluate(SHOWN, ".letter h3")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640), (1280, 800)])
def test_an_emergency_card_leaves_the_visitors_words_and_the_foot_in_sight(
    page_at: PageAt, base: str, width: int, height: int
):
    page = page_at(width, height)
    page.goto(base)
    open_chat(page)
    say(page, "What can I expect?")
    expect(page.locator("mark").first).to_be_visible()
    say(page, "chest pain")
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_timeout(150)
    assert page.evaluate(SHOWN, ".mine .bubble")
    expect(page.get_by_role("link", name="Emergency? Call 911")).to_be_in_viewport(ratio=1)
    foot = in_chat(page, "[...root.querySelectorAll('.base > *')].map(one => one.getBoundingClientRect().top)")
    assert len(foot) == 2 and max(foot) - min(foot) < 9  # side by side
    hidden = in_chat(page, "root.querySelector('.danger').scrollHeight - root.querySelector('.danger').clientHeight")
    assert width == 320 or hidden <= 0
    for link in ("Call 911", "Call or text 988"):
        expect(page.get_by_role("link", name=link, exact=True)).to_be_in_viewport(ratio=1)


def test_at_400_percent_zoom_the_answering_sentence_is_in_sight(page_at: PageAt, base: str):
    page = page_at(320, 256)
    page.goto(base)
    page.get_by_role("button", name="Questions? Ask us").click()
    say(page, "What is a trigger point?")
    expect(page.locator("mark")).to_be_visible()
    page.wait_for_timeout(150)
    assert page.evaluate(SHOWN, "mark")


def test_enter_within_an_input_method_sends_nothing(chat: Page, api: Api):
    open_chat(chat)
    field = chat.get_by_role("textbox")
    field.fill("にほん")
    for composing in ("{isComposing: true}", "{keyCode: 229}"):
        field.evaluate(
            f"field => field.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, ...{composing}}}))"
        )
    expect(field).to_have_value("にほん")
    assert api.posted("/messages") == []


def test_tab_stays_within_a_sheet_and_leaves_a_panel(page_at: PageAt, base: str):
    page = page_at(PHONE)
    page.goto(base)
    open_chat(page)
    assert active(page) == "TEXTAREA"
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(active(page))
    expect(page.get_by_role("dialog")).to_be_visible()
    assert seen.count("TEXTAREA") >= 1 and seen.count("x") >= 1 and "" not in seen
    page.get_by_role("button", name="Close the chat").focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.tagName") == "ADVOCATE-CHAT"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_keyboard_alone_is_enough(chat: Page):
    chat.keyboard.press("Tab")
    chat.keyboard.press("Tab")
    assert active(chat) == "main launch"
    chat.keyboard.press("Enter")
    assert active(chat) == "TEXTAREA"
    chat.keyboard.type("What is a trigger point?")
    chat.keyboard.press("Shift+Enter")
    chat.keyboard.press("Enter")
    expect(chat.locator("mark")).to_be_visible()
    assert active(chat) == "TEXTAREA"
    for _ in range(2):
        chat.keyboard.press("Shift+Tab")
    assert active(chat) == "plain"
    for _ in range(6):
        chat.keyboard.press("Tab")
    assert chat.evaluate("document.activeElement.tagName") != "ADVOCATE-CHAT"
    chat.get_by_role("textbox").focus()
    chat.keyboard.press("Escape")
    expect(chat.get_by_role("dialog")).to_be_hidden()
    assert active(chat) == "main launch"


def test_spanish_fits_the_smallest_screen(page_at: PageAt, base: str, api: Api):
    api.page |= {"lang": "es"}
    page = page_at(320)
    page.goto(base)
    page.get_by_role("button", name="¿Preguntas? Escríbanos").click()
    page.get_by_role("button", name="Hablar con una persona").click()
    expect(page.get_by_role("region", name="Su mensaje para Pat Cashen")).to_be_visible()
    assert in_chat(page, OVERFLOWING) == []
    assert findings(page) == []


def test_what_has_the_focus_is_never_behind_the_panel(page_at: PageAt, base: str):
    page = page_at(PHONE)
    page.goto(base)
    open_chat(page)
    page.evaluate("document.querySelector('main a').focus()")
    expect(page.get_by_role("dialog")).to_be_hidden()


OVERFLOWING = """[...root.querySelectorAll('.panel *')].filter(one => one.scrollWidth > one.clientWidth + 1
  && one.clientWidth > 1 && getComputedStyle(one).display !== 'inline').map(one => one.className)"""
EDGES = (
    """['Left', 'Right'].map(side => parseFloat(getComputedStyle(root.querySelector('.clip'))[`border${side}Width`]))"""
)
# In forced colours nothing has a background of its own: what is a box by its colour alone would be none.
EDGELESS = """[...root.querySelectorAll('.bubble, .clip, .box, .letter, .danger, .main, .plain, .call, textarea, .launch')]
  .filter(one => one.offsetParent && !/[1-9]/.test(getComputedStyle(one).borderWidth)).map(one => one.className)"""
SMALL_TARGETS = """[...root.querySelectorAll('button, .call, textarea, .base a, .row a')].filter(one => one.offsetParent
  && one.getBoundingClientRect().height < 43.9).map(one => one.outerHTML)"""


def show_closed(page: Page, api: Api) -> None:
    expect(page.get_by_role("button", name="Questions? Ask us")).to_be_visible()


def show_first_screen(page: Page, api: Api) -> None:
    open_chat(page)


def show_quotes(page: Page, api: Api) -> None:
    open_chat(page)
    say(page, "What can I expect?")
    expect(page.locator("mark").first).to_be_visible()


def show_emergency(page: Page, api: Api) -> None:
    open_chat(page)
    say(page, "chest pain")
    expect(page.get_by_role("alert")).to_be_visible()


def show_suggestions(page: Page, api: Api) -> None:
    open_chat(page)
    say(page, "What does it cost?")
    expect(page.get_by_text("Closest on our page:")).to_be_visible()


def show_handover(page: Page, api: Api) -> None:
    open_chat(page)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_role("log")).to_contain_text("Of course.")


def show_talk(page: Page, api: Api) -> None:
    show_handover(page, api)
    api.is_claimed = True
    api.add("claimed", name="Pat Cashen")
    api.add("message", "advocate", name="Pat Cashen", text="Hello, this is Pat. How can I help?")
    expect(page.locator(".staff .bubble")).to_be_visible()
    api.add("message", "advocate", name="Pat Cashen", text="Our page says:", reply=REPLIES["What can I expect?"])
    expect(page.locator(".staff .clip").first).to_be_visible()
    say(page, "I would like to book a visit.")
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()


def show_offline(page: Page, api: Api) -> None:
    open_chat(page)
    page.context.set_offline(True)
    page.wait_for_function("!navigator.onLine")  # the browser may take a moment to hear of it
    say(page, "hello")
    expect(page.get_by_text("Not sent yet, trying again")).to_be_visible()


def show_unreachable(page: Page, api: Api) -> None:
    api.site_is_down = True
    page.get_by_role("button", name="Questions? Ask us").click()
    expect(page.locator(".notice")).to_contain_text("Chat is not reachable")


STATES = [
    show_closed, show_first_screen, show_quotes, show_emergency, show_suggestions, show_handover, show_talk, show_offline,
    show_unreachable,
]  # fmt: skip


@pytest.mark.parametrize("show", STATES, ids=lambda show: show.__name__)
def test_no_barrier_is_found_and_no_policy_is_broken(
    page_at: PageAt, base: str, api: Api, show: Callable[[Page, Api], None]
):
    page = page_at(PHONE, reduced_motion="reduce")
    page.goto(base)
    show(page, api)
    page.context.set_offline(False)
    for width in (PHONE, 320, DESKTOP):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, forced_colors="none")
            assert findings(page) == []
        page.emulate_media(forced_colors="active")
        assert in_chat(page, EDGELESS) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert in_chat(page, OVERFLOWING) == []
        assert in_chat(page, SMALL_TARGETS) == []
    assert page.evaluate("violations") == []


@pytest.mark.parametrize("height", [250, 320])
def test_a_very_low_screen_scrolls_as_a_whole_and_keeps_the_text_box(page_at: PageAt, base: str, height: int):
    page = page_at(320, height)
    page.goto(base)
    page.get_by_role("button", name="Questions? Ask us").click()
    say(page, "chest pain")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(page.get_by_role("textbox")).to_be_in_viewport()
    page.get_by_role("textbox").focus()
    expect(page.get_by_role("link", name="Call 911", exact=True)).to_be_in_viewport()


def test_text_twice_as_large_loses_nothing(page_at: PageAt, base: str):
    page = page_at(PHONE)
    page.goto(base)
    open_chat(page)
    page.evaluate(
        "document.querySelector('advocate-chat').shadowRoot.querySelector('.root').style.setProperty('font-size', '34px')"
    )
    say(page, "What can I expect?")
    expect(page.locator("mark").first).to_be_visible()
    assert in_chat(page, "root.querySelector('.panel').scrollWidth <= root.querySelector('.panel').clientWidth")
    expect(page.get_by_role("textbox")).to_be_in_viewport()


def test_spanish_and_right_to_left_pages(page_at: PageAt, base: str, api: Api):
    api.page |= {"lang": "es-MX", "dir": "rtl"}
    page = page_at(DESKTOP)
    page.goto(base)
    page.get_by_role("button", name="¿Preguntas? Escríbanos").click()
    expect(page.get_by_role("button", name="Hablar con una persona")).to_be_visible()
    assert in_chat(page, "root.querySelector('.panel').getBoundingClientRect().right") > DESKTOP - 40
    page.get_by_role("textbox").fill("What is a trigger point?")
    page.keyboard.press("Enter")
    expect(page.locator("blockquote")).to_have_attribute("lang", "en")
    assert in_chat(page, EDGES) == [4, 0]
    in_chat(page, "root.querySelector('.root').dir = 'rtl'")  # as a catalogue whose `ltr` says `rtl` would have it
    assert in_chat(page, EDGES) == [0, 4]
    assert in_chat(page, OVERFLOWING) == [] and not findings(page)
    until(lambda: "/api/v1/sites/kneecare?lang=es" in [path for _, path, _, _ in api.requests])
    assert api.posted("/conversations")[0][0]["language"] == "es"


# The page's own hands


def test_without_a_site_the_console_says_so_and_what_stands_in_the_tag_shows(page_at: PageAt, base: str, api: Api):
    api.page |= {"site": "", "body": "<advocate-chat><a href='tel:5550100'>555 0100</a></advocate-chat>"}
    page = page_at(DESKTOP)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(base)
    until(lambda: page.evaluate("document.readyState") == "complete" and any("data-site" in text for text in said))
    expect(page.get_by_role("link", name="555 0100")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert api.requests == []


def test_a_page_whose_origin_is_not_allowed_tells_its_maker_what_to_set(page_at: PageAt, base: str):
    page = page_at(DESKTOP, bypass_csp=True)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    other = base.replace("127.0.0.1", "localhost")
    page.goto(f"{other}/parts/texts.mjs")  # no chat of its own
    page.evaluate(
        """src => {
          const script = Object.assign(document.createElement('script'), {src})
          script.dataset.site = 'kneecare'
          document.head.append(script)
        }""",
        f"{base}/widget.js",
    )
    page.get_by_role("button", name="Questions? Ask us").click()
    expect(page.get_by_role("dialog")).to_contain_text("Chat is not reachable right now.")
    until(lambda: any(f"add {other} to allowed_origins" in text for text in said))


def test_a_tag_that_comes_without_a_site_complains_too(page_at: PageAt, base: str):
    page = page_at(DESKTOP)
    page.goto(base)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(
        "customElements.get('advocate-chat') && (delete PatientAdvocate.element, document.body.append(document.createElement('advocate-chat')))"
    )
    until(lambda: any("data-site" in text for text in said))


def test_a_page_may_give_the_element_a_name_of_its_own(page_at: PageAt, base: str):
    page = page_at(DESKTOP)
    page.goto(base)
    defined = """(() => {
      const Chat = class extends customElements.get('advocate-chat') {}
      return Chat.define('clinic-chat') === Chat && customElements.get('clinic-chat') === Chat
    })()"""
    assert page.evaluate(defined)


def test_the_page_may_open_it_early_listen_and_stop_listening(page_at: PageAt, base: str, api: Api):
    page = page_at(DESKTOP)
    page.add_init_script("window.PatientAdvocate = [['open']]")
    page.goto(base)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("void (window.off = PatientAdvocate.on('close', () => window.heard = (window.heard ?? 0) + 1))")
    page.evaluate("PatientAdvocate.close(); off(); PatientAdvocate.toggle(); PatientAdvocate.push(['close'])")
    assert page.evaluate("heard") == 1
    page.evaluate("PatientAdvocate.hide()")
    expect(page.get_by_role("button", name="Questions? Ask us")).to_be_hidden()
    page.evaluate("PatientAdvocate.show()")
    expect(page.get_by_role("button", name="Questions? Ask us")).to_be_visible()


def test_the_page_may_ask_for_the_visitor_and_say_who_it_is(page_at: PageAt, base: str, api: Api):
    page = page_at(DESKTOP)
    page.add_init_script("window.PatientAdvocate = [['setVisitor', {name: 'Ann', contact: '555 0100'}]]")
    page.goto(base)
    page.wait_for_function("PatientAdvocate.element?.shadowRoot")
    assert api.requests == []  # until something is asked
    page.evaluate("PatientAdvocate.push(['ask', 'My knee is hot'])")
    expect(page.get_by_role("log")).to_contain_text("I have passed your message on.")
    letter = page.get_by_role("region", name="Your message to Pat Cashen")
    expect(letter.get_by_label("Your name")).to_have_value("Ann")
    expect(letter.get_by_label("Phone or email")).to_have_value("555 0100")
    page.evaluate("PatientAdvocate.ask('word '.repeat(900))")
    expect(page.get_by_role("dialog")).to_contain_text("499 characters too long")
    assert "555 0100" not in json.dumps([body for body, _ in api.posted("")])


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_page_may_have_the_chat_in_its_text(page_at: PageAt, base: str, api: Api, width: int):
    api.page |= {"body": "<p>Before</p><advocate-chat data-inline></advocate-chat><p id='after'>After</p>"}
    page = page_at(width)
    page.goto(base)
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    expect(page.get_by_role("button", name="Questions? Ask us")).to_have_count(0)
    expect(panel.get_by_role("button", name="Close")).to_be_hidden()
    assert page.evaluate("document.activeElement.localName") == "body"
    say(page, "What is a trigger point?")
    expect(page.locator("mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_visible()
    bottom = in_chat(page, "root.querySelector('.panel').getBoundingClientRect().bottom")
    assert page.evaluate("document.querySelector('#after').getBoundingClientRect().top") >= bottom
    assert not findings(page)


def test_settings_are_attributes(page_at: PageAt, base: str, api: Api):
    api.page |= {
        "attributes": 'data-lang="es" data-position="left" data-launcher="#ask" data-open="#chat"',
        "body": '<button id="ask">Ask the clinic</button>',
    }
    page = page_at(DESKTOP)
    page.goto(base)
    expect(page.get_by_role("button", name="¿Preguntas?")).to_have_count(0)
    page.get_by_role("button", name="Ask the clinic").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert in_chat(page, "root.querySelector('.panel').getBoundingClientRect().left") == 16
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "ask"
    page.evaluate("location.hash = '#chat'")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_it_survives_being_moved_and_a_new_body(chat: Page, api: Api):
    open_chat(chat)
    say(chat, "My knee is hot")
    expect(chat.get_by_role("log")).to_contain_text("I have passed your message on.")
    chat.evaluate("document.querySelector('main').prepend(document.querySelector('advocate-chat'))")
    api.add("message", "advocate", name="Pat Cashen", text="still here")
    expect(chat.locator(".staff")).to_have_count(1)
    chat.evaluate("document.body.replaceWith(document.createElement('body'))")
    expect(chat.locator(".staff")).to_have_count(1)
    api.add("message", "advocate", name="Pat Cashen", text="and heard again")
    expect(chat.locator(".staff")).to_have_count(2)


@pytest.mark.parametrize(
    "replace",
    [
        "document.body.innerHTML = '<main><h1>Another page</h1></main>'",
        "document.querySelector('main').replaceChildren()",
        "document.querySelector('advocate-chat').remove()",
        "document.body.innerHTML = '<main><advocate-chat></advocate-chat></main>'",
    ],
)
def test_it_comes_back_with_its_conversation_when_a_page_is_replaced_in_place(
    page_at: PageAt, base: str, api: Api, replace: str
):
    api.page |= {"body": "<advocate-chat></advocate-chat>"}
    page = page_at(DESKTOP)
    page.add_init_script("trustedTypes?.createPolicy?.('default', {createHTML: text => text})")
    page.goto(base)
    open_chat(page)
    say(page, "My knee is hot")
    expect(page.get_by_role("log")).to_contain_text("I have passed your message on.")
    page.evaluate(replace)
    expect(page.get_by_role("log")).to_contain_text("I have passed your message on.")
    assert page.evaluate("document.querySelectorAll('advocate-chat').length") == 1
    api.add("message", "advocate", name="Pat Cashen", text="still here")
    expect(page.locator(".staff")).to_have_count(1)


def test_a_second_script_and_a_second_tag_change_nothing(page_at: PageAt, base: str, api: Api):
    api.page |= {
        "body": '<script async src="/widget.js"></script><advocate-chat id="one"></advocate-chat><advocate-chat></advocate-chat>'
    }
    page = page_at(DESKTOP)
    page.goto(base)
    open_chat(page)
    assert page.evaluate("[...document.querySelectorAll('advocate-chat')].map(one => Boolean(one.shadowRoot))") == [
        True,
        False,
    ]
    assert page.evaluate("PatientAdvocate.element.id") == "one"


def test_a_hostile_style_sheet_changes_nothing(page_at: PageAt, base: str):
    page = page_at(DESKTOP)
    page.goto(base)
    page.evaluate(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('* {margin: 9px !important; font-size: 8px; display: inline !important; position: static}"
        " html {font-size: 62.5%} header {z-index: 2147483647}'); document.adoptedStyleSheets = [sheet]"
    )
    open_chat(page)
    assert in_chat(
        page, "[root.querySelector('.panel').offsetWidth, getComputedStyle(root.querySelector('textarea')).fontSize]"
    ) == [400, "17px"]


def test_the_page_url_goes_without_its_query(page_at: PageAt, base: str, api: Api):
    page = page_at(DESKTOP)
    page.goto(f"{base}/knees?name=Ann#me")
    open_chat(page)
    say(page, "hello")
    until(lambda: api.posted("/messages"))
    assert api.posted("/conversations")[0][0] == {"language": "en", "page_url": f"{base}/knees"}
    assert re.fullmatch(r"[0-9a-f]{32}", api.posted("/messages")[0][1]["Idempotency-Key"])


def test_what_a_site_may_set_of_the_look_is_shown(page_at: PageAt, base: str, api: Api):
    api.site["look"] = {"accent": "#5b2a86", "radius_px": 0, "font": "serif"}
    page = page_at(DESKTOP)
    page.goto(base)
    open_chat(page)
    assert in_chat(page, "getComputedStyle(root.querySelector('.write .main')).backgroundColor") == "rgb(91, 42, 134)"
    assert page.evaluate("violations") == []
