"""What visitors asked in vain, gathered: questions of much the same words are one gap. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from index.lexical import tokens

ALIKE = 0.5  # the share of their telling words that two questions of one gap have in common


@dataclass(frozen=True, slots=True)
class InVain:
    """A question that got no answer, or one that did not help. `nearest`: the passage that came closest, or was quoted."""

    text: str
    at: datetime
    nearest: str | None
    is_unhelpful: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions asked in vain in much the same words, the latest first. `nearest`: the passage that came closest most often."""

    asked: tuple[InVain, ...]

    @property
    def text(self) -> str:
        return self.asked[0].text

    @property
    def last_at(self) -> datetime:
        return self.asked[0].at

    @property
    def nearest(self) -> str | None:
        counts = Counter(one.nearest for one in self.asked if one.nearest)
        return counts.most_common(1)[0][0] if counts else None

    @property
    def unhelpful(self) -> int:
        """How many got an answer, and said that it did not help."""
        return sum(one.is_unhelpful for one in self.asked)


@dataclass(slots=True)
class _Group:
    words: frozenset[str]
    asked: list[InVain] = field(default_factory=list)


def gaps(asked: Iterable[InVain]) -> tuple[Gap, ...]:
    """The gaps, those asked most often first, then the latest. asked: newest first; each joins the nearest gap before it."""
    groups: list[_Group] = []
    for one in asked:
        words = frozenset(tokens(one.text)) or frozenset([one.text.casefold()])
        near = max(groups, key=lambda group: _shared(group.words, words), default=None)
        if near is None or _shared(near.words, words) < ALIKE:
            near = _Group(words)
            groups.append(near)
        near.asked.append(one)
    found = [Gap(tuple(group.asked)) for group in groups]
    return tuple(sorted(found, key=lambda gap: (-len(gap.asked), -gap.last_at.timestamp())))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
