"""What the templates of an import print: one frozen screen each, all words ready."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.editor.screens import Frame
from server.web.editor.text.changes import Piece


@dataclass(frozen=True, slots=True)
class BroughtView:
    """What came of a source: how much can be quoted, and what was left out."""

    title: str
    words: str
    is_new: bool
    share: str
    page_url: str
    left_out: tuple[str, ...]
    uncovered: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportScreen:
    """The form to bring something in; `brought` is what the last one gave, `waiting` what is to be decided."""

    frame: Frame
    action: str
    address: str
    url: str
    problem: str
    brought: BroughtView | None
    waiting: str
    waiting_url: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class WordingView:
    question: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A passage to decide: as it was last brought in, as it is here, as its source has it now; None where it is not."""

    passage_id: str
    heading: str
    cause: str
    last: WordingView | None
    here: WordingView | None
    source: WordingView | None
    take: str
    keep: str


@dataclass(frozen=True, slots=True)
class WaitingScreen:
    frame: Frame
    action: str
    rows: tuple[WaitingRow, ...]
    problem: str
    back_url: str
    may_edit: bool
