"""The main job, in a real browser, on the real page, with the real model: visitor, advocate and editor, each once.

A server is started as a user starts it; nothing is stood in for.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from kb.shaping.markdown import load_page
from kb.sites import SITES, load_site
from server.core.quoting import cut_quote

ROOT = Path(__file__).parent.parent.parent
WAIT_S = 90
KNEECARE = load_page(SITES / "kneecare" / "pages" / "trigger-point-injections.md")
MINUTES = "how many minutes does the full procedure take"


@dataclass
class Server:
    """A running server: where it is, what it printed, and its first accounts."""

    url: str
    process: subprocess.Popen[str]
    log: Path
    data_dir: Path

    @property
    def passwords(self) -> dict[str, tuple[str, str]]:
        """Role to (address, one-time password), as printed at the first run."""
        lines = re.findall(r"^\s+(advocate|editor)\s+(\S+@\S+)\s+(\S+)$", self.log.read_text(), re.MULTILINE)
        return {role: (email, password) for role, email, password in lines}


@contextmanager
def running(data_dir: Path, log: Path, port: int = 0) -> Iterator[Server]:
    port = port or free_port()
    environment = {**os.environ, "ADVOCATE_DATA_DIR": str(data_dir), "ADVOCATE_PORT": str(port), "HF_HUB_OFFLINE": "1"}
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve"],
            env=environment,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            text=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log, data_dir)
    try:
        until(lambda: status(f"{server.url}/readyz") == 200 or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def until(holds: Callable[[], bool], within_s: float = WAIT_S) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)


def post(url: str, body: Any, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.status, json.loads(response.read() or b"null")


@pytest.fixture(scope="module")
def server(kneecare_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("end-to-end")
    subprocess.run(["cp", "-r", str(kneecare_data_dir), str(folder / "data")], check=True)
    with running(folder / "data", folder / "log") as one:
        yield one


def chat_of(page: Page, server: Server) -> Any:
    page.goto(f"{server.url}/sites/kneecare")
    page.get_by_role("button", name=re.compile("Questions")).click()
    return page.locator("advocate-chat")


def ask(chat: Any, text: str) -> None:
    box = chat.get_by_placeholder("Type your question")
    box.fill(text)
    box.press("Enter")


def sign_in(page: Page, server: Server, role: str, path: str) -> None:
    """Sign in with the printed one-time password, choosing a new one when asked."""
    email, password = server.passwords[role]
    page.goto(f"{server.url}{path}")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Your password now").fill(password)
    page.get_by_label("New password").fill(f"quiet orchard {role}")
    page.get_by_role("button", name="Change password").click()
    page.wait_for_load_state()


@pytest.fixture(scope="module")
def staff(browser: Browser, server: Server) -> Iterator[dict[str, Page]]:
    pages = {}
    for role, path in (("advocate", "/desk"), ("editor", "/editor")):
        pages[role] = browser.new_context().new_page()
        sign_in(pages[role], server, role, path)
    yield pages
    for page in pages.values():
        page.context.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_a_covered_question_is_quoted_word_for_word_with_a_link_to_the_passage(visitor: Page, server: Server) -> None:
    chat = chat_of(visitor, server)
    ask(chat, "What if I hate needles?")
    quoted = "Our physicians use 3 different agents to numb the joint before performing the injection."
    expect(chat.get_by_text(quoted)).to_be_visible(timeout=20_000)
    link = chat.get_by_role("link", name=re.compile("Read it on the page"))
    assert "#:~:text=" in str(link.get_attribute("href"))


def test_each_starter_question_is_answered_with_its_own_passage(server: Server) -> None:
    own = {one.question: one.passage_id for one in KNEECARE.passages}
    own |= {"What is a trigger point?": "p-c19c3039780e"}  # it stands in no FAQ, but in the first section
    starters = load_site(SITES / "kneecare").starters
    assert len(starters) == 4
    for starter in starters:
        _, reply = post(f"{server.url}/api/v1/sites/kneecare/ask", {"text": starter})
        assert [one["passage_id"] for one in reply["quotes"]][:1] == [own[starter]], starter


PLACE = """([skip, count]) => {
  const walker = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT)
  const range = document.createRange(), boxes = []
  let seen = 0
  for (let node; (node = walker.nextNode());) {
    const places = [...node.data.matchAll(/\\S/g)].map(one => one.index).filter(() => seen++ >= skip && seen <= skip + count)
    if (!places.length) continue
    range.setStart(node, places[0])
    range.setEnd(node, places.at(-1) + 1)
    boxes.push(...[...range.getClientRects()].map(one => [one.left, one.top + scrollY, one.right, one.bottom + scrollY]))
  }
  return [scrollY, boxes]
}"""
PAINTED = "::target-text { color: #f0f; background: #f0f } * { caret-color: transparent }"


@pytest.mark.parametrize("turn", [0, 1])
def test_each_passages_link_scrolls_to_it_and_highlights_it_and_nothing_else(
    browser: Browser, server: Server, turn: int
) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 600}, bypass_csp=True)
    page.bring_to_front()  # a page behind another is not scrolled
    page.goto(f"{server.url}/sites/kneecare")
    page.add_style_tag(content=PAINTED)
    expected: list[list[float]] = []
    for passage in KNEECARE.passages[turn::2]:  # every other one: what is lit up beyond a passage is seen
        page.goto(server.url + cut_quote(KNEECARE, passage, None).source.link)
        before, words = KNEECARE.text[: passage.start], KNEECARE.text_of(passage)
        top, boxes = page.evaluate(PLACE, [letters_in(before), letters_in(words)])
        assert top <= boxes[0][1] and boxes[-1][3] <= top + 600, words
        expected += boxes
    page.evaluate("scrollTo(0, 0)")
    lit = pixels(page.screenshot(full_page=True, type="png"))
    page.context.close()
    within, around = np.zeros_like(lit), np.zeros_like(lit)
    for left, top, right, bottom in ([round(edge) for edge in box] for box in expected):
        within[top + 2 : bottom - 2, left + 2 : right - 2] = True
        around[top - 6 : bottom + 6, left - 4 : right + 4] = True
    assert lit[within].all() and not lit[~around].any()


def letters_in(text: str) -> int:
    """How many characters the page shows of a text: its bullets are drawn by the list."""
    return len("".join(text.replace("•", "").split()))


def pixels(picture: bytes) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which pixels of a screenshot are lit up."""
    red, green, blue = np.moveaxis(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int), 2, 0)
    return np.asarray((red > 200) & (green < 60) & (blue > 200))


