"""The content editor in a real browser: in place, without scripts, on a phone, for everyone."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect

from server.settings import Settings
from server.storage import Store
from server.web.app import create_app
from tests.server.web.editor.test_pages import BURSITIS, HOME, NEEDLES, PASSWORD, SITE, editor_app
from tests.server.web.stand_in import StandIn

PHONE, DESKTOP = 390, 1280
NEW_WORDS = "Our physicians numb the knee in 3 different ways before the injection."
PageAt = Callable[..., Page]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[str]:
    """The address of a server with the KneeCare site and two editors; building and answering are stood in for."""
    settings = Settings(data_dir=tmp_path, rate_limit="off")
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings, assistants=StandIn())
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))

    async def serve() -> None:  # beside the browser's own loop, which has the main thread
        async with app.router.lifespan_context(app):
            store: Store = app.state.parts.store
            await editor_app(app, store, settings)
            await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    end = monotonic() + 60
    while not server.started:
        assert monotonic() < end, "the server did not start"
        sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def editor_of(page_at: PageAt, clinic: str) -> Iterator[Callable[..., Page]]:
    """`editor_of("ann", width)` signs someone in at the editor; a broken policy fails the test."""
    broken: list[str] = []

    def open_editor(who: str, width: int = DESKTOP, **options: object) -> Page:
        page = page_at(width, 844, **options)
        page.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(f"{clinic}/editor")
        page.get_by_label("Email address").fill(f"{who}@clinic.test")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Trigger Point Injections for Knee Pain")
        return page

    yield open_editor
    assert broken == []


def edit(page: Page, passage_id: str, words: str) -> None:
    passage = page.locator(f"#{passage_id}")
    passage.get_by_role("link", name="Edit").click()
    passage.get_by_label(re.compile("word for word")).fill(words)
    passage.get_by_role("button", name="Save", exact=True).click()


def rebuild(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}{SITE}")
    page.get_by_role("button", name="Make it ready").click()
    expect(page.get_by_role("heading", name="Your text is ready")).to_be_visible(timeout=20_000)


def publish(page: Page, clinic: str) -> None:
    rebuild(page, clinic)
    page.get_by_role("link", name="Look through and publish").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("It is live.")).to_be_visible()


def test_a_passage_is_edited_in_place_and_its_changed_words_are_marked(editor_of, clinic):
    page = editor_of("ann")
    publish(page, clinic)
    page.goto(f"{clinic}{HOME}")
    edit(page, NEEDLES, NEW_WORDS)
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_in_viewport()
    passage = page.locator(f"#{NEEDLES}")
    expect(passage).to_be_in_viewport()
    expect(passage.locator("ins").first).to_have_text("numb the knee in")
    expect(passage.locator("del").first).to_have_text("use")
    expect(page.locator("#standing")).to_contain_text("1 change is saved")


def test_a_question_is_tried_on_what_is_being_written_without_losing_it(editor_of, clinic):
    page = editor_of("ann")
    rebuild(page, clinic)
    page.goto(f"{clinic}{HOME}")
    page.locator(f"#{NEEDLES}").get_by_role("link", name="Edit").click()
    page.locator("#text").fill("Half a sentence")
    page.get_by_label("Ask as a visitor would").fill("What if I hate needles?")
    page.get_by_role("button", name="Try it").click()
    tried = page.locator("#tried")
    expect(tried.locator("figure.quote")).to_contain_text("Half a sentence")  # it is not saved
    expect(tried.get_by_text("with the words that are not saved yet")).to_be_visible()
    expect(tried.get_by_text("Nobody was alerted.")).to_be_visible()
    expect(tried.get_by_role("table").first).to_be_hidden()
    tried.get_by_text("How it was worked out").click()
    expect(tried.get_by_role("table").first).to_be_visible()
    expect(page.locator("#text")).to_have_value("Half a sentence")


def test_two_editors_of_one_passage_both_keep_their_words(editor_of, clinic):
    ann, bo = editor_of("ann"), editor_of("bo")
    for page in (ann, bo):
        page.goto(f"{clinic}{HOME}")
        page.locator(f"#{BURSITIS}").get_by_role("link", name="Edit").click()
        expect(page.locator("#text")).to_be_focused()
    bo.locator("#text").fill("Bo’s words.")
    bo.get_by_role("button", name="Save", exact=True).click()
    expect(bo.locator(f"#{BURSITIS}")).to_contain_text("Bo’s words.")
    ann.locator("#text").fill("Ann’s words.")
    ann.get_by_role("button", name="Save", exact=True).click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("Bo Chen changed this passage too")
    expect(ann.get_by_text("Bo’s words.", exact=True)).to_be_visible()
    expect(ann.locator("#text")).to_have_value("Ann’s words.")
    assert Axe().run(ann).response["violations"] == []
    ann.get_by_role("button", name="Save mine").click()
    expect(ann.locator(f"#{BURSITIS}")).to_contain_text("Ann’s words.")


def test_all_of_it_works_without_scripts_on_a_phone(editor_of, clinic):
    page = editor_of("ann", PHONE, java_script_enabled=False)
    rebuild_without_scripts(page, clinic)
    page.get_by_role("link", name="Look through and publish").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.goto(f"{clinic}{HOME}")
    edit(page, NEEDLES, NEW_WORDS)
    expect(page.locator(f"#{NEEDLES}").locator("ins").first).to_have_text("numb the knee in")
    rebuild_without_scripts(page, clinic)
    page.get_by_role("link", name="Try a question").click()
    page.get_by_label("Ask as a visitor would").fill("3 different ways")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#tried figure.quote")).to_contain_text(NEW_WORDS)
    page.get_by_role("link", name="Look through and publish").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_text("Go back to this one").click()
    page.get_by_role("button", name="Go back to it now").click()
    expect(page.get_by_text("The earlier version is live again.")).to_be_visible()


def rebuild_without_scripts(page: Page, clinic: str) -> None:
    page.goto(f"{clinic}{SITE}")
    page.get_by_role("button", name="Make it ready").click()
    expect(page.get_by_role("heading", name="Your text is ready")).to_be_visible(timeout=20_000)


def test_every_page_is_for_everyone(editor_of, clinic):
    page = editor_of("ann", PHONE)
    publish(page, clinic)
    page.goto(f"{clinic}{HOME}")
    edit(page, NEEDLES, "It may bruise a little.")
    rebuild(page, clinic)
    passage = f"{HOME}/passages/{NEEDLES}"
    paths = (HOME, f"{HOME}?pane=outline", f"{HOME}?edit={NEEDLES}", f"{HOME}/add", f"{HOME}/add?kind=answer")
    others = (f"{passage}/remove", f"{passage}/phrasings", f"{SITE}/build", f"{SITE}/publish", f"{SITE}/history")
    for path in (*paths, *others, f"{HOME}/revisions"):
        page.goto(f"{clinic}{path}")
        assert barriers(page) == [], path
    page.goto(f"{clinic}{HOME}?pane=try")
    page.get_by_label("Ask as a visitor would").fill("a little soreness")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#tried .note-box")).to_be_visible()
    assert barriers(page) == []


def barriers(page: Page) -> list[tuple[object, ...]]:
    """What is wrong with the page at each width: what axe finds in light and in dark, and anything that sticks out."""
    found: list[tuple[object, ...]] = []
    for width in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour is caught halfway
            found += [(width, scheme, one) for one in Axe().run(page).response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((width, "wider than the screen"))
    return found


def test_leaving_with_unsaved_words_asks_first(editor_of, clinic):
    page = editor_of("ann")
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.goto(f"{clinic}{HOME}?edit={NEEDLES}")
    page.locator("#text").press_sequentially("Half ")
    page.goto(f"{clinic}{SITE}/history")
    assert asked == ["beforeunload"]
