"""What the visitors' templates print: one frozen screen each, all words ready."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.visitor.clinic import PageBlock
from server.web.words.lines import Line
from server.web.words.texts import Texts


@dataclass(frozen=True, slots=True)
class ClinicLink:
    """A clinic on the start page, with the lines to put on its own site."""

    site: str
    clinic: str
    topic: str
    snippet: str
    pinned_snippet: str


@dataclass(frozen=True, slots=True)
class StartScreen:
    """The start page: where to go from here."""

    clinics: tuple[ClinicLink, ...]


@dataclass(frozen=True, slots=True)
class ClinicScreen:
    """A clinic's own pages, as its website would show them, with the widget on them."""

    site: str
    emergency_line: str
    crisis_line: str
    clinic: str
    topic: str
    phone: str
    hours: tuple[str, ...]
    blocks: tuple[PageBlock, ...]


@dataclass(frozen=True, slots=True)
class ReceiptScreen:
    """What a receipt code opens; without one that fits, the form for it."""

    texts: Texts
    clinic: str = ""
    code: str = ""
    error: str = ""
    is_open: bool = False
    is_erased: bool = False
    asks_if_sure: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterForm:
    """What a visitor may add to a handover, as far as it is filled in. `stamp` proves when the form was made."""

    stamp: str
    name: str = ""
    contact: str = ""
    text: str = ""
    may_share: bool = False
    can_mail: bool = False  # mail can leave from here
    mail_me: bool = False
    wrong: str = ""  # the field that `error` is about
    error: str = ""


@dataclass(frozen=True, slots=True)
class AskScreen:
    """A conversation without JavaScript."""

    site: str
    clinic: str
    phone: str
    greeting: str
    crisis_line: str
    texts: Texts
    lines: tuple[Line, ...]
    starters: tuple[str, ...]
    key: str  # of the next message: a form sent twice is one message
    error: str
    draft: str
    unsent: str  # what is said in place of a reply when nothing could be stored
    letter: LetterForm | None
    answer_by: str
    before_you: str
    receipt: str
    can_ask_for_person: bool
    is_urgent_above: bool  # an emergency card stands further up in the log, or what was refused is an emergency
    other_languages: tuple[tuple[str, str], ...]  # tag, and its own name for itself