def test_an_emergency_shows_911_and_the_advocate_sees_it_claims_and_talks(
    visitor: Page, server: Server, staff: dict[str, Page]
) -> None:
    desk = staff["advocate"]
    desk.goto(f"{server.url}/desk")
    chat = chat_of(visitor, server)
    words = "my knee is hot and I have a fever since the shot"
    ask(chat, words)
    expect(chat.get_by_text(re.compile("Call 911 now")).first).to_be_visible(timeout=20_000)
    assert chat.get_by_text("From our page", exact=True).count() == 0

    expect(desk.get_by_text(words).first).to_be_visible(timeout=15_000)  # without reloading
    desk.get_by_text(words).first.click()
    desk.get_by_role("button", name=re.compile("^Claim")).first.click()
    composer = desk.locator("#reply")
    expect(composer).to_be_visible(timeout=10_000)
    composer.fill("This is Pat. Please call 911 now. Is someone with you?")
    desk.get_by_role("button", name=re.compile("^Send")).first.click()
    expect(chat.get_by_text("Is someone with you?")).to_be_visible(timeout=15_000)

    ask(chat, "What if I hate needles?")  # the assistant is silent after a claim
    expect(desk.get_by_text("What if I hate needles?").first).to_be_visible(timeout=15_000)
    time.sleep(1.5)
    assert chat.get_by_text("Our physicians use 3 different agents").count() == 0


def test_a_message_cut_off_by_a_crash_is_there_once_and_the_chat_goes_on(
    kneecare_data_dir: Path, tmp_path: Path
) -> None:
    subprocess.run(["cp", "-r", str(kneecare_data_dir), str(tmp_path / "data")], check=True)
    port = free_port()
    with running(tmp_path / "data", tmp_path / "log", port) as server:
        _, started = post(f"{server.url}/api/v1/sites/kneecare/conversations", {})
        door = f"{server.url}/api/v1/conversations/{started['id']}/messages"
        bearer = {"Authorization": f"Bearer {started['token']}"}
        post(door, {"text": "hello there"}, **bearer, **{"Idempotency-Key": "first"})
        threading.Timer(0.004, server.process.kill).start()  # between the message and its reply
        with contextlib.suppress(OSError, http.client.HTTPException):
            post(door, {"text": "I want a real person"}, **bearer, **{"Idempotency-Key": "second"})
        server.process.wait(10)
    with running(tmp_path / "data", tmp_path / "log", port):
        code, taken = post(door, {"text": "I want a real person"}, **bearer, **{"Idempotency-Key": "second"})
        assert code in {200, 201} and taken["reply"]["handed_over"] is True
        _, again = post(door, {"text": "I want a real person"}, **bearer, **{"Idempotency-Key": "second"})
        assert again == taken
        code, later = post(door, {"text": "What if I hate needles?"}, **bearer, **{"Idempotency-Key": "third"})
        assert later["reply"]["quotes"], "the conversation goes on"
        assert later["message"]["seq"] == taken["message"]["seq"] + 2  # message and reply: each stored once


