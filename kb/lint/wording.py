"""What single words show: a promise no clinic can keep, what a web page left over, the clinic's name in another spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz import fuzz

from kb.lint.findings import Finding, Kind, Place
from kb.pages import Page
from kb.reading.sentences import sentence_spans

_CLAIM = re.compile(
    r"\b100\s?%|\bguarantee\w*|\bcures?\b|\bcured\b|\brisk[- ]free\b|\b(?:no|without(?: any)?) (?:side effects?|complications?)\b"
    r"|\bcompletely (?:safe|painless|pain[- ]free)\b|\bpainless\b|\bpain[- ]free\b|\balways (?:works?|helps?)\b|\bnever fails?\b"
    r"|\b(?:relief|pain) is (?:immediate|instant)|\b(?:immediate|instant|permanent) relief\b"
    r"|\b(?:reliev\w+|gone) (?:almost )?immediately\b"
    r"|\bmiracle\b|\b(?:every|all) (?:of our )?patients? (?:is|are|gets?|feels?|will)\b",
    re.IGNORECASE,
)
# In a sentence that denies it, or only says it of most, it is no promise.
_DENIED = re.compile(
    r"\b(?:no|not|never|cannot|can['’]t|won['’]t|don['’]t|isn['’]t|without a) (?:\w+ ){0,3}?"
    r"(?:guarantees?|guaranteed|cures?|cured|100)|\b(?:almost|nearly|not) pain|\b\d+ (?:of|in|out of) (?:every )?\d+\b"
    r"|\bno guarantees?\b|\bnot (?:\w+ ){0,4}100\s?%|\bif you (?:are|have)\b|\bnobody can\b",
    re.IGNORECASE,
)
_RESIDUE = re.compile(
    r"lorem ipsum|validation purposes|\bclick here\b|\bread more\b|\blearn more\b|\bTODO\b|\bTBD\b|\{\{|\}\}"
    r"|&(?:amp|nbsp|quot|lt|gt);|</?(?:p|div|span|br|a|b|strong)\b|\[(?:/?\w+)\]|all rights reserved|©|skip to (?:main )?content"
    r"|\bshare this\b|cookie policy",
    re.IGNORECASE,
)
ALIKE = 88.0  # of two spellings of a name, 0 to 100


def overclaims(page: Page) -> Iterator[Finding]:
    for place, sentence in _sentences(page):
        if (found := _CLAIM.search(sentence)) and not _DENIED.search(sentence):
            what = f"“{found[0]}” promises more than a clinic can keep for everyone."
            yield Finding(Kind.OVERCLAIM, what, (Place(page.page_id, place, sentence),))


def residue(page: Page) -> Iterator[Finding]:
    for passage in page.passages:
        text = page.text_of(passage)
        if found := _RESIDUE.search(f"{passage.question or ''}\n{text}"):
            what = f"“{found[0]}” looks left over from a web page, and visitors would be quoted it."
            yield Finding(Kind.RESIDUE, what, (Place(page.page_id, passage.passage_id, _around(text, found[0])),))


def misspelt_names(page: Page, clinic: str) -> Iterator[Finding]:
    """Where the clinic's name is written otherwise; the beginning of it alone is a short name, and no fault."""
    for passage in page.passages:
        text = page.text_of(passage)
        for found in dict.fromkeys(_like(text, clinic)):
            what = f"“{found}” is written otherwise than the clinic’s name, “{clinic}”."
            yield Finding(Kind.BRAND, what, (Place(page.page_id, passage.passage_id, _around(text, found)),))


def _like(text: str, clinic: str) -> Iterator[str]:
    words, size = list(re.finditer(r"[\w'’&-]+", text)), len(clinic.split())
    wanted = _folded(clinic)
    if len(wanted) < 5:
        return
    taken = -1
    for first in range(len(words)):
        for length in (size + 1, size, size - 1):
            last = first + length - 1
            if length < 1 or last >= len(words) or words[first].start() < taken:
                continue
            found = text[words[first].start() : words[last].end()]
            if clinic in found or clinic.split()[: len(found.split())] == found.split():
                taken = words[last].end() if clinic in found else taken
                break
            if words[first][0][0].isupper() and fuzz.ratio(_folded(found), wanted) >= ALIKE:
                taken = words[last].end()
                yield found
                break


def _folded(name: str) -> str:
    return re.sub(r"\W", "", name).casefold()


def _sentences(page: Page) -> Iterator[tuple[str, str]]:
    for passage in page.passages:
        text = page.text_of(passage)
        yield from ((passage.passage_id, text[start:end]) for start, end in sentence_spans(text))


def _around(text: str, words: str) -> str:
    """The sentence that holds some words; the text's beginning where none does."""
    return next((text[start:end] for start, end in sentence_spans(text) if words in text[start:end]), text[:120])
