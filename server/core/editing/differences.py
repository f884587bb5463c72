"""What visitors will read differently once another text is live: two replies to each question, compared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.labels import Label
from kb.pages import Page
from server.core.reply import Reply


class Turn(StrEnum):
    """How a reply changed, the gravest first."""

    ANSWERED = "answered"  # a person got it, now it is quoted
    HANDED_OVER = "handed over"  # it was quoted, now a person gets it
    CHANGED = "changed"  # quoted before and after, in other words
    OTHERWISE = "otherwise"  # never quoted, and the visitor is told something else


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is asked of both texts. `source`: where it comes from."""

    text: str
    source: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Questions that all got one reply before and will all get another."""

    turn: Turn
    before: Reply
    after: Reply
    asked: tuple[Asked, ...]


def differences(asked: Iterable[tuple[Asked, Reply, Reply]]) -> tuple[Difference, ...]:
    """Every question whose visitor will read something else, gathered by what is read before and after."""
    groups: dict[tuple[object, object], list[tuple[Asked, Reply, Reply]]] = {}
    for one in asked:
        before, after = as_read(one[1]), as_read(one[2])
        if before != after:
            groups.setdefault((before, after), []).append(one)
    found = [
        Difference(_turn(group[0][1], group[0][2]), group[0][1], group[0][2], tuple(one for one, _, _ in group))
        for group in groups.values()
    ]
    return tuple(sorted(found, key=lambda one: (list(Turn).index(one.turn), -len(one.asked))))


def as_read(reply: Reply) -> tuple[object, ...]:
    """The words a visitor reads of a reply; what is marked in a quote is not a word."""
    quotes = tuple((one.text, one.source.title, one.source.heading) for one in reply.quotes)
    return reply.label, reply.message, reply.note, quotes, tuple(one.words for one in reply.suggestions)


def risky_changes(before: Sequence[Page], after: Sequence[Page]) -> tuple[str, ...]:
    """The passages about side effects or the time after that came, went, or changed: their words, their place, that the
    safety note is with them, or the days between which they are quoted. By id."""
    old, new = _told(before), _told(after)
    ids = dict.fromkeys([*new, *old])
    return tuple(
        one
        for one in ids
        if old.get(one) != new.get(one) and any(told is not None and told[2] for told in (old.get(one), new.get(one)))
    )


def _told(pages: Sequence[Page]) -> dict[str, tuple[str, str, bool, str | None, str | None]]:
    return {
        passage.passage_id: (
            page.text_of(passage),
            passage.heading_path or page.title,
            passage.needs_note,
            passage.effective,
            passage.expires,
        )
        for page in pages
        for passage in page.passages
    }


def _turn(before: Reply, after: Reply) -> Turn:
    was, will_be = before.label is Label.ANSWER, after.label is Label.ANSWER
    if was and will_be:
        return Turn.CHANGED
    if was or will_be:
        return Turn.ANSWERED if will_be else Turn.HANDED_OVER
    return Turn.OTHERWISE
