"""Contradictions: what two passages say of the same thing in other figures. A small table of things clinics say twice.

Only what is about the same subject and says another value is a finding; "24-48 hours" and "1-2 days" are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kb.lint.findings import Finding, Kind, Place
from kb.pages import Page, Passage
from kb.reading.sentences import sentence_spans

Values = frozenset[str]
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0, "month": 720.0}
_SMALL = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = rf"(?:\d+(?:\.\d+)?|{'|'.join(_SMALL)})"
_SPAN = re.compile(
    rf"\b({_NUMBER})(?:\s*(?:-|–|to|or|and)\s*({_NUMBER}))?[\s-]*(minute|hour|day|week|month|hr|min)s?\b", re.IGNORECASE
)
_VAGUE = re.compile(r"\b(?:for some time|for a while|a short time|a few (?:hours|days|weeks))\b", re.IGNORECASE)
_ONSET = re.compile(
    r"\b(?:almost immediately|immediately|immediate|right away|instantly|at once)\b"
    r"|\bafter (?:the|their|your)? ?(?:\d+(?:st|nd|rd|th)|first|second|third|fourth)\b"
    r"[^.]{0,20}?\b(?:treatment|injection|visit|session)",
    re.IGNORECASE,
)
_WITHIN = re.compile(rf"\bwithin ({_SPAN.pattern})", re.IGNORECASE)
_THERMAL = re.compile(r"\b(ice|icing|cold pack|cool pack|heat|warm compress|heating pad)\b", re.IGNORECASE)
_AGENTS = re.compile(
    rf"\b({_NUMBER}) (?:different |separate )?(?:agents?|anesthetics?|numbing \w+|nerve blocks?)\b", re.IGNORECASE
)
_ONE_BLOCK = re.compile(r"(?<!genicular )\bnerve block\b(?!s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Topic:
    """A thing that may be said twice: which sentences speak of it, and what each says. Values that share one agree."""

    name: str
    about: re.Pattern[str]
    values: Callable[[str], Values]


def _onsets(sentence: str) -> Values:
    within = " ".join(_found(_WITHIN, sentence))
    return frozenset({*map(_onset, _found(_ONSET, sentence)), *map(_span, _SPAN.finditer(within))})


def _lengths(sentence: str) -> Values:
    return frozenset(
        {_span(match) for match in _SPAN.finditer(sentence)} | {"unsaid" for _ in _VAGUE.finditer(sentence)}
    )


def _thermal(sentence: str) -> Values:
    words = {one.lower() for one in _found(_THERMAL, sentence)}
    cold, warm = any(one[0] in "ic" for one in words), any(one[0] in "hw" for one in words)
    return frozenset([" and ".join([*(["ice"] if cold else []), *(["heat"] if warm else [])])] if words else [])


def _agents(sentence: str) -> Values:
    counted = {f"{_number(match[1]):g}" for match in _AGENTS.finditer(sentence)}
    return frozenset(counted or ({"one nerve block"} if _ONE_BLOCK.search(sentence) else set()))


TOPICS = (
    Topic("when relief starts", re.compile(r"reliev|relief|improve|significant change|notice", re.IGNORECASE), _onsets),
    Topic(
        "how long soreness, numbness or bruising lasts",
        re.compile(r"\b(?:sore|soreness|numbness|bruis\w+|swelling|tender)\b|negative side effects", re.IGNORECASE),
        _lengths,
    ),
    Topic("ice or heat", re.compile(r"reliev|apply|use|sore|pain|swell", re.IGNORECASE), _thermal),
    Topic("what numbs", re.compile(r"\bnumb\b|anesthe|anaesthe", re.IGNORECASE), _agents),
    Topic(
        "how long the procedure takes",
        re.compile(r"\b(?:full |whole |entire )?procedure\b[^.]{0,30}\b(?:takes?|lasts?)\b", re.IGNORECASE),
        _lengths,
    ),
)  # fmt: skip


def contradictions(pages: Iterable[Page]) -> Iterator[Finding]:
    """For each thing that passages of one page say with other figures: all of these passages, in reading order."""
    for page in pages:
        sentences = [
            (one, text[start:end])
            for one in page.passages
            for text in [page.text_of(one)]
            for start, end in sentence_spans(text)
        ]
        for topic in TOPICS:
            said = [(one, words, topic.values(words)) for one, words in sentences if topic.about.search(words)]
            yield from _disagreeing(page, topic, [one for one in said if one[2]])


def _disagreeing(page: Page, topic: Topic, said: list[tuple[Passage, str, Values]]) -> Iterator[Finding]:
    by_passage: dict[str, tuple[str, Values]] = {}
    for passage, words, values in said:
        before = by_passage.get(passage.passage_id)
        by_passage[passage.passage_id] = (words, values) if before is None else (before[0], before[1] | values)
    every = [values for _, values in by_passage.values()]
    if any(not one & other for one in every for other in every):
        places = tuple(Place(page.page_id, passage_id, words) for passage_id, (words, _) in by_passage.items())
        yield Finding(Kind.CONTRADICTION, f"These do not say the same of {topic.name}.", places)


def _span(match: re.Match[str]) -> str:
    """A length in hours: "24-48 hours" and "1-2 days" are the same."""
    unit = match[3].lower().replace("hr", "hour")
    hours = _HOURS["minute" if unit == "min" else unit]
    low = _number(match[1]) * hours
    return f"{low:g}-{(_number(match[2]) * hours if match[2] else low):g} h"


def _number(words: str) -> float:
    return float(_SMALL.index(words.lower()) + 1) if words.lower() in _SMALL else float(words)


def _onset(words: str) -> str:
    """When it begins: at once, or after which time."""
    if not words.lower().startswith("after"):
        return "at once"
    named = ("first", "second", "third", "fourth")
    found = re.search(r"\d+|first|second|third|fourth", words.lower())
    return f"time {named.index(found[0]) + 1 if found and found[0] in named else found[0] if found else words}"


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match[0] for match in pattern.finditer(text)]
