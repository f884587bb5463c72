"""The editor's words: moments, tags, and what a rebuild is doing, without jargon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from kb.pages import NOTED_TAGS, Passage
from server.storage import User
from server.web.lines import date_in_words

# The tags an editor can set, in the words of the checkbox.
TAGS: Mapping[str, str] = {"risk": "Side effects or risk", "aftercare": "After the injection"}

# What a build says it is doing (index/build.py), for someone who does not know how it is made.
STAGES: Mapping[str, str] = {
    "Loading the model": "Getting ready",
    "Exporting the encoder": "Getting ready for the first time. This takes a minute or two.",
    "Embedding your pages": "Reading your text",
    "Embedding the examples": "Reading the examples",
    "Teaching the gate": "Learning which questions are for a person",
    "Calibrating": "Checking when an answer is close enough to quote",
}
# Names under which no person saves.
NOBODY: Mapping[str, str] = {
    "seed": "First set-up",
    "import": "Import",
    "command line": "Command line",
    "system": "The system",
}


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A tag as a checkbox."""

    name: str
    words: str
    is_set: bool


def tag_choices(tags: frozenset[str]) -> tuple[TagChoice, ...]:
    return tuple(TagChoice(name, words, name in tags) for name, words in TAGS.items())


def tag_words(passage: Passage) -> tuple[str, ...]:
    """Why a quote of this passage carries the standing note."""
    return tuple(TAGS[tag] for tag in sorted(passage.tags & NOTED_TAGS, key=list(TAGS).index))


def stage_words(stage: str) -> str:
    return STAGES.get(stage, "Working")


def moment(at: datetime | str, zone: str) -> str:
    """A day and time that no reader takes for another: "3 March 2026, 3:42 pm", as the clinic's clock shows it."""
    aware = datetime.fromisoformat(at) if isinstance(at, str) else at
    here = aware.astimezone(ZoneInfo(zone))
    clock = f"{here.hour % 12 or 12}:{here.minute:02} {'am' if here.hour < 12 else 'pm'}"
    return f"{date_in_words(here.date().isoformat(), 'en')}, {clock}"


def names_of(users: Sequence[User]) -> Mapping[str, str]:
    """Whose name stands for an author: people by their ids, and those who are nobody."""
    return {**NOBODY, **{user.user_id: user.name for user in users}}


def shortened(text: str, most: int = 70) -> str:
    """The first words of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"


def listed(names: Sequence[str]) -> str:
    """Names as in a sentence: "Ann", "Ann and Bo", "Ann, Bo and Cy"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
