"""A page as the editor sees it: outline with marks at the left, and the text as it will be quoted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil

from kb.pages import Heading, Page, Passage, PassageKind
from kb.shaping.blocks import suggest_tags
from server.web.editor.reading import SiteText
from server.web.editor.screens import BlockView, EditForm, Mark, OutlineRow, PassageView
from server.web.editor.terms import TAGS, days_words, tag_choices, tag_words
from server.web.editor.text.changes import Change, Piece, marked_words
from server.web.words.wording import counted, listed, shortened

ON_ONE_SCREEN = 100  # passages; a sheet of thousands of questions is shown in parts
CHANGED = Mark("Changed", "accent diamond")
NEW = Mark("New", "accent diamond")
RISK = Mark("Safety note", "warning square")
HELD = Mark("Not quoted now", "warning square")
UNREVIEWED = Mark("Never reviewed", "ring")


@dataclass(frozen=True, slots=True)
class Opened:
    """The passage opened for editing, and what the editor has typed so far."""

    passage_id: str = ""
    text: str | None = None
    tags: frozenset[str] | None = None
    reason: str = ""
    problem: str = ""
    revision: int | None = None
    effective: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Which passages of a long page are shown: from `start`, up to `end`."""

    start: int
    end: int
    total: int

    @classmethod
    def of(cls, page: Page, *, start: int, opened: str = "") -> Part:
        total = len(page.passages)
        at = next((row for row, one in enumerate(page.passages) if one.passage_id == opened), start)
        first = max(0, min(at, total - 1)) // ON_ONE_SCREEN * ON_ONE_SCREEN
        return cls(first, min(total, first + ON_ONE_SCREEN), total)


def outline_rows(text: SiteText, page: Page, *, page_url: str, site_url: str) -> tuple[OutlineRow, ...]:
    """Every page, and the sections of the open one."""
    rows: list[OutlineRow] = []
    changed = {one.passage_id for one in text.changes}
    for one in text.pages:
        is_open = one.page_id == page.page_id
        marks = (*_marks(one.passages, changed), *(() if one.reviewed else (UNREVIEWED,)))
        rows.append(OutlineRow(one.title, f"{site_url}/pages/{one.page_id}", 0, marks, is_open))
        rows += _section_rows(one, changed, page_url) if is_open else []
    return tuple(rows)


def _section_rows(page: Page, changed: set[str], page_url: str) -> Iterator[OutlineRow]:
    members: dict[int, list[Passage]] = {}
    sections = _sections(page)
    for passage in page.passages:
        above = [one for one in sections if one.start < passage.start]
        if above:
            members.setdefault(above[-1].start, []).append(passage)
    places = {passage.passage_id: at for at, passage in enumerate(page.passages)}
    for section in sections:
        inside = members.get(section.start, [])
        first = places[inside[0].passage_id] // ON_ONE_SCREEN * ON_ONE_SCREEN if inside else 0
        query = f"?start={first}" if first else ""
        href = f"{page_url}{query}#{_anchor(section)}"
        yield OutlineRow(page.text[section.start : section.end], href, section.level - 1, _marks(inside, changed))


def _sections(page: Page) -> list[Heading]:
    """The headings that are not an answer's own question, the page's title left out."""
    questions = {one.question for one in page.passages if one.kind is PassageKind.FAQ}
    return [one for one in page.headings if one.level > 1 and page.text[one.start : one.end] not in questions]


def _marks(passages: Sequence[Passage], changed: set[str]) -> tuple[Mark, ...]:
    marks = (CHANGED,) if any(one.passage_id in changed for one in passages) else ()
    return (*marks, RISK) if any(one.needs_note for one in passages) else marks


def block_views(
    text: SiteText, page: Page, part: Part, *, url: str, opened: Opened, today: date
) -> tuple[BlockView, ...]:
    """Headings and passages of the shown part, in reading order. today: in the clinic's zone."""
    shown = page.passages[part.start : part.end]
    above = page.passages[part.start - 1].end if part.start else 0
    below = len(page.text) if part.end == part.total else shown[-1].end
    changes = {one.passage_id: one for one in text.changes}
    phrasings = Counter(one.passage_id for one in text.phrasings)
    headings = [one for one in page.headings if above <= one.start < below and not _is_title(page, one)]
    blocks = [(one.start, _heading_view(page, one)) for one in headings]
    for passage in shown:
        view = _passage_view(page, passage, changes, phrasings, url=url)
        held = (HELD,) if passage.passage_id in text.held else ()
        view = replace(view, marks=(*held, *view.marks, *days_marks(passage, today)))
        if passage.passage_id == opened.passage_id:
            view = _with_form(view, page, passage, opened, revision=text.revision(page.page_id), url=url)
        blocks.append((passage.start, BlockView(passage.passage_id, passage=view)))
    return tuple(block for _, block in sorted(blocks, key=lambda one: one[0]))


