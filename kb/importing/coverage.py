"""Shows what of a page no passage covers, and what of a source never reached its page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.pages import Page
from kb.reading.sentences import Span

# What marks a line as an item, a heading, a question or an answer, and is none of its words.
_MARK = re.compile(r"^(?:[•▪◦*+–-]|\d{1,3}[.)]|#{1,6}|(?:Question|Answer|[QA])\s*\d*\s*[:.])(?:\s+|$)")


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


def report(page: Page) -> str:
    """The coverage of a page in a few lines, its gaps and what was left out in full."""
    found = coverage(page)
    lines = [
        f"{page.title}: {found.covered:,} of {found.total:,} characters in {len(page.passages)} passages, "
        f"{found.headings:,} in headings, {found.questions:,} in questions"
    ]
    lines += [f"in no passage: {' '.join(page.text[start:end].split())}" for start, end in found.gaps]
    lines += [f"left out: {one}" for one in page.left_out]
    return "\n".join(lines)


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
