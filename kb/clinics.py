"""Made-up clinics: a page by one writer, what its visitors type by another, and an editor's checklist by a third.

Those below `kb/starter/clinics` teach the layers that ship; the tests hold others, which choose numbers or are reported on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.content import STARTER, Content, Example, load_content
from kb.labels import Label
from kb.lines import ContentError, read_lines

CLINICS = STARTER / "clinics"
MESSAGES = "messages*.jsonl"  # a file a writer


@dataclass(frozen=True, slots=True)
class Message:
    """What a visitor typed. `gold`: words of the page, any one of which answers it; `history`: the message before."""

    text: str
    label: Label
    gold: tuple[str, ...] = ()
    history: str = ""

    @property
    def as_example(self) -> Example:
        return Example(self.text, self.label, self.history)


@dataclass(frozen=True, slots=True)
class Clinic:
    """links: asks that the page answers, by id, with the words that answer; the others it does not say."""

    name: str
    content: Content
    messages: tuple[Message, ...]
    links: Mapping[str, tuple[str, ...]]

    def passages_with(self, gold: tuple[str, ...]) -> tuple[int, ...]:
        """Positions of the passages that hold any of these words, white space collapsed."""
        wanted = [words for one in gold if (words := _spaced(one))]
        texts = [_spaced(page.text_of(passage)) for page, passage in self.content.passages()]
        return tuple(row for row, text in enumerate(texts) if any(one in text for one in wanted))


def load_clinic(folder: Path) -> Clinic:
    """Read `pages/`, the writers' `messages*.jsonl` and, where there is one, `links.jsonl`. Raises ContentError."""
    links = {str(line["id"]): tuple(line["gold"]) for line, _ in read_lines(folder / "links.jsonl")}
    return Clinic(folder.name, load_content(folder), _messages_of(folder), links)


def load_messages(path: Path) -> tuple[Message, ...]:
    """Labelled messages, a JSON object a line. Raises ContentError."""
    return tuple(_message(line, where) for line, where in read_lines(path))


@lru_cache(maxsize=1)
def teaching_clinics() -> tuple[Clinic, ...]:
    """The clinics that teach."""
    return tuple(map(load_clinic, _teaching_folders()))


def teaching_messages() -> list[Message]:
    """What the visitors of the clinics that teach type, without reading their pages."""
    return [one for folder in _teaching_folders() for one in _messages_of(folder)]


def _messages_of(folder: Path) -> tuple[Message, ...]:
    return tuple(one for path in sorted(folder.glob(MESSAGES)) for one in load_messages(path))


def _teaching_folders() -> list[Path]:
    return sorted(folder for folder in CLINICS.iterdir() if folder.is_dir())


def _message(line: Mapping[str, object], where: str) -> Message:
    history, gold = line.get("history") or "", line.get("gold") or ()
    if isinstance(history, list):
        history = history[-1]
    try:
        return Message(str(line["text"]), Label(str(line["label"])), tuple(map(str, gold)), str(history))  # type: ignore[call-overload]
    except (KeyError, ValueError) as error:
        raise ContentError(f'{where}: a message needs "text" and one of the labels {", ".join(Label)}.') from error


def _spaced(text: str) -> str:
    return " ".join(text.replace("•", " ").split())
