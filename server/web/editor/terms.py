"""The editor's words: tags, authors, and what a rebuild is doing, without jargon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kb.pages import NOTED_TAGS, Passage
from server.editing import Job
from server.storage import User
from server.web.words.moments import date_in_words

# The tags an editor can set, in the words of the checkbox.
TAGS: Mapping[str, str] = {"risk": "Side effects or risk", "aftercare": "After the injection"}

# What a build says it is doing (index/builds/build.py), for someone who does not know how it is made.
STAGES: Mapping[str, str] = {
    "": "Getting ready",
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


def days_words(passage: Passage) -> str:
    """Between which days a passage is quoted, in words."""
    first, last = (day and date_in_words(day, "en") for day in (passage.effective, passage.expires))
    if first and last:
        return f"quoted from {first} to {last}"
    return f"quoted from {first} on" if first else f"quoted until {last}" if last else "quoted at any time"


def job_words(job: Job) -> str:
    """What a rebuild is doing, how far it is, and for how long."""
    stage = STAGES.get(job.stage, "Working")
    done = f"{stage}: {job.percent}% done" if job.percent is not None else stage
    so_far = max(0, round((datetime.now(UTC) - job.started_at).total_seconds()))
    usual = f"the last time took {max(1, round(job.last_s))} s" if job.last_s else "mostly it takes less than a minute"
    return f"{done.removesuffix('.')}. {so_far} s so far; {usual}."


def names_of(users: Sequence[User]) -> Mapping[str, str]:
    """Whose name stands for an author: people by their ids, and those who are nobody."""
    return {**NOBODY, **{user.user_id: user.name for user in users}}
