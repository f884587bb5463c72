"""Lexical evidence: which of a question's telling words a passage, its questions and its phrasings hold."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from kb.reading.english import english_words
from kb.reading.slips import SHORTEST, Slips

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_STOP_WORDS = """
a an the is are am was were be been to of in on at for it its it's this that these those i i'm im you we they
he she me my your our their his her do does did can could will would shall should may might what how when
where who which why if or and but with from by as so just any some have has had there then than too not no yes
ok please hi hello
"""
_STOP = frozenset(_STOP_WORDS.split())


class Spelling:
    """Puts right the words a site's pages are about: a visitor's "triger" is read as the page's "trigger"."""

    def __init__(self, texts: Iterable[str]) -> None:
        """texts: the site's own, whose words are taken to be spelled rightly."""
        own = {word for text in texts for word in _words(text) if len(word) >= SHORTEST}
        self._slips = Slips(own)
        self._own = own

    def corrected(self, text: str) -> str:
        """The text with each unknown word replaced by the one word of the site that is a slip of the finger away."""
        return _WORD.sub(lambda found: self._near(found[0]), text)

    def _near(self, word: str) -> str:
        folded = word.casefold()
        near = [] if self._is_known(folded) else self._slips.near(folded)
        return near[0] if len(near) == 1 else word

    def _is_known(self, word: str) -> bool:
        """Whether a word is an English one, or a form of one: "creaking" is no slip of "treating"."""
        stem = _stem(word)
        is_verb_form = word.endswith(("ing", "ed"))
        return any(
            one in self._own or one in _english() for one in (word, stem, *([f"{stem}e"] if is_verb_form else []))
        )


@cache
def _english() -> frozenset[str]:
    """One set for every site."""
    return frozenset(english_words())


def tokens(text: str) -> list[str]:
    """The telling words of a text, folded and stripped of common endings, in order."""
    return [_stem(word) for word in _words(text) if word not in _STOP]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("’", "'"))


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


class WordCounts:
    """How many units of each passage hold each word."""

    def __init__(self, passages: int, units: Iterable[tuple[int, str]]) -> None:
        """units: (passage position, text) of every unit."""
        self._counts: list[Counter[str]] = [Counter() for _ in range(passages)]
        for passage, text in units:
            self._counts[passage].update(set(tokens(text)))
        self._passages_with = Counter(word for counts in self._counts for word in counts)
        self._weights = {word: self._weight(found) for word, found in self._passages_with.items()}
        self._unknown_weight = self._weight(0)

    def _weight(self, found: int) -> float:
        """Inverse document frequency of a word that `found` passages hold, as in BM25; an unknown word weighs most."""
        return math.log(1 + (len(self._counts) + 0.5) / (found + 0.5))

    def shares(
        self, text: str, passages: Sequence[int], left_out: tuple[int, str] | None = None
    ) -> tuple[list[float], float]:
        """The share, by weight, of a text's words that each passage holds, and the share no passage holds.

        left_out: (passage, text) of a unit that must not count, when that very unit is the question being tested.
        """
        # In the order read: the same text must give the same sums in every process.
        weights = {word: self._weights.get(word, self._unknown_weight) for word in tokens(text)}
        own = set(tokens(left_out[1])) if left_out else set()
        total = sum(weights.values()) or 1.0

        def holds(passage: int, word: str) -> bool:
            without = 1 if left_out and passage == left_out[0] and word in own else 0
            return self._counts[passage].get(word, 0) > without

        held = [sum(weight for word, weight in weights.items() if holds(passage, word)) / total for passage in passages]
        unknown = [weight for word, weight in weights.items() if not self._known(word, left_out, own)]
        return held, sum(unknown) / total

    def _known(self, word: str, left_out: tuple[int, str] | None, own: set[str]) -> bool:
        found = self._passages_with.get(word, 0)
        if left_out and word in own and self._counts[left_out[0]].get(word, 0) <= 1:
            found -= 1
        return found > 0
