"""What the pages of "What visitors ask" print: one frozen screen for each of its views, all words ready."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.editor.screens import Frame, Link


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the list is: of `total` questions `decided`; `said` is what was just done."""

    decided: int
    total: int
    words: str
    said: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around each view, inside the frame."""

    views: tuple[Link, ...]
    progress: Progress
    action: str
    problem: str = ""  # why there is nothing to show, or why nothing was saved


@dataclass(frozen=True, slots=True)
class Chip:
    """A question beside the passage that answers it; `is_kept` once an editor said so."""

    ask_id: str
    title: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class PassageCard:
    """A passage and the questions it answers. `proposed` are those that nobody confirmed yet."""

    passage_id: str
    heading: str
    text: str
    chips: tuple[Chip, ...]
    proposed: tuple[str, ...]
    keep: str


@dataclass(frozen=True, slots=True)
class PassagesScreen:
    """The view by passage. `titles` are all questions, to add one by its words."""

    frame: Frame
    around: Around
    cards: tuple[PassageCard, ...]
    titles: tuple[str, ...]
    shown: str
    other: Link
    is_all: bool
    typed: str = ""  # a question that was to be added to the passage `typed_for`, and is none
    typed_for: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A passage that may answer a question: the words that would be marked for a visitor, and what stands around them."""

    passage_id: str
    heading: str
    before: str
    words: str
    after: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """A question with the passage that would be quoted, and others. `state` is a word with a shape once it is decided."""

    ask_id: str
    title: str
    ways: tuple[str, ...]
    options: tuple[Option, ...]
    others: tuple[Option, ...]
    state: str
    is_said: bool  # decided: our page does not say


@dataclass(frozen=True, slots=True)
class QuestionsScreen:
    """The view by question: those still open, those answered, or those that the page does not say."""

    frame: Frame
    around: Around
    cards: tuple[QuestionCard, ...]
    shows: tuple[Link, ...]
    show: str
    lead: str
    shown: str
    rest_url: str


@dataclass(frozen=True, slots=True)
class PackCard:
    """Questions of one kind of visit that the page probably does not answer."""

    name: str
    title: str
    rows: tuple[Chip, ...]
    more: str


@dataclass(frozen=True, slots=True)
class RestScreen:
    """The view of what the page probably does not say, by kind of visit."""

    frame: Frame
    around: Around
    cards: tuple[PackCard, ...]
