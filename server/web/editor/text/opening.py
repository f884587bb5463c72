"""Opens a page in the editor: outline, text and try-out in one screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from kb.pages import Page
from server.storage.watched import WatchedPage
from server.web.editor.frame import frame_of
from server.web.editor.reading import SiteText, Visit, read_text
from server.web.editor.screens import ComparedPage, PageScreen
from server.web.editor.text.trying import TryOut, try_view
from server.web.editor.text.view import ON_ONE_SCREEN, Opened, Part, block_views, outline_rows
from server.web.words.lines import reviewed_line
from server.web.words.moments import moment
from server.web.words.notices import Notice
from server.web.words.texts import ENGLISH


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page of the editor was asked to show. `done` is a code of NOTICES in frame.py."""

    pane: str = "text"
    start: int = 0
    opened: Opened = field(default_factory=Opened)
    try_out: TryOut = field(default_factory=TryOut)
    done: str = ""
    notice: Notice | None = None


async def page_screen(visit: Visit, page_id: str, wanted: Wanted) -> PageScreen:
    """Raises Problem 404."""
    text = await read_text(visit)
    page = text.page(page_id)
    url = f"{visit.url}/pages/{page_id}"
    part = Part.of(page, start=wanted.start, opened=wanted.opened.passage_id)
    earlier, later = _neighbours(url, part)
    today = datetime.now(ZoneInfo(visit.site.zone)).date()
    return PageScreen(
        frame=frame_of(visit, text, here="Text", notice=wanted.notice, done=wanted.done),
        pane=wanted.pane,
        title=page.title,
        url=url,
        outline=outline_rows(text, page, page_url=url, site_url=visit.url),
        blocks=block_views(text, page, part, url=url, opened=wanted.opened, today=today),
        gone=tuple(one for one in text.changes if one.kind == "removed" and _was_on(text, page, one.passage_id)),
        earlier_url=earlier,
        later_url=later,
        shown=f"Passages {part.start + 1} to {part.end} of {part.total}" if earlier or later else "",
        about=f"{reviewed_line(page.reviewed, ENGLISH)} · {_looked_after(page)}",
        reviewed_iso=page.reviewed or "",
        owner=page.owner,
        today_iso=today.isoformat(),
        revision=text.revision(page_id),
        history_url=f"{url}/revisions",
        add_url=f"{url}/add?kind=answer",
        compared=_compared((await visit.parts.store.watched.of(visit.name)).get(page_id), visit.site.zone),
        left_out=page.left_out,
        trying=await try_view(visit, text, wanted.try_out, action=f"{url}/try"),
    )


def _looked_after(page: Page) -> str:
    return f"Looked after by {page.owner}" if page.owner else "Nobody named who looks after it"


def _compared(page: WatchedPage | None, zone: str) -> ComparedPage | None:
    if page is None:
        return None
    return ComparedPage(
        f"Compared with the clinic’s page on {moment(page.looked_at, zone)}", page.address, page.problem
    )


def _neighbours(url: str, part: Part) -> tuple[str, str]:
    earlier = f"{url}?start={part.start - ON_ONE_SCREEN}" if part.start else ""
    later = f"{url}?start={part.end}" if part.end < part.total else ""
    return earlier, later


def _was_on(text: SiteText, page: Page, passage_id: str) -> bool:
    return any(
        one.page_id == page.page_id and any(passage.passage_id == passage_id for passage in one.passages)
        for one in text.published.pages
    )
