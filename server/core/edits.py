"""What an edit may do: where two people's edits meet, and which phrasings may be added. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kb.content import Phrasing
from kb.editing import EditRefused, get_passage
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
