"""Slips of the finger: which known word a mistyped one may stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from rapidfuzz.distance import OSA

SHORTEST = 5  # letters: shorter words have too many neighbours
LONG = 8  # letters: from here on two slips are allowed
_PREFIX = 7  # near words are looked for by their first letters: enough to tell words apart, and few enough to index


class Slips:
    """Known words, to be found by what is a slip or two away: a letter too many, missing, wrong, or two in each other's place.

    Their beginnings are indexed by what is left of them without a letter or two (SymSpell's way), so that it costs little
    to look among many; nothing within the slips allowed is missed. Half of many words share their beginning.
    """

    def __init__(self, known: Iterable[str], *, is_careful: bool = False) -> None:
        """known: those of fewer than SHORTEST letters are passed over.

        is_careful: two slips lead only to a word that is itself LONG, and begins with the same letter.
        """
        self._is_careful = is_careful
        by_prefix: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(set(known)):
            if len(word) >= SHORTEST:
                by_prefix[word[:_PREFIX], 2 if len(word) >= self._long else 1].append(word)
        self._by_rest: defaultdict[str, list[list[str]]] = defaultdict(list)
        for (prefix, most), words in by_prefix.items():
            for rest in {*_rests(prefix, most)}:
                self._by_rest[rest].append(words)

    def near(self, word: str) -> list[str]:
        """The known words at the fewest slips, in order: one slip from SHORTEST letters, two from LONG. Letters only."""
        if len(word) < SHORTEST or not word.isalpha():
            return []
        most = 2 if len(word) >= LONG else 1
        candidates = {known for rest in _rests(word, most) for words in self._by_rest.get(rest, ()) for known in words}
        found: defaultdict[int, list[str]] = defaultdict(list)
        for known in candidates:
            slips = OSA.distance(word, known, score_cutoff=most)
            if slips <= most and (slips < 2 or self._may_be_two(word, known)):
                found[slips].append(known)
        return sorted(found[min(found)]) if found else []

    @property
    def _long(self) -> int:
        return LONG if self._is_careful else LONG - 2  # two slips away from a long word

    def _may_be_two(self, word: str, known: str) -> bool:
        return not self._is_careful or (len(known) >= LONG and word[0] == known[0])


def _rests(word: str, most: int) -> Iterator[str]:
    """The word's beginning, and what is left of it without up to `most` of its letters."""
    prefix = word[:_PREFIX]
    yield prefix
    for left_out in range(1, most + 1):
        yield from map("".join, combinations(prefix, len(prefix) - left_out))
