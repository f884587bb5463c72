"""Splits a text into sentences without changing a character of it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate, pairwise

import pysbd

Span = tuple[int, int]
# What holds a patient back, or says when to call: an order not to, a limit, a time to wait, someone to turn to.
_RESTRICTING = re.compile(
    r"\b(?:avoid|refrain|abstain|restrict|limit(?:ed)?|must(?:n[o'’]t)?|not allowed|not recommended|(?:may|should|can) ?not|"
    r"(?:should|can)n?[’']t (?:drive|walk|run|lift|swim|bathe|shower|take|use|do|put|have|be)|until|unless|not before|"
    r"at least|no more than|instead of|only (?:if|after|when|with)|emergency|"
    r"911|hospital|medical help|right away|straight away|same day|"
    r"(?:do not|don[’']t)(?! (?:even )?(?:notice|feel|need|have|experience|know|report|mind|usually|cause|think))|"
    r"keep (?:\w+ )?(?:dry|away|off|out|still)|(?:call|ring|contact|tell|see|phone|notify) (?:us|your|the|a|our|911)|seek)\b"
    r"|(?:^|[.:;,•] *|\b(?:and|please|but|to) )(?:never|no (?!one|pain|problem)|stop|wait|skip|hold off)\b",
    re.IGNORECASE,
)
BULLET = re.compile(r"^[ \t]*(?:[•▪◦*-]|\d+[.)])[ \t]+", re.MULTILINE)


@lru_cache(maxsize=1)
def _segmenter() -> pysbd.Segmenter:
    return pysbd.Segmenter(language="en", clean=False, char_span=True)


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences and list items of `text`, in order, without bullets and outer white space.

    Every character that is neither belongs to exactly one of them.
    """
    spans: list[Span] = []
    position = 0
    for line in text.splitlines(keepends=True):
        bullet = BULLET.match(line)
        start = bullet.end() if bullet else 0
        cuts = [start, len(line)] if bullet else _cuts(line)
        for first, last in pairwise(cuts):
            begin, end = _trim(line, first, last)
            spans += [(position + begin, position + end)] if begin < end else []
        position += len(line)
    return spans


def is_question(sentence: str) -> bool:
    """Whether a sentence asks: what asks never answers."""
    return sentence.rstrip(" \t\n\"”’')").endswith("?")


def is_restricting(sentence: str) -> bool:
    """Whether a sentence holds a patient back or says when to call. Rather one too many: it is only highlighted."""
    return not is_question(sentence) and _RESTRICTING.search(sentence) is not None


def _cuts(line: str) -> list[int]:
    """Where the sentences of a line begin, and where the last one ends.

    pysbd finds each sentence again by its words; one it looks for too early or not at all stays with the one before.
    """
    cuts = [0]
    if line.strip():
        starts = (one.start for one in _segmenter().segment(line))
        cuts += [start for start in starts if start > 0 and not line[start].islower()]  # "24-48 hrs. after it"
    return [*dict.fromkeys(accumulate(cuts, max)), len(line)]


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
