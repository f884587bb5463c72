"""What the templates around publishing print: one frozen screen each, all words ready."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.editor.screens import Frame
from server.web.editor.text.changes import Change, Piece


@dataclass(frozen=True, slots=True)
class BuildScreen:
    """A rebuild: how far it has come, or how it ended."""

    frame: Frame
    state: str  # none | running | done | failed
    words: str
    percent: int | None
    problem: str
    by: str
    started: str
    progress_url: str


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """A test question, what it should get, and what the draft gives."""

    question: str
    expected: str
    got: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test question and what must become of it; `gold` are words of the right quote."""

    text: str
    expected: str
    gold: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A question whose answer staff marked wrong at the desk. `name` says which it is."""

    name: str
    text: str
    got: str
    by: str


@dataclass(frozen=True, slots=True)
class TestsScreen:
    """The test questions, and a form for one more. `proposal` names the one the form is filled with."""

    frame: Frame
    action: str
    rows: tuple[TestRow, ...]
    proposals: tuple[ProposalRow, ...]
    proposal: str
    labels: tuple[tuple[str, str], ...]
    text: str
    label: str
    gold: str
    problem: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where a finding stands, its words, and where it is put right; no words for a whole page."""

    heading: str
    words: str
    href: str
    link: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something to put right or to accept; `accepted` says who did, and why."""

    key: str
    word: str
    look: str
    what: str
    places: tuple[PlaceRow, ...]
    accepted: str


@dataclass(frozen=True, slots=True)
class LintScreen:
    """What the text should be looked at for. `wrong` is the key of the finding whose reason is at fault."""

    frame: Frame
    action: str
    lead: str
    rows: tuple[FindingRow, ...]
    accepted: tuple[FindingRow, ...]
    wrong: str
    problem: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    name: str
    live: str
    draft: str


@dataclass(frozen=True, slots=True)
class SavingRow:
    """One saving of a text: who, when, why."""

    who: str
    when: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a visitor reads: the kind of reply and its words, and what is offered to tap. `note`: the safety note is with it."""

    kind: str
    pieces: tuple[Piece, ...]
    note: bool = False
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """Questions that all read the same before, and will all read the same after. `others` stand behind a click."""

    word: str
    look: str
    count: str
    asked: tuple[str, ...]
    others: tuple[str, ...]
    before: Read
    after: Read


@dataclass(frozen=True, slots=True)
class ComparedView:
    """What visitors will read differently, or how far the asking is."""

    is_done: bool
    percent: int
    progress: str
    words: str
    problem: str
    differences: tuple[DifferenceView, ...]
    more: int
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class SecondView:
    """The second person: why one is asked for, and how it stands."""

    why: str
    words: str
    tone: str
    can_approve: bool
    is_own: bool
    can_switch: bool
    is_off: bool


@dataclass(frozen=True, slots=True)
class PublishScreen:
    """All there is to know before publishing. `refusal` says why it cannot be done now."""

    frame: Frame
    planned: str  # what goes live by itself, or did not; empty: nothing
    tomorrow_iso: str
    refusal: str
    can_rebuild: bool
    build: str
    changes: tuple[Change, ...]
    page_changes: tuple[str, ...]
    new_phrasings: tuple[str, ...]
    gone_phrasings: tuple[str, ...]
    choices: str
    golden: tuple[GoldenRow, ...]
    golden_right: int
    golden_problem: str
    figures: tuple[FigureRow, ...]
    savings: tuple[SavingRow, ...]
    me: str
    is_first: bool
    needs_reason: bool
    reason_problem: str
    compared: ComparedView | None
    risky: tuple[str, ...]
    second: SecondView | None
    can_publish: bool
    to_check: str


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """A publication: when, by whom, and whether one can go back to it."""

    when: str
    who: str
    build: str
    summary: str
    is_current: bool
    is_kept: bool
    live: str = ""  # where the current one is live
    is_everywhere: bool = True


@dataclass(frozen=True, slots=True)
class HistoryScreen:
    frame: Frame
    rows: tuple[PublicationRow, ...]
    action: str
    current: str
    problem: str


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A revision of a page and what it changed."""

    number: int
    who: str
    when: str
    why: str
    changes: tuple[Change, ...]
    page_changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevisionsScreen:
    frame: Frame
    title: str
    rows: tuple[RevisionRow, ...]
    older: int
    back_url: str


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of the curve in the drawing, and whether it is the one in use."""

    x: float
    y: float
    is_now: bool


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A point of the curve in shares, and what moving there would do."""

    sure: str
    right: str
    wrong: str
    outside: str
    does: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class CurveView:
    """Questions answered rightly over quotes that are wrong: the line, its points, and a few of them in words."""

    line: str
    points: tuple[CurvePoint, ...]
    now: CurvePoint
    rows: tuple[CurveRow, ...]


@dataclass(frozen=True, slots=True)
class SurenessScreen:
    """How sure an answer must be. own: of this clinic's test questions; shipped: of clinics that taught nothing."""

    frame: Frame
    tests_url: str
    is_live: bool
    sure: str
    progress: str
    percent: int
    progress_url: str
    problem: str
    own: CurveView | None
    asked: str
    is_little: bool
    shipped: CurveView | None
