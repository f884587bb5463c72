"""A page as a visitor reads it: plain text, with its headings and passages as offsets beside it.

Offsets count Unicode code points of `Page.text`; hashes are sha256 of the UTF-8 text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any


class PassageKind(StrEnum):
    """What shape a passage has on its page."""

    PARAGRAPH = "paragraph"
    LIST = "list"  # with the sentence that introduces it
    FAQ = "faq"


# A quote from a passage with one of these tags always carries the clinic's standing note.
NOTED_TAGS = frozenset({"risk", "aftercare"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line of a page. `level` 1 is the page's title."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Passage:
    """The smallest quotable unit: a paragraph, a list with its introduction, or an FAQ answer.

    `passage_id` is given once and survives edits, builds and export. `heading` is the path of headings above it,
    outermost first, without the page's title. `question` is an FAQ's own question; `faq` its id in `faq.csv`.
    `url` differs from the page's only for rows of an FAQ sheet that have their own. `effective` and `expires` are the first
    and the last day on which it may be quoted, as ISO dates of the clinic's zone; None: no such day.
    """

    passage_id: str
    kind: PassageKind
    start: int
    end: int
    heading: tuple[str, ...] = ()
    question: str | None = None
    faq: str | None = None
    tags: frozenset[str] = frozenset()
    url: str | None = None
    effective: str | None = None
    expires: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"{self.passage_id}: an empty or reversed span {self.start}:{self.end}")
        if self.effective and self.expires and self.expires < self.effective:
            raise ValueError(f"{self.passage_id}: holds until {self.expires}, but only from {self.effective}")

    def holds_on(self, day: date) -> bool:
        """Whether it may be quoted on a day of the clinic's zone."""
        iso = day.isoformat()
        return (not self.effective or self.effective <= iso) and (not self.expires or iso <= self.expires)

    @property
    def needs_note(self) -> bool:
        return bool(self.tags & NOTED_TAGS)

    @property
    def heading_path(self) -> str:
        return " › ".join(self.heading)


@dataclass(frozen=True, slots=True)
class Page:
    """One approved page. Passages stand in page order and never overlap.

    `left_out` lists what the importer dropped (form residue, a bare call to action, second copies), for a person to see.
    """

    page_id: str
    title: str
    url: str
    reviewed: str | None  # ISO date on which the clinic last reviewed the text; None: not yet
    text: str
    headings: tuple[Heading, ...]
    passages: tuple[Passage, ...]
    left_out: tuple[str, ...] = ()
    owner: str = ""  # who at the clinic looks after it: a name or a role; empty: nobody was named

    def __post_init__(self) -> None:
        position = 0
        for passage in self.passages:
            if passage.start < position or passage.end > len(self.text):
                raise ValueError(f"{self.page_id}: passage {passage.passage_id} overlaps another or leaves the page")
            position = passage.end

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    def text_of(self, passage: Passage) -> str:
        return self.text[passage.start : passage.end]

    def as_json(self) -> dict[str, Any]:
        return {
            "page_id": self.page_id,
            "title": self.title,
            "url": self.url,
            "reviewed": self.reviewed,
            "text": self.text,
            "headings": [[one.start, one.end, one.level] for one in self.headings],
            "passages": [
                {
                    "passage_id": one.passage_id,
                    "kind": str(one.kind),
                    "start": one.start,
                    "end": one.end,
                    "heading": list(one.heading),
                    "question": one.question,
                    "faq": one.faq,
                    "tags": sorted(one.tags),
                    "url": one.url,
                    **({"effective": one.effective} if one.effective else {}),
                    **({"expires": one.expires} if one.expires else {}),
                }
                for one in self.passages
            ],
            "left_out": list(self.left_out),
            **({"owner": self.owner} if self.owner else {}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Page:
        """The page `as_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
        return cls(
            page_id=body["page_id"],
            title=body["title"],
            url=body["url"],
            reviewed=body["reviewed"],
            text=body["text"],
            headings=tuple(Heading(*one) for one in body["headings"]),
            passages=tuple(
                Passage(
                    passage_id=one["passage_id"],
                    kind=PassageKind(one["kind"]),
                    start=one["start"],
                    end=one["end"],
                    heading=tuple(one["heading"]),
                    question=one["question"],
                    faq=one["faq"],
                    tags=frozenset(one["tags"]),
                    url=one["url"],
                    effective=one.get("effective"),
                    expires=one.get("expires"),
                )
                for one in body["passages"]
            ),
            left_out=tuple(body["left_out"]),
            owner=body.get("owner", ""),
        )
