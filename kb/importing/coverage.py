"""Shows what of a page no passage covers, and what of a source never reached its page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.pages import Page
from kb.reading.sentences import Span

# What marks a line as an item, a heading, a question or an answer, and is none of its words.
_MARK = re.compile(r"^(?:[•▪◦*+–-]|\d{1,3}[.)]|#{1,6}|(?:Question|Answer|[QA])\s*\d*\s*[:.])(?:\s+|$)")
_REASON = re.compile(r"([a-z][^:\n]{1,60}): (?=\S)")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a page's text can be quoted, in characters without white space.

    `headings` and `questions` stand in no passage and are shown beside them. `gaps` are the spans of all other text.
    """

    covered: int
    total: int
    headings: int
    questions: int
    gaps: tuple[Span, ...]

    @property
    def is_whole(self) -> bool:
        return not self.gaps


def coverage(page: Page) -> Coverage:
    """Count which characters of a page its passages, headings and questions cover."""
    answers = {page.text.rfind("\n\n", 0, one.start) for one in page.passages if one.question}
    questions = [(one.start, one.end) for one in page.headings if one.end in answers]
    headings = [(one.start, one.end) for one in page.headings if one.end not in answers]
    passages = [(one.start, one.end) for one in page.passages]
    return Coverage(
        covered=_length(page.text, passages),
        total=len("".join(page.text.split())),
        headings=_length(page.text, headings),
        questions=_length(page.text, questions),
        gaps=tuple(_gaps(page.text, sorted([*passages, *headings, *questions]))),
    )


class Fate(StrEnum):
    """What became of a stretch of a source."""

    QUOTED = "in a passage"
    HEADING = "a heading"
    QUESTION = "a question"
    LEFT_OUT = "left out"
    NOWHERE = "in no passage"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a source in its reading order, what became of it, and why it was left out."""

    text: str
    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """What became of all the words of a source. Counts are of characters without white space."""

    stretches: tuple[Stretch, ...]

    def count(self, fate: Fate) -> int:
        return sum(len("".join(one.text.split())) for one in self.stretches if one.fate is fate)

    @property
    def share(self) -> float:
        """How much can be quoted, of all that is no heading or question."""
        quoted = self.count(Fate.QUOTED)
        return quoted / max(1, quoted + self.count(Fate.LEFT_OUT) + self.count(Fate.NOWHERE))


def source_coverage(page: Page, lines: Iterable[str] = ()) -> SourceCoverage:
    """What became of a source's lines; of a source that is read exactly the page's own text stands for them."""
    left_out = [_told(one) for one in page.left_out]
    shown = list(_of_lines(page, lines, left_out)) or list(_of_page(page))
    placed = {_words([one.text]) for one in shown if one.fate is Fate.LEFT_OUT}
    unplaced = (one for one in left_out if not any(words in _words(one.text.split("\n")) for words in placed))
    return SourceCoverage((*shown, *unplaced))


def _of_page(page: Page) -> Iterable[Stretch]:
    found = coverage(page)
    answers = {page.text.rfind("\n\n", 0, one.start) for one in page.passages if one.question}
    spans = [(*gap, Fate.NOWHERE) for gap in found.gaps]
    spans += [(one.start, one.end, Fate.QUOTED) for one in page.passages]
    spans += [(one.start, one.end, Fate.QUESTION if one.end in answers else Fate.HEADING) for one in page.headings]
    return (Stretch(page.text[start:end], fate) for start, end, fate in sorted(spans))


def _of_lines(page: Page, lines: Iterable[str], left_out: Sequence[Stretch]) -> Iterable[Stretch]:
    """Each line of a source with what became of it: first what is quoted, as a menu may say the same words once more."""
    everything = _words(page.text.split("\n"))
    known = [(one.fate, _words(one.text.split("\n"))) for one in _of_page(page)]
    dropped = [(one, _words(one.text.split("\n"))) for one in left_out]
    headings = {words: fate for fate, words in known if fate in (Fate.HEADING, Fate.QUESTION)}
    quoted = "\n".join(words for fate, words in known if fate is Fate.QUOTED)
    for line in lines:
        words = _words([line])
        text = " ".join(line.split())
        if not words:
            continue
        why = next((one.why for one, said in dropped if words in said), None)
        if words in headings:
            yield Stretch(text, headings[words])
        elif words in quoted or (why is None and words in everything):
            yield Stretch(text, Fate.QUOTED)
        else:
            yield Stretch(text, Fate.NOWHERE if why is None else Fate.LEFT_OUT, why or "")


def _told(entry: str) -> Stretch:
    """An entry of a page's `left_out`: its reason stands before a colon, where it has one."""
    found = _REASON.match(entry)
    return Stretch(entry[found.end() :], Fate.LEFT_OUT, found[1]) if found else Stretch(entry, Fate.LEFT_OUT)


def uncovered_lines(source: Iterable[str], pages: Sequence[Page], left_out: Iterable[str] = ()) -> tuple[str, ...]:
    """Lines of a source that stand in no passage or heading of its pages and were not left out either.

    White space counts as one space, and a bullet or a label such as `Answer:` at the start of a line not at all.
    """
    kept = [line for page in pages for line in page.text.split("\n")]
    dropped = [
        line for one in (*left_out, *(line for page in pages for line in page.left_out)) for line in one.split("\n")
    ]
    known = f"\n{_words(kept)}\n" + "\n".join(_words([one]) for one in dropped)
    wanted = ((line, _words([line])) for line in source)
    return tuple(" ".join(line.split()) for line, words in wanted if words and words not in known)


def _words(lines: Iterable[str]) -> str:
    return " ".join(" ".join(_MARK.sub("", line.strip()) for line in lines).split())


def _length(text: str, spans: Iterable[Span]) -> int:
    return sum(len("".join(text[start:end].split())) for start, end in spans)


def _gaps(text: str, spans: Iterable[Span]) -> Iterable[Span]:
    position = 0
    for start, end in [*spans, (len(text), len(text))]:
        if text[position:start].strip():
            lead = len(text[position:start]) - len(text[position:start].lstrip())
            yield position + lead, position + len(text[position:start].rstrip())
        position = max(position, end)
