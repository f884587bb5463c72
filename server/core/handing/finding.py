"""What somebody looks for among the conversations of the desk: by reason, owner, age and words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from kb.labels import Label
from server.core.handing.queue import BY_NEED

MAX_WORDS = 200  # characters
MINE, NOBODYS = "me", "none"


@dataclass(frozen=True, slots=True)
class Age:
    """How long ago a conversation came: a phrase, and its bounds."""

    words: str
    least: timedelta = timedelta()
    most: timedelta = timedelta.max


AGES: Mapping[str, Age] = {
    "hour": Age("In the last hour", most=timedelta(hours=1)),
    "day": Age("In the last day", most=timedelta(days=1)),
    "week": Age("In the last week", most=timedelta(days=7)),
    "over-10-min": Age("More than 10 minutes ago", least=timedelta(minutes=10)),
    "over-hour": Age("More than an hour ago", least=timedelta(hours=1)),
    "over-day": Age("More than a day ago", least=timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; an empty field asks for nothing. `owner`: MINE, NOBODYS or an account's id."""

    reason: Label | None = None
    owner: str = ""
    age: str = ""  # of AGES
    words: str = ""
    is_closed: bool = False  # among those that were closed, in place of the open ones

    @property
    def is_on(self) -> bool:
        return self != EVERYTHING

    def fits(self, reason: Label, owner: str | None, age: timedelta, *, me: str) -> bool:
        """Whether a conversation is looked for, its words aside."""
        of_age = AGES.get(self.age, Age(""))
        wanted = {MINE: me, NOBODYS: None}.get(self.owner, self.owner)
        return (
            (self.reason is None or reason is self.reason)
            and (not self.owner or owner == wanted)
            and of_age.least <= age <= of_age.most
        )


EVERYTHING = Search()


def parse_search(fields: Mapping[str, str]) -> Search:
    """A search as a form or a header has it; what it does not know asks for nothing."""
    reason = fields.get("reason", "")
    return Search(
        reason=Label(reason) if reason in set(BY_NEED) else None,
        owner=fields.get("owner", "")[:32],
        age=fields.get("age", "") if fields.get("age") in AGES else "",
        words=" ".join(fields.get("words", "").split())[:MAX_WORDS],
        is_closed=fields.get("among") == "closed",
    )


def has_words(words: str, texts: Iterable[str]) -> bool:
    """Whether every word stands somewhere in the texts, whatever its capitals."""
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words.casefold().split())