def test_an_edit_is_tried_approved_published_and_taken_back_while_a_chat_goes_on(
    browser: Browser, visitor: Page, server: Server, staff: dict[str, Page]
) -> None:
    chat, editor = chat_of(visitor, server), staff["editor"]
    ask(chat, MINUTES)
    expect(chat.get_by_text("8-12 minutes").first).to_be_visible(timeout=20_000)

    editor.goto(f"{server.url}/editor")
    expect(editor.locator("#standing")).to_contain_text("Visitors get exactly this text.")
    edit_and_rebuild(editor)
    assert "8-12 minutes" in asked(server)  # nothing changes for visitors before it is published
    editor.get_by_role("link", name="Try a question").click()
    for against, words in (("Your text as it stands here", "15-20 minutes"), ("What is live now", "8-12 minutes")):
        editor.get_by_label(against).check()
        editor.get_by_label("Ask as a visitor would").fill(MINUTES)
        editor.get_by_role("button", name="Try it").click()
        expect(editor.locator("#tried figure.quote")).to_contain_text(words, timeout=30_000)

    editor.get_by_role("link", name="Look through and publish").click()
    expect(editor.locator("ins").first).to_have_text("15")
    expect(editor.get_by_text("of them read differently.")).to_be_visible(timeout=120_000)
    expect(editor.locator(".difference", has_text="Reads differently").first).to_contain_text("15-20 minutes")
    expect(editor.get_by_role("button", name="Publish", exact=True)).to_have_count(0)  # it is safety text
    approve(browser, server)
    editor.reload()
    editor.get_by_label("I have read this change to safety text").check()
    editor.get_by_role("button", name="Publish", exact=True).click()
    expect(editor.get_by_text("It is live.")).to_be_visible()
    until(lambda: "15-20 minutes" in asked(server), within_s=30)
    ask(chat, "how long does the procedure take?")
    expect(chat.get_by_text("15-20 minutes").first).to_be_visible(timeout=20_000)
    expect(chat.get_by_text("8-12 minutes").first).to_be_visible()  # what was said stays said

    editor.get_by_text("Go back to this one").first.click()
    editor.get_by_role("button", name="Go back to it now").click()
    expect(editor.get_by_text("The earlier version is live again.")).to_be_visible()
    expect(editor.locator("#standing")).to_contain_text("Your changes are ready to try.")
    until(lambda: "8-12 minutes" in asked(server), within_s=30)


def asked(server: Server) -> str:
    _, reply = post(f"{server.url}/api/v1/sites/kneecare/ask", {"text": MINUTES})
    return " ".join(quote["text"] for quote in reply["quotes"])


def approve(browser: Browser, server: Server) -> None:
    """A reviewer, added by the command, reads the page before publishing and approves."""
    secret = server.data_dir / "reviewer.txt"
    secret.write_text("quiet orchard reviewer\n")
    add = ["user", "add", "rosa@clinic.test", "--role", "reviewer", "--password-file", str(secret)]
    environment = {**os.environ, "ADVOCATE_DATA_DIR": str(server.data_dir)}
    subprocess.run([sys.executable, "-m", "server.cli", *add], env=environment, cwd=ROOT, check=True)
    page = browser.new_context().new_page()
    page.goto(f"{server.url}/editor/kneecare/publish")
    page.get_by_label("Email address").fill("rosa@clinic.test")
    page.get_by_label("Password").fill("quiet orchard reviewer")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="I have read it and approve").click()
    expect(page.get_by_text("Approved by")).to_be_visible()
    page.context.close()


def edit_and_rebuild(editor: Page) -> None:
    """As an editor would: open the passage, change the words, save, rebuild."""
    passage = editor.locator("article.passage", has_text="8-12 minutes").first
    passage.get_by_role("link", name=re.compile("^Edit")).click()
    words = editor.get_by_label(re.compile("word for word"))
    words.fill(words.input_value().replace("8-12 minutes", "15-20 minutes"))
    editor.get_by_label(re.compile("Why you change it")).fill("The clinic measured it again.")
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.locator("#standing")).to_contain_text("1 change is saved")
    editor.get_by_role("button", name="Make it ready").first.click()
    expect(editor.get_by_role("heading", name="Your text is ready")).to_be_visible(timeout=300_000)
