"""A real browser for the tests in this folder. None is skipped when there is no Chromium: they fail and say how to get one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.bring_chromium import ARGUMENTS, find_chromium

PATIENCE_MS = 15_000  # a server and two browsers on a busy machine take a while; what comes sooner is not waited for
expect.set_options(timeout=PATIENCE_MS)


# For this folder, not for the session: while Playwright's loop runs, no other folder's async test could start its own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page_at(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`page_at(width, height=800, **context options)` opens a page in a context of its own; a script error fails the test."""
    contexts = []
    errors: list[str] = []

    def open_page(width: int, height: int = 800, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
