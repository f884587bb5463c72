"""What the templates of what was asked in vain print: one frozen screen each, all words ready."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.editor.release.release_screens import GoldenRow
from server.web.editor.screens import Frame


@dataclass(frozen=True, slots=True)
class GapRow:
    """A question asked in vain: how often, in which other words, and the passage that came closest."""

    text: str
    count: str
    others: tuple[str, ...]
    nearest: str
    words: str
    answer_url: str
    other_url: str
    write_url: str


@dataclass(frozen=True, slots=True)
class GapsScreen:
    """What visitors asked in vain, and what of it the text as it is saved answers now."""

    frame: Frame
    rows: tuple[GapRow, ...]
    closed: tuple[GapRow, ...]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class PassageChoice:
    passage_id: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class EffectView:
    """What another way to ask would do, of `total` test questions."""

    is_found: bool
    words: str
    better: tuple[GoldenRow, ...]
    worse: tuple[GoldenRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ProposalScreen:
    """A question, the passage that is to answer it, and what that would do before anything is saved."""

    frame: Frame
    action: str
    text: str
    passage: str
    chosen: str
    choices: tuple[PassageChoice, ...]
    effect: EffectView | None
    problem: str
    back_url: str
