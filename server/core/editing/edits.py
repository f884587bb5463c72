"""What an edit may do: where two people's edits meet, which phrasings may be added, how a checklist changes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kb.checklist import Checklist
from kb.content import Phrasing
from kb.editing import EditRefused, get_passage
from kb.labels import Label
from kb.pages import Page

MAX_PHRASING = 300


def is_same_passage(seen: Page, latest: Page, passage_id: str) -> bool:
    """Whether a passage is what it was: its words and tags, or that it is not there."""
    return _told(seen, passage_id) == _told(latest, passage_id)


def _told(page: Page, passage_id: str) -> tuple[str, frozenset[str]] | None:
    try:
        passage = get_passage(page, passage_id)
    except EditRefused:
        return None
    return page.text_of(passage), passage.tags


def with_phrasing(phrasings: Sequence[Phrasing], fresh: Phrasing, *, place_of: Callable[[str], str]) -> list[Phrasing]:
    """The phrasings with one more. `place_of` names a passage in words. Raises EditRefused."""
    text = " ".join(fresh.text.split())
    if not text:
        raise EditRefused("Type how a visitor might ask it.")
    if len(text) > MAX_PHRASING:
        raise EditRefused(f"A question has at most {MAX_PHRASING} characters; this one has {len(text)}. Shorten it.")
    for one in phrasings:
        if one.text.casefold() == text.casefold():
            where = (
                "is in this list already"
                if one.passage_id == fresh.passage_id
                else f"leads to “{place_of(one.passage_id)}” already. Remove it there first"
            )
            raise EditRefused(f"“{one.text}” {where}.")
    return [*phrasings, Phrasing(text, fresh.passage_id, fresh.quote)]


def with_golden(
    questions: Sequence[Mapping[str, Any]], fresh: Mapping[str, Any], *, words: Iterable[str]
) -> list[Mapping[str, Any]]:
    """The test questions with one more. words: of the passages, which an answer must be found in. Raises EditRefused."""
    text, gold = str(fresh["text"]), [" ".join(str(one).split()) for one in fresh["gold"]]
    if not text:
        raise EditRefused("Type what a visitor would type.")
    if any(str(one.get("text", "")).casefold() == text.casefold() for one in questions):
        raise EditRefused(f"“{text}” is a test question already.")
    if fresh["label"] == Label.ANSWER and not gold:
        raise EditRefused("Give some words of the passage that answers it.")
    if fresh["label"] != Label.ANSWER and gold:
        raise EditRefused("Only a question that may be answered has words that must be in the quote. Leave them out.")
    said = [" ".join(one.split()) for one in words]
    if missing := [one for one in gold if not any(one in passage for passage in said)]:
        raise EditRefused(f"No passage says “{missing[0]}”. Copy the words from the text.")
    return [*questions, dict(fresh)]


def with_answers(choices: Checklist, asks: Iterable[str], passage_id: str) -> Checklist:
    """The choices with a passage among those that answer each of the asks."""
    return {**choices, **{ask: _added(choices.get(ask, ()), passage_id) for ask in asks}}


def without_answer(choices: Checklist, ask: str, passage_id: str) -> Checklist:
    """The choices without a passage for an ask, which is undecided again if it was the only one."""
    left = tuple(one for one in choices.get(ask, ()) if one != passage_id)
    return {**choices, ask: left} if left else reopened(choices, ask) if choices.get(ask) else choices


def not_said(choices: Checklist, asks: Iterable[str]) -> Checklist:
    """The choices with the page not saying what these ask."""
    return {**choices, **dict.fromkeys(asks, ())}


def reopened(choices: Checklist, ask: str) -> Checklist:
    """The choices with an ask undecided again."""
    return {one: passages for one, passages in choices.items() if one != ask}


def _added(passages: tuple[str, ...], passage_id: str) -> tuple[str, ...]:
    return passages if passage_id in passages else (*passages, passage_id)
