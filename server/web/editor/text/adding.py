"""What is being added to a page: other ways to ask it that are offered, and how surely visitors will find it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kb.content import Content, Phrasing
from kb.editing import add_answer, add_paragraph
from kb.errors import AdvocateError
from kb.pages import Page, PassageKind
from server.core.editing.gaps import gaps
from server.core.editing.redacting import redacted
from server.core.editing.rewording import other_ways
from server.web.editor.reading import Visit
from server.web.editor.screens import FoundView, FoundWay
from server.web.editor.text.trying import LABELS

PARAGRAPH, ANSWER = "paragraph", "answer"
OFFERED = 6
LOOKED_AT = 300  # of the last questions in vain


@dataclass(frozen=True, slots=True)
class Adding:
    """What is being added, where, and what was wrong with it."""

    kind: str
    after: str
    question: str = ""
    text: str = ""
    problem: str = ""
    ways: str = ""
    is_checked: bool = False


def added(page: Page, adding: Adding) -> tuple[Page, str]:
    """The page with what is being added, and its passage's id. Raises EditRefused."""
    if adding.kind == ANSWER:
        return add_answer(page, adding.question, adding.text, after=adding.after or last_answer(page))
    return add_paragraph(page, adding.after, adding.text)


def ways_in(adding: Adding) -> list[str]:
    """The other ways to ask, each once, as they were typed a line each."""
    return list(dict.fromkeys(" ".join(one.split()) for one in adding.ways.splitlines() if one.strip()))


def last_answer(page: Page) -> str | None:
    """Where a question goes when no place was chosen: after the page's last one."""
    return next((one.passage_id for one in reversed(page.passages) if one.kind is PassageKind.FAQ), None)


async def offered_ways(visit: Visit, question: str, taken: list[str]) -> tuple[str, ...]:
    """Other ways to ask a question: those that visitors used in vain, then by simple rules. The editor takes or leaves each."""
    if not question.strip():
        return ()
    asked = await visit.parts.store.asked.in_vain(visit.name, LOOKED_AT)
    probe = replace(asked[0], text=question) if asked else None
    near = gaps([probe, *(replace(one, text=redacted(one.text)) for one in asked)]) if probe else ()
    own = next((gap for gap in near if any(one is probe for one in gap.asked)), None)
    visitors = [one.text for one in own.asked if one is not probe] if own else []
    every = dict.fromkeys([*visitors, *other_ways(question)])
    return tuple(one for one in every if one not in taken and one.casefold() != question.casefold())[:OFFERED]


async def found_ways(visit: Visit, page_id: str, adding: Adding) -> FoundView:
    """What visitors would get who ask it so, by the production function; nothing is saved."""
    fresh = ""

    def unsaved(content: Content) -> Content:
        nonlocal fresh
        pages = []
        for page in content.pages:
            if page.page_id == page_id:
                page, fresh = added(page, adding)
            pages.append(page)
        own = tuple(Phrasing(way, fresh, None) for way in ways_in(adding))
        return replace(content, pages=tuple(pages), phrasings=(*content.phrasings, *own))

    rows = []
    try:
        for words in dict.fromkeys([*([adding.question] if adding.question else []), *ways_in(adding)]):
            reply = await visit.editing.trying.reply(visit.name, words, unsaved=unsaved)
            is_found = any(one.passage_id == fresh for one in reply.quotes)
            got = (
                "This text is quoted" if is_found else "Another text is quoted" if reply.quotes else LABELS[reply.label]
            )
            rows.append(FoundWay(words, got, is_found))
    except AdvocateError as error:
        return FoundView((), str(error))
    return FoundView(tuple(rows), "" if rows else "Type a question, or other ways visitors ask, to see.")
