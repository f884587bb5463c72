"""Every finding of a site's pages, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from rapidfuzz import fuzz

from kb.lint.claims import contradictions
from kb.lint.findings import Finding, Kind, Place
from kb.lint.wording import misspelt_names, overclaims, residue
from kb.pages import Page, Passage

MAX_WORDS = 150  # of a passage: a visitor with a phone reads about half of that without scrolling
MAX_AGE_DAYS = 365
ALIKE = 93.0  # of two passages that say the same, 0 to 100
COMPARED = 500  # passages that are compared with each other; of more only those that are the same
_WHEN_TO_CALL = re.compile(
    r"\b(?:call|phone|ring|contact|tell|reach|message|see|ask|speak to|talk to|go to|dial)\b[^.!?]{0,80}"
    r"\b(?:us|clinic|office|doctor|physician|nurse|provider|surgeon|advocate|team|911|999|112|emergency|er|a&e|urgent)\b",
    re.IGNORECASE,
)


def lint(pages: Sequence[Page], *, clinic: str, today: date) -> tuple[Finding, ...]:
    """What the pages should be looked at for: the same for the same text. clinic: its name as it writes it."""
    found = [*contradictions(pages), *_duplicates(pages)]
    for page in pages:
        found += [*overclaims(page), *_omissions(page), *residue(page), *misspelt_names(page, clinic)]
        found += [*_long(page), *_stale(page, today), *_over(page, today)]
    return tuple(sorted(found, key=lambda one: list(Kind).index(one.kind)))


def _omissions(page: Page) -> Iterator[Finding]:
    for passage in page.passages:
        if passage.needs_note and not _WHEN_TO_CALL.search(page.text_of(passage)):
            what = "It speaks of side effects or the time after, and does not say when to call."
            yield Finding(Kind.OMISSION, what, (_place(page, passage),))


def _long(page: Page) -> Iterator[Finding]:
    for passage in page.passages:
        count = len(page.text_of(passage).split())
        if count > MAX_WORDS:
            what = f"It has {count} words, and a visitor is always quoted all of them. Make it two."
            yield Finding(Kind.LONG, what, (_place(page, passage),))


def _stale(page: Page, today: date) -> Iterator[Finding]:
    if page.reviewed is None:
        yield Finding(Kind.STALE, f"“{page.title}” was never reviewed by the clinic.", (Place(page.page_id, None, ""),))
    elif (today - date.fromisoformat(page.reviewed)).days > MAX_AGE_DAYS:
        what = f"“{page.title}” was last reviewed more than a year ago."
        yield Finding(Kind.STALE, what, (Place(page.page_id, None, page.reviewed),))


def _over(page: Page, today: date) -> Iterator[Finding]:
    for passage in page.passages:
        if passage.expires and passage.expires < today.isoformat():
            what = f"Its last day was {passage.expires}, so no visitor is quoted it. Give it a later day, or remove it."
            yield Finding(Kind.STALE, what, (_place(page, passage),))


def _duplicates(pages: Sequence[Page]) -> Iterator[Finding]:
    places = [(page, passage) for page in pages for passage in page.passages]
    texts = [_folded(page.text_of(passage)) for page, passage in places]
    questions = [_folded(passage.question or "") for _, passage in places]
    told: set[tuple[int, int]] = set()
    for words, what in ((texts, "These say the same."), (questions, "The same question stands twice.")):
        seen: dict[str, int] = {}
        for at, one in enumerate(words):
            if one and one in seen and (seen[one], at) not in told:
                told.add((seen[one], at))
                yield Finding(Kind.DUPLICATE, what, (_place(*places[seen[one]]), _place(*places[at])))
            seen.setdefault(one, at)
    if len(places) > COMPARED:
        return
    for at, one in enumerate(texts):
        for before in range(at):
            if (before, at) not in told and one != texts[before] and fuzz.ratio(one, texts[before], score_cutoff=ALIKE):
                yield Finding(
                    Kind.DUPLICATE, "These say nearly the same.", (_place(*places[before]), _place(*places[at]))
                )


def _place(page: Page, passage: Passage) -> Place:
    return Place(page.page_id, passage.passage_id, page.text_of(passage))


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
