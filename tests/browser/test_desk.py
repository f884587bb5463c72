"""The advocates' desk in a real browser, on a real server and store: live, by keyboard, on a phone, and for everyone."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Locator, Page, Route, expect

from server.core.handing import presence
from server.core.handing.alerts import NO_ONE
from server.settings import Settings
from server.storage import Role, Store
from server.web.app import create_app
from server.web.words.moments import waiting_words
from tests.server.storage.clinic import read_only
from tests.server.web.stand_in import StandIn
from tests.server.web.stand_in_server import seed

PASSWORD = "quiet orchard lamp"
PHONE, DESKTOP = 390, 1280
SORE = "Is my knee all right?"
SHOTS = Path(__file__).parent / "screenshots"
PageAt = Callable[..., Page]


class Clinic:
    """A running server, and visitors who come to it."""

    def __init__(self, url: str, app: FastAPI) -> None:
        self.url = url
        self.app = app
        self._visitors = httpx.Client(base_url=url)
        self._keys = count()

    def visitor(self, text: str) -> str:
        """Someone new says something; gives what lets them say more."""
        started = self._visitors.post("/api/v1/sites/kneecare/conversations", json={}).raise_for_status().json()
        visitor = f"{started['id']} {started['token']}"
        self.say(visitor, text)
        return visitor

    def say(self, visitor: str, text: str) -> None:
        self.post(visitor, "messages", {"text": text})

    def post(self, visitor: str, door: str, body: dict[str, object]) -> None:
        conversation_id, token = visitor.split()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{next(self._keys)}"}
        path = f"/api/v1/conversations/{conversation_id}/{door}"
        self._visitors.post(path, json=body, headers=headers).raise_for_status()

    def shut(self, name: str, *, act: str = "shut") -> None:
        """An administrator shuts an account, or opens it again (`act="open"`)."""
        with httpx.Client(base_url=self.url, timeout=30) as admin:
            admin.post("/sign-in", data={"email": "ada@kneecare.test", "password": PASSWORD})
            found = re.search(rf'href="(/admin/people/[0-9a-f]+)">{name}<', admin.get("/admin").text)
            assert found, f"{name} is not among the people"
            assert admin.post(f"{found[1]}/{act}").status_code == 303

    @property
    def store(self) -> Store:
        store: Store = self.app.state.parts.store
        return store

    def save_reply(self, title: str, text: str) -> None:
        """Sam saves a reply."""
        with httpx.Client(base_url=self.url, timeout=30) as sam:
            sam.post("/sign-in", data={"email": "sam@kneecare.test", "password": PASSWORD})
            owner = re.search(r'<option value="([0-9a-f]{32})" selected', sam.get("/desk/replies").text)
            assert owner
            soon = f"{datetime.now() + timedelta(days=90):%Y-%m-%d}"
            form = {"title": title, "text": text, "owner": owner[1], "review_on": soon}
            assert sam.post("/desk/replies/kneecare", data=form).status_code == 303
            sam.post("/sign-out")

    def close(self) -> None:
        self._visitors.close()


@pytest.fixture
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    """A clinic, without alerts unless a test names a webhook."""
    settings = Settings(data_dir=tmp_path, rate_limit="off", webhook_url=getattr(request, "param", ""))
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings, assistants=StandIn())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))

    def run() -> None:  # beside the browser's own loop, which has the main thread
        asyncio.run(hire(settings.database))
        server.run(sockets=[listener])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    end = monotonic() + 30
    while not server.started:
        assert monotonic() < end, "the server did not start"
        sleep(0.02)
    clinic = Clinic(f"http://127.0.0.1:{listener.getsockname()[1]}", app)
    yield clinic
    clinic.close()
    server.should_exit = True
    thread.join(10)


async def hire(url: str) -> None:
    await seed(url)
    store = await Store.open(url)
    for name in ("Pat Cashen", "Sam Reed"):
        await store.staff.add(f"{name.split()[0].lower()}@kneecare.test", name, Role.ADVOCATE, PASSWORD)
    await store.staff.add("ada@kneecare.test", "Ada Hale", Role.ADMIN, PASSWORD)
    await store.close()


@pytest.fixture
def desk_of(page_at: PageAt, clinic: Clinic) -> Iterator[Callable[..., Page]]:
    """`desk_of("pat", width)` signs someone in and stands them at the desk; a broken policy fails the test."""
    broken: list[str] = []

    def stand(who: str, width: int = DESKTOP, **options: object) -> Page:
        page = page_at(width, 844 if width == PHONE else 800, **options)
        page.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(f"{clinic.url}/sign-in")
        page.get_by_label("Email address").fill(f"{who}@kneecare.test")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{clinic.url}/desk")
        if options.get("java_script_enabled", True):
            expect(page.get_by_role("button", name="Sound")).to_be_visible()  # the script is at work
        return page

    yield stand
    assert broken == []


def findings(page: Page) -> list[str]:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": tags})
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


def open_by_keys(page: Page) -> None:
    """Open the first conversation of the queue without a mouse."""
    page.keyboard.press("j")
    expect(page.locator(".queue-row a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Claim and reply")).to_be_visible()


def claim_by_keys(page: Page) -> None:
    open_by_keys(page)
    page.keyboard.press("c")
    expect(page.get_by_label("Reply as")).to_be_focused()


# Live


def test_a_handover_appears_without_reloading(desk_of: Callable[..., Page], clinic: Clinic):
    page = desk_of("pat")
    expect(page.get_by_text("No one is waiting.")).to_be_visible()
    page.evaluate("window.isSamePage = true")
    clinic.visitor(SORE)
    expect(page.locator(".queue-row")).to_contain_text(SORE)
    expect(page).to_have_title("(1) The desk")
    clinic.visitor("I have chest pain")
    expect(page.locator(".queue-row").first).to_contain_text("Emergency")
    expect(page).to_have_title("(1 urgent!) The desk")

    page.keyboard.press("/")
    expect(page.get_by_label("Words")).to_be_focused()
    page.keyboard.type("parking")
    rows = page.locator(".queue-row .first-line")
    expect(rows).to_have_text(["I have chest pain"])  # no search hides an emergency
    expect(page.get_by_text("0 found. 1 other waits.")).to_be_visible()
    clinic.visitor("What does parking cost?")
    expect(rows).to_have_text(["I have chest pain", "What does parking cost?"])
    assert findings(page) == [] and "parking" not in page.url
    page.get_by_role("link", name="Show everyone").click()
    expect(rows).to_have_count(3)
    assert page.evaluate("window.isSamePage")


NOTIFICATIONS = """
window.told = []
window.Notification = class {
  static permission = 'granted'
  constructor(title, {body}) { window.told.push(`${title}. ${body}`) }
  addEventListener() {}
}
document.hasFocus = () => false
"""


def test_sound_and_notifications_are_asked_for_once_and_hold_no_words(desk_of: Callable[..., Page], clinic: Clinic):
    page = desk_of("pat")
    asked = page.get_by_role("region", name="Sound and notifications")
    expect(asked).to_be_visible()
    assert findings(page) == []
    page.evaluate(NOTIFICATIONS)
    asked.get_by_role("button", name="Yes, ring and notify me").click()
    expect(asked).to_be_hidden()
    clinic.visitor("I have chest pain")
    page.wait_for_function("told.length > 0")
    assert page.evaluate("told") == ["Emergency: someone is waiting. Open the desk to answer."]
    page.reload()
    expect(page.get_by_role("button", name="Sound: on")).to_be_visible()
    expect(asked).to_be_hidden()


def test_it_appears_by_asking_when_there_is_no_stream(desk_of: Callable[..., Page], clinic: Clinic):
    page = desk_of("pat")
    page.add_init_script("delete window.EventSource")
    page.reload()
    clinic.visitor(SORE)
    expect(page.locator(".queue-row")).to_contain_text(SORE, timeout=8_000)


def test_pat_opens_claims_and_replies_by_keyboard_alone(desk_of: Callable[..., Page], clinic: Clinic):
    visitor = clinic.visitor(SORE)
    clinic.save_reply("Ring back", "We will ring you back today.")
    clinic.save_reply("Hours", "We open at eight.")
    page = desk_of("pat")
    claim_by_keys(page)
    page.keyboard.type("Hello, this is Pat.")
    page.keyboard.press("Control+Enter")
    log = page.get_by_role("log")
    expect(log.get_by_text("Hello, this is Pat.")).to_be_visible()
    expect(page.get_by_label("Reply as")).to_have_value("")
    clinic.say(visitor, "Thank you, Pat")
    expect(log.get_by_text("Thank you, Pat")).to_be_visible()
    clinic.post(visitor, "typing", {})
    expect(page.get_by_text("The visitor is writing")).to_be_visible()

    page.keyboard.press("/")
    expect(page.get_by_label("Find a saved reply")).to_be_focused()
    page.keyboard.type("ring")
    expect(page.locator(".saved-reply:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reply as")).to_be_focused()
    page.keyboard.type(" Pat")
    expect(page.get_by_label("Reply as")).to_have_value("We will ring you back today. Pat")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_label("Find a saved reply")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Reply as")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(log.locator(".said-text.advocate").last).to_have_text("We will ring you back today. Pat")


def test_of_two_colleagues_one_gets_it_and_the_other_reads_who(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    pat, sam = desk_of("pat"), desk_of("sam")
    for page in (pat, sam):
        open_by_keys(page)
    sam.route("**/desk/events*", lambda route: route.abort())  # Sam's screen is a moment behind
    sam.reload()
    pat.keyboard.press("c")
    expect(pat.get_by_label("Reply as Pat Cashen")).to_be_focused()
    sam.keyboard.press("c")
    expect(sam.get_by_text("Pat Cashen took this conversation just before you.")).to_be_visible()
    expect(sam.get_by_text("Pat Cashen is answering this conversation.")).to_be_visible()


def test_what_came_in_meanwhile_is_read_before_the_reply_goes_out(desk_of: Callable[..., Page], clinic: Clinic):
    visitor = clinic.visitor(SORE)
    page = desk_of("pat")
    claim_by_keys(page)
    page.keyboard.type("You can wait until Monday.")
    page.evaluate("document.querySelector('#log-frame').scrollTop = 0")
    page.evaluate("document.querySelector('[name=seen_seq]').value = '2'")  # as if the line had been slow
    page.route("**/desk/events*", lambda route: route.abort())
    clinic.say(visitor, "It is much worse now")
    page.evaluate("document.querySelector('[name=seen_seq]').value = '2'")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("Not sent yet: 1 new message came in"))).to_be_visible()
    expect(page.get_by_role("log").get_by_text("It is much worse now")).to_be_visible()
    expect(page.get_by_label("Reply as")).to_have_value("You can wait until Monday.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("log").get_by_text("You can wait until Monday.")).to_be_visible()


# A draft is kept in the page, and nowhere else


def test_a_draft_survives_another_conversation_and_is_stored_nowhere(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    claim_by_keys(page)
    page.keyboard.type("Half a thought")
    clinic.visitor("What does it cost?")
    page.locator(".queue-row", has_text="What does it cost?").click()
    expect(page.get_by_role("button", name="Claim and reply")).to_be_visible()
    page.locator(".queue-row", has_text=SORE).click()
    expect(page.get_by_label("Reply as")).to_have_value("Half a thought")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Half" not in kept and "knee" not in kept and "Half" not in page.url


def test_without_a_line_the_words_stay_and_pat_is_told(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    claim_by_keys(page)
    page.keyboard.type("Are you there?")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("Not sent: there is no connection"))).to_be_visible()
    expect(page.get_by_label("Reply as")).to_have_value("Are you there?")
    page.context.set_offline(False)
    with read_only(clinic.store):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text(re.compile("Not sent: nothing can be stored now"))).to_be_visible()
        expect(page.get_by_text(re.compile("New messages cannot be stored"))).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("log").get_by_text("Are you there?")).to_be_visible()
    expect(page.get_by_text(re.compile("New messages cannot be stored"))).to_be_hidden()


def test_signed_out_the_words_leave_the_screen(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    open_by_keys(page)
    page.evaluate("fetch('/sign-out', {method: 'POST'})")
    expect(page.get_by_text("You were signed out.")).to_be_visible(timeout=8_000)
    expect(page.get_by_role("log")).to_be_hidden()
    expect(page).to_have_title("Signed out")


# What was pressed is done in order, and what was typed outlives news


def test_what_is_pressed_while_a_reply_is_on_its_way_waits_for_it(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    claim_by_keys(page)
    page.keyboard.type("Hello, this is Pat.")
    failing = send_slowly(page)
    close_by_keys(page)
    failing.abort()
    expect(page.get_by_text(re.compile("Not sent: there is no connection"))).to_be_visible()
    expect(page.get_by_text("What you pressed after it was not done.")).to_be_visible()
    expect(page.get_by_label("Reply as")).to_have_value("Hello, this is Pat.")

    page.keyboard.press("Escape")
    page.keyboard.press("r")
    slow = send_slowly(page)
    page.keyboard.press("Control+Enter")
    page.keyboard.type(" Monday is fine.")
    page.keyboard.press("Control+Enter")
    close_by_keys(page)
    slow.continue_()
    expect(page.get_by_text("Closed: answered. Pat Cashen closed it.")).to_be_visible()
    assert said(page, "#log .said-text.advocate") == ["Hello, this is Pat.", "Monday is fine."]


def send_slowly(page: Page) -> Route:
    """Send the reply by keys; it is held back on its way, later ones are not."""
    held: list[Route] = []
    page.route("**/messages", lambda route: held.append(route), times=1)
    page.keyboard.press("Control+Enter")
    end = monotonic() + 15
    while not held:  # the browser tells of a request before it is held back
        assert monotonic() < end, "the reply was not sent"
        page.evaluate("0")
    return held[0]


def close_by_keys(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.get_by_label("Answered")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")


def test_what_was_typed_and_chosen_outlives_news(desk_of: Callable[..., Page], clinic: Clinic):
    visitor = clinic.visitor("I have chest pain")
    page = desk_of("pat")
    desk_of("ada"), desk_of("sam")
    claim_by_keys(page)
    page.get_by_label("Find a passage to quote").fill("trigger point")
    page.locator("#pass-on summary").click()
    page.get_by_label("Give to a colleague").select_option("Sam Reed")
    page.get_by_label("Note for them").fill("She knows you.")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.get_by_label("Emergency care advised").check()
    now = f"{datetime.now(ZoneInfo('America/Chicago')):%H:%M}"
    page.get_by_label("When you advised emergency care").fill(now)
    page.get_by_label("If it was spam").check()
    page.evaluate("document.querySelector('#doing').classList.add('old')")
    clinic.post(visitor, "handover", {"name": "Ann", "contact": "555 0100", "text": "Soon please"})
    expect(page.locator("#doing.old")).to_have_count(0)
    expect(page.get_by_label("When you advised emergency care")).to_have_value(now)
    expect(page.get_by_label("When you advised emergency care")).to_be_visible()
    expect(page.get_by_label("Emergency care advised", exact=True)).to_be_checked()
    expect(page.get_by_label("If it was spam")).to_be_checked()
    expect(page.get_by_label("Note for them")).to_have_value("She knows you.")
    assert page.locator("#transfer-to").evaluate("one => one.selectedOptions[0].text") == "Sam Reed"
    expect(page.get_by_label("Find a passage to quote")).to_have_value("trigger point")
    page.get_by_role("button", name="Close conversation").click()
    expect(page.get_by_text("Closed: emergency care advised")).to_be_visible()


# Quotes and steps


def test_a_passage_is_found_and_goes_beside_the_reply_word_for_word(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    claim_by_keys(page)
    page.keyboard.type("As our page says:")
    find(page, "What is a trigger point?")
    found = page.locator(".passage").first
    expect(found).to_contain_text("A trigger point is a taut band of muscle")
    words = found.locator(".quote-text").evaluate("one => one.textContent")
    found.get_by_role("button", name="Insert this quote").click()
    expect(page.locator("#picked .quote-text")).to_have_text(words)
    expect(page.get_by_label("Reply as")).to_have_value("As our page says:")
    page.get_by_label("Reply as").press("Control+Enter")
    log = page.get_by_role("log")
    expect(log.locator("figure.quote .quote-text").last).to_have_text(words)
    expect(log.get_by_role("link", name="Read it on the page").last).to_be_visible()
    expect(page.locator("#picked .quote")).to_have_count(0)
    expect(page.get_by_label("Reply as")).to_have_value("")


def test_close_insert_passages_and_four_lines_of_reply_are_in_sight(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    page.get_by_role("button", name="Not now").click()
    claim_by_keys(page)
    find(page, "What is a trigger point?")
    for one in (page.locator("#close summary"), page.locator(".passage").first, page.locator("#reply")):
        expect(one).to_be_in_viewport(ratio=1)
    expect(page.locator(".passage").first.get_by_role("button")).to_be_in_viewport(ratio=1)
    page.locator(".passage").first.get_by_role("button").click()
    expect(page.locator("#picked .quote")).to_be_in_viewport(ratio=1)
    expect(page.locator(".passage").first).to_be_in_viewport()
    lines = "one => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)"
    assert page.locator("#reply").evaluate(lines) >= 4
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Close conversation")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("clinic", ["http://127.0.0.1:9/nobody-listens"], indirect=True)
def test_both_banners_are_one_calm_line_each_and_push_nothing_out_of_sight(
    desk_of: Callable[..., Page], clinic: Clinic
):
    with ThreadPoolExecutor() as beside:  # the browser's own loop has this thread
        beside.submit(asyncio.run, miss_a_drill(clinic.app.state.parts.settings.database)).result()
    clinic.visitor("I have chest pain")
    page = desk_of("pat")
    page.get_by_role("button", name="Not now").click()
    page.locator(".queue-row a").first.click()
    page.get_by_role("button", name="Claim and reply").click()
    for words in ("Alerts do not arrive.", "Nobody took the last drill at"):
        banner = page.locator(".trouble", has_text=words)
        expect(banner).to_be_visible()
        assert banner.evaluate(LINES) == 1
        assert banner.evaluate("one => one.getBoundingClientRect().height") <= 50
    for one in (page.get_by_role("button", name="Send", exact=True), page.locator("#close summary")):
        expect(one).to_be_in_viewport(ratio=1)
    colours = page.locator(".trouble, .queue-row.urgent .reason").evaluate_all(
        "all => all.map(one => getComputedStyle(one).color)"
    )
    assert len(set(colours)) == 2 and colours[0] == colours[1]  # red is an emergency's alone


LINES = """banner => {
  const words = document.createRange()
  words.selectNodeContents(banner.querySelector('summary'))
  return new Set([...words.getClientRects()].map(one => Math.round(one.top))).size
}"""


async def miss_a_drill(url: str) -> None:
    """A drill that began long enough ago for nobody to have taken it."""
    began = datetime.now(UTC) - timedelta(minutes=11)
    store = await Store.open(url, clock=lambda: began)
    await store.drills.begin("kneecare", NO_ONE, by="test")
    await store.close()
    store = await Store.open(url)
    await store.drills.end(lambda _site: NO_ONE)
    await store.close()


def test_of_an_emergency_the_script_the_reply_and_the_close_are_in_sight(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor("I have chest pain")
    for width in (DESKTOP, PHONE):
        page = desk_of("pat", width)
        page.get_by_role("button", name="Not now").click()
        page.locator(".queue-row a").click()
        if width == DESKTOP:
            page.get_by_role("button", name="Claim and reply").click()
        for one in (page.get_by_role("button", name="Send “Call 911 now”"), page.locator("#close summary")):
            expect(one).to_be_in_viewport(ratio=1)
        expect(page.locator("#reply")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.querySelector('#log-frame').clientHeight") > 150


def test_on_a_phone_passages_and_reply_are_in_sight_together(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat", PHONE)
    page.get_by_role("button", name="Not now").click()
    page.locator(".queue-row a").click()
    page.get_by_role("button", name="Claim and reply").click()
    page.get_by_role("link", name="Why and passages").click()
    find(page, "What is a trigger point?")
    page.get_by_role("link", name="Conversation").click()
    expect(page.locator(".passage").first.get_by_role("button")).to_be_in_viewport(ratio=1)
    for one in (
        page.locator("#reply"),
        page.get_by_role("button", name="Send", exact=True),
        page.locator("#close summary"),
    ):
        expect(one).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('#log-frame').clientHeight") > 150
    page.locator(".passage").first.get_by_role("button").click()
    expect(page.locator("#picked .quote")).to_be_visible()


def find(page: Page, words: str) -> None:
    page.get_by_label("Find a passage to quote").fill(words)
    page.keyboard.press("Enter")
    expect(page.locator(".passage").first).to_be_visible()


def test_a_note_is_kept_for_staff_and_given_with_the_conversation(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    pat, sam = desk_of("pat"), desk_of("sam")
    claim_by_keys(pat)
    pat.keyboard.type("A reply begun")
    pat.keyboard.press("Escape")
    pat.keyboard.press("n")
    pat.keyboard.type("She sounds frightened.")
    pat.keyboard.press("Control+Enter")
    expect(pat.locator(".note")).to_contain_text("She sounds frightened.")
    pat.keyboard.press("Escape")
    pat.keyboard.press("r")
    expect(pat.get_by_label("Reply as")).to_have_value("A reply begun")
    pat.keyboard.press("Escape")
    pat.keyboard.press("p")
    expect(pat.get_by_label("Give to a colleague")).to_be_focused()
    pat.get_by_label("Note for them").fill("You know her.")
    pat.get_by_role("button", name="Give it").click()
    expect(pat.get_by_text("Sam Reed is answering this conversation.")).to_be_visible()
    sam.locator(".queue-row.mine a").click()
    expect(sam.get_by_label("Reply as Sam Reed")).to_be_visible()
    sam.get_by_text("2 notes, for staff only").click()
    expect(sam.locator(".note").last).to_contain_text("You know her.")
    pat.keyboard.press("Escape")
    pat.keyboard.press("p")
    pat.keyboard.type("Sam was called away.")
    pat.get_by_role("button", name="Take it over").click()
    expect(pat.get_by_label("Reply as Pat Cashen")).to_have_value("A reply begun")
    expect(pat.get_by_role("log").get_by_text("Pat Cashen took the conversation over from Sam Reed")).to_be_visible()


def test_waits_are_told_in_the_words_of_the_server(desk_of: Callable[..., Page]):
    minutes = [0, 1, 59, 60, 61, 119, 120, 24 * 60 - 1, 24 * 60, 47 * 60, 48 * 60, 100 * 60]
    told = desk_of("pat").evaluate("minutes => minutes.map(waitingWords)", minutes)
    assert told == [waiting_words(timedelta(minutes=one)) for one in minutes]


def test_closing_by_mouse_empties_the_queue(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    claim_by_keys(page)
    page.locator("#close summary").click()
    page.get_by_label("Passed to a clinician").check()
    page.get_by_role("button", name="Close conversation").click()
    expect(page.get_by_text("Closed: passed to a clinician. Pat Cashen closed it.")).to_be_visible()
    expect(page.locator(".queue-row")).to_have_count(0)


def test_the_keys_are_told_and_can_be_switched_off(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_label("Use single keys").uncheck()
    page.get_by_role("button", name="Done").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()


# A whole shift: one advocate is shut out in the middle, one goes quiet


def said(page: Page, selector: str) -> list[str]:
    found: list[str] = page.locator(selector).evaluate_all("all => all.map(one => one.lastChild.textContent.trim())")
    return found


def test_a_shift_with_one_advocate_shut_out_and_one_gone_quiet(
    page_at: PageAt, desk_of: Callable[..., Page], clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    visitor = page_at(PHONE, 844)
    visitor.goto(f"{clinic.url}/sites/kneecare", timeout=30_000)
    visitor.get_by_role("button", name="Questions? Ask us").click()
    chat = visitor.get_by_role("dialog").get_by_role("log")

    def ask(text: str) -> None:
        visitor.get_by_role("dialog").get_by_role("textbox").last.fill(text)
        visitor.keyboard.press("Enter")
        wait(chat.locator(".mine", has_text=text).get_by_text(re.compile("Sent|Seen")))

    ask(SORE)
    wait(chat.get_by_text("I have passed your message on"))
    pat, sam = desk_of("pat"), desk_of("sam")
    claim_by_keys(pat)
    pat.keyboard.type("Hello, this is Pat.")
    pat.keyboard.press("Control+Enter")
    wait(chat.get_by_text("Hello, this is Pat."))
    wait(sam.locator(".queue-row", has_text="With Pat Cashen"))

    clinic.shut("Pat Cashen")
    wait(pat.get_by_text("You were signed out."))
    wait(chat.get_by_text("Pat Cashen had to go. Your messages are kept."))
    ask("Are you still there?")
    wait(sam.locator(".queue-row", has_text="No one yet"))
    claim_by_keys(sam)
    wait(chat.get_by_text("Sam Reed is here"))
    find(sam, "What is a trigger point?")
    sam.locator(".passage button").first.click()
    wait(sam.locator("#picked .quote"))
    sam.get_by_label("Reply as").fill("Sam here. Our page says:")
    sam.keyboard.press("Control+Enter")
    wait(chat.locator(".staff .clip"))

    ask("I have chest pain")
    wait(visitor.get_by_role("link", name="Call 911", exact=True))
    wait(sam.get_by_role("log").get_by_text("Emergency card, shown to the visitor"))
    monkeypatch.setattr(presence, "QUIET_AFTER", timedelta(seconds=2))  # Sam has left the chair, the page stays open
    wait(sam.get_by_role("button", name="Claim and reply"))
    wait(sam.locator(".queue-row.urgent", has_text="No one yet"))
    monkeypatch.undo()
    wait(chat.get_by_text("Sam Reed had to go. Your messages are kept."))

    clinic.shut("Pat Cashen", act="open")
    pat = desk_of("pat")
    expect(pat).to_have_title("(1 urgent!) The desk")
    claim_by_keys(pat)
    pat.keyboard.type("Please call 911 now.")
    pat.keyboard.press("Control+Enter")
    wait(chat.get_by_text("Please call 911 now."))
    pat.keyboard.press("Escape")
    pat.keyboard.press("x")
    pat.get_by_label("Emergency care advised").check()
    pat.get_by_label("When you advised emergency care").fill(f"{datetime.now(ZoneInfo('America/Chicago')):%H:%M}")
    pat.get_by_role("button", name="Close conversation").click()
    wait(chat.get_by_text("Pat Cashen has closed this chat."))
    wait(pat.get_by_text("No one is waiting."))
    words = [SORE, "Hello, this is Pat.", "Are you still there?", "Sam here. Our page says:", "I have chest pain"]
    words.append("Please call 911 now.")
    assert said(visitor, "advocate-chat .log :is(.mine, .staff) > .bubble") == words
    assert said(pat, "#log .said-text:is(.visitor, .advocate)") == words
    assert findings(pat) == []


def wait(one: Locator) -> None:
    """On a busy machine what goes through a server and two browsers takes a while."""
    expect(one.first).to_be_visible(timeout=20_000)


# Without scripts, on a phone, for everyone


def test_without_scripts_it_is_links_and_forms(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat", java_script_enabled=False)
    page.locator(".queue-row a").click()
    page.get_by_role("button", name="Claim and reply").click()
    page.get_by_label("Reply as").fill("Hello, this is Pat.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".said-text.advocate")).to_have_text("Hello, this is Pat.")
    page.locator("#close summary").click()
    page.get_by_label("Answered").check()
    page.get_by_role("button", name="Close conversation").click()
    expect(page.get_by_text("Closed: answered.")).to_be_visible()


def test_on_a_phone_one_pane_shows_at_a_time(desk_of: Callable[..., Page], clinic: Clinic):
    clinic.visitor(SORE)
    page = desk_of("pat", PHONE)
    page.locator(".queue-row a").click()
    expect(page.get_by_role("log")).to_be_visible()
    expect(page.locator(".queue-row")).to_be_hidden()
    page.get_by_role("link", name="Why and passages").click()
    expect(page.get_by_text("It asks for a judgement")).to_be_visible()
    expect(page.get_by_role("log")).to_be_hidden()
    page.get_by_role("link", name="Queue").click()
    expect(page.locator(".queue-row")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_state_is_accessible(desk_of: Callable[..., Page], clinic: Clinic, width: int):
    page = desk_of("pat", width, reduced_motion="reduce")
    found = {"empty": look(page, f"empty-{width}")}
    visitor = clinic.visitor("I have chest pain")
    clinic.visitor(SORE)
    clinic.post(visitor, "handover", {"name": "Ann", "contact": "555 0100", "text": "Soon please"})
    expect(page.locator(".queue-row")).to_have_count(2)
    found["queue"] = look(page, f"queue-{width}")
    page.locator(".queue-row.urgent a").click()
    page.get_by_role("button", name="Claim and reply").wait_for()
    found["waiting"] = look(page, f"waiting-{width}")
    page.get_by_role("button", name="Claim and reply").click()
    page.get_by_label("Reply as").fill("Please call 911 now.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".said-text.advocate")).to_be_visible()
    found["claimed"] = look(page, f"claimed-{width}")
    if width == PHONE:
        page.get_by_role("link", name="Why and passages").click()
        found["context"] = look(page, f"context-{width}")
    page.evaluate("document.querySelector('#keys').showModal()")
    found["keys"] = look(page, f"keys-{width}")
    new = ("/desk/figures", "/desk/replies", "/account/second-factor") if width == PHONE else ()
    for path in (*new, "/account/password", "/sign-in"):
        page.context.clear_cookies() if path == "/sign-in" else None
        page.goto(clinic.url + path)
        found[path] = look(page, f"{path.rpartition('/')[2]}-{width}")
    assert {state: one for state, one in found.items() if one} == {}


def look(page: Page, name: str) -> list[str]:
    """What axe finds in light and in dark; and pictures, where someone wants to look."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        if SHOTS.is_dir():
            page.screenshot(path=SHOTS / f"{name}-{scheme}.png")
        found += findings(page)
    return found