def _is_title(page: Page, heading: Heading) -> bool:
    """The page's own title stands above the text already."""
    return heading.level == 1 and page.text[heading.start : heading.end] == page.title


def _heading_view(page: Page, heading: Heading) -> BlockView:
    return BlockView(_anchor(heading), max(2, min(heading.level, 4)), page.text[heading.start : heading.end])


def _passage_view(
    page: Page, passage: Passage, changes: Mapping[str, Change], phrasings: Mapping[str, int], *, url: str
) -> PassageView:
    change = changes.get(passage.passage_id)
    words = page.text_of(passage)
    passage_url = f"{url}/passages/{passage.passage_id}"
    is_added = change is not None and change.kind == "added"
    tags = tuple(Mark(one, "warning square") for one in tag_words(passage))
    marks = ((NEW,) if is_added else (CHANGED,) if change else ()) + tags
    count = phrasings[passage.passage_id]
    advised = [
        advice(words, passage) if change is not None and change.has_new_words else "",
        finding_advice(passage, count),
    ]
    return PassageView(
        passage_id=passage.passage_id,
        name=passage.question or shortened(words, 40),
        pieces=_pieces(words, change),
        marks=marks,
        note=passage.needs_note,
        advice=" ".join(one for one in advised if one),
        phrasings=f"Other ways visitors ask this ({count})",
        phrasings_url=f"{passage_url}/phrasings",
        edit_url=f"{url}?edit={passage.passage_id}#{passage.passage_id}",
        add_url=f"{url}/add?after={passage.passage_id}",
        remove_url=f"{passage_url}/remove",
        is_added=is_added,
    )


def days_marks(passage: Passage, today: date) -> tuple[Mark, ...]:
    """Between which days it is quoted, where it is not always."""
    if not (passage.effective or passage.expires):
        return ()
    words = days_words(passage)
    words = words[0].upper() + words[1:]
    is_over = bool(passage.expires) and (passage.expires or "") < today.isoformat()
    return (Mark(f"Over. {words}", "warning square") if is_over else Mark(words, "ring"),)


def _pieces(words: str, change: Change | None) -> tuple[Piece, ...]:
    """The text with its changed words marked; a passage that is wholly new is marked as one, not word by word."""
    if change is None or change.kind == "added":
        return (Piece("same", words),)
    return marked_words("".join(one.text for one in change.before), words)


def advice(words: str, passage: Passage) -> str:
    """What the words suggest about a box that is not ticked; empty when there is nothing to say."""
    missing = [TAGS[tag] for tag in TAGS if tag in suggest_tags(words, passage.question) - passage.tags]
    if not missing or passage.needs_note:
        return ""
    return f"These words may be about “{listed(missing)}”. If so, tick the box, so that the safety note is shown with them."


def finding_advice(passage: Passage, phrasings: int) -> str:
    """What helps visitors find a passage that has no question of its own; empty when it has other ways to ask."""
    if passage.question or phrasings:
        return ""
    return "Visitors find this by its own words alone. Other ways they might ask make it surer."


def _with_form(
    view: PassageView, page: Page, passage: Passage, opened: Opened, *, revision: int, url: str
) -> PassageView:
    words = page.text_of(passage) if opened.text is None else opened.text
    form = EditForm(
        action=f"{url}/passages/{passage.passage_id}",
        revision=revision if opened.revision is None else opened.revision,
        text=words,
        tags=tag_choices(passage.tags if opened.tags is None else opened.tags),
        reason=opened.reason,
        rows=rows_for(words),
        effective=(passage.effective or "") if opened.effective is None else opened.effective,
        expires=(passage.expires or "") if opened.expires is None else opened.expires,
        problem=opened.problem,
        advice=advice(words, passage),
    )
    return replace(view, form=form)


def rows_for(words: str) -> int:
    """How many lines a text field needs to show a text without scrolling."""
    lines = sum(max(1, ceil(len(line) / 60)) for line in words.split("\n"))
    return max(4, min(24, lines + 1))


def phrasing_words(count: int) -> str:
    return counted(count, "other way visitors ask this", "other ways visitors ask this")


def _anchor(heading: Heading) -> str:
    return f"at-{heading.start}"
