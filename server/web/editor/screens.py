"""What the editor's templates print: one frozen screen each, all words ready."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.editor.terms import TagChoice
from server.web.editor.text.changes import Change, Piece
from server.web.guards.staff import Door
from server.web.words.lines import Line
from server.web.words.notices import Notice
from server.web.words.texts import Texts


@dataclass(frozen=True, slots=True)
class Standing:
    """How the text and what visitors get stand to each other, in a sentence, and the one thing to do about it."""

    text: str
    tone: str  # plain | success | warning
    word: str
    shape: str
    can_rebuild: bool = False
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    href: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page of the editor."""

    me: str
    doors: tuple[Door, ...]
    clinic: str
    url: str
    tabs: tuple[Link, ...]
    clinics: tuple[Link, ...]
    standing: Standing
    held: str  # what is not quoted as the clinic's page says something else by now; empty: nothing
    held_url: str
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with a shape beside a page, a section or a passage."""

    word: str
    look: str


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A page or a section of the open one."""

    name: str
    href: str
    depth: int
    marks: tuple[Mark, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class EditForm:
    """A passage opened for editing. `problem` stands beside the text it is about."""

    action: str
    revision: int
    text: str
    tags: tuple[TagChoice, ...]
    reason: str
    rows: int
    effective: str = ""  # the first and the last day on which it may be quoted, ISO
    expires: str = ""
    problem: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage as it will be quoted; `pieces` marks the words that differ from what is published."""

    passage_id: str
    name: str
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]
    note: bool
    advice: str
    phrasings: str
    phrasings_url: str
    edit_url: str
    add_url: str
    remove_url: str
    is_added: bool = False
    form: EditForm | None = None


@dataclass(frozen=True, slots=True)
class BlockView:
    """A heading (`level` above 0) or a passage, in reading order."""

    anchor: str
    level: int = 0
    text: str = ""
    passage: PassageView | None = None


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A passage that was considered."""

    name: str
    words: str
    score: str


@dataclass(frozen=True, slots=True)
class TriedView:
    """A question that was tried: what the visitor reads, why, and for those who want it the figures."""

    lines: tuple[Line, ...]
    texts: Texts
    passed_on: str
    why: tuple[str, ...]
    against: str
    rows: tuple[TraceRow, ...]
    bar: str
    gate: tuple[tuple[str, str], ...]
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TryView:
    """The form to try a question."""

    action: str
    question: str
    against: str
    has_live: bool
    day: str
    problem: str = ""
    tried: TriedView | None = None


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """When a page was last compared with where it came from; `problem` says why it could not be."""

    words: str
    address: str
    problem: str


@dataclass(frozen=True, slots=True)
class PageScreen:
    """The editor: outline, text and try-out. `pane` is the one a narrow screen shows."""

    frame: Frame
    pane: str
    title: str
    url: str
    outline: tuple[OutlineRow, ...]
    blocks: tuple[BlockView, ...]
    gone: tuple[Change, ...]
    earlier_url: str
    later_url: str
    shown: str
    about: str  # when it was reviewed, and who looks after it
    reviewed_iso: str
    owner: str
    today_iso: str
    revision: int
    history_url: str
    add_url: str
    compared: ComparedPage | None
    left_out: tuple[str, ...]
    trying: TryView


@dataclass(frozen=True, slots=True)
class ConflictScreen:
    """Two people edited the same passage: both texts, and a form that starts from this editor's own."""

    frame: Frame
    heading: str
    theirs: str
    by: str
    pieces: tuple[Piece, ...]
    is_gone: bool
    form: EditForm
    back_url: str


@dataclass(frozen=True, slots=True)
class FoundWay:
    """A way to ask, and what a visitor would get who asks so."""

    words: str
    got: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class FoundView:
    """How surely what is being added will be found; `problem` says why that cannot be said."""

    rows: tuple[FoundWay, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class AddScreen:
    """A form for a new paragraph or a new question with its answer. `wrong` names the field at fault."""

    frame: Frame
    title: str
    action: str
    is_answer: bool
    place: str
    after: str
    question: str
    text: str
    ways: str
    offered: tuple[str, ...]
    found: FoundView | None
    problem: str
    wrong: str
    other: Link | None
    back_url: str


@dataclass(frozen=True, slots=True)
class RemoveScreen:
    """The question before a passage is removed."""

    frame: Frame
    action: str
    heading: str
    text: str
    phrasings: str
    revision: int
    problem: str
    back_url: str


@dataclass(frozen=True, slots=True)
class PhrasingRow:
    text: str
    answered_by: str


@dataclass(frozen=True, slots=True)
class PhrasingsScreen:
    """Other ways visitors ask what a passage answers."""

    frame: Frame
    action: str
    heading: str
    question: str
    text: str
    rows: tuple[PhrasingRow, ...]
    sentences: tuple[str, ...]
    draft: str
    problem: str
    back_url: str


@dataclass(frozen=True, slots=True)
class ClinicRow:
    """A clinic by its name, and how its text stands."""

    name: str
    href: str
    words: str


@dataclass(frozen=True, slots=True)
class ClinicsScreen:
    """Which clinic's text to edit."""

    me: str
    doors: tuple[Door, ...]
    clinics: tuple[ClinicRow, ...]


@dataclass(frozen=True, slots=True)
class EmptyScreen:
    """A clinic without any page yet."""

    frame: Frame
