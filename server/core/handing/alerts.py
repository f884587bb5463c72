"""Who is told of a handover, when, and by which channel. Tables and sums alone: sending is an outbox and a worker's.

A handover climbs a ladder: each rung tells someone, until a person takes it. Staff who have the desk open hear of every
handover there at once; the ladder is for those who have not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kb.labels import Label


class Channel(StrEnum):
    """How an alert leaves."""

    EMAIL = "email"  # to one contact
    WEBHOOK = "webhook"  # to one address, whoever listens there


class About(StrEnum):
    """What an alert tells of."""

    VISITOR = "visitor"  # somebody waits
    DRILL = "drill"  # nobody does: it is tried how soon somebody comes
    MISSED = "drill missed"


class Whom(StrEnum):
    """Which of the contacts a rung tells."""

    FIRST = "first"
    NEXT = "next"
    EVERYONE = "everyone"


class Ladder(StrEnum):
    """What kind of call it is."""

    ORDINARY = "ordinary"
    EMERGENCY = "emergency"
    DRILL = "drill"
    UNDER_CLAIM = "under claim"  # an emergency where a person answers already, who may be looking elsewhere


@dataclass(frozen=True, slots=True)
class Rung:
    """Whom to tell, this long after the call began."""

    after: timedelta
    whom: Whom


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


LADDERS: Mapping[Ladder, tuple[Rung, ...]] = {
    Ladder.ORDINARY: (
        Rung(_minutes(0), Whom.FIRST),
        Rung(_minutes(30), Whom.FIRST),
    ),
    Ladder.EMERGENCY: (
        Rung(_minutes(0), Whom.FIRST),
        Rung(_minutes(2), Whom.NEXT),
        Rung(_minutes(5), Whom.EVERYONE),
        Rung(_minutes(15), Whom.EVERYONE),
        Rung(_minutes(30), Whom.EVERYONE),
        Rung(_minutes(60), Whom.EVERYONE),
    ),
    Ladder.DRILL: (  # as an emergency's, until it counts as missed
        Rung(_minutes(0), Whom.FIRST),
        Rung(_minutes(2), Whom.NEXT),
        Rung(_minutes(5), Whom.EVERYONE),
    ),
    Ladder.UNDER_CLAIM: (Rung(_minutes(0), Whom.EVERYONE),),
}

# How long to wait after each failed try; the last one again and again. A try that was cut off counts as failed.
RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 180, 600))
GIVEN_UP_AFTER = timedelta(hours=6)  # later than this an alert tells of a handover that later rungs have told of too


@dataclass(frozen=True, slots=True)
class Target:
    """One address an alert goes to; a webhook has no contact."""

    channel: Channel
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a site's alerts can reach: contacts by email in their order, and whether a webhook listens."""

    contacts: tuple[str, ...] = ()
    has_webhook: bool = False

    @property
    def is_set(self) -> bool:
        return bool(self.contacts) or self.has_webhook

    def everyone(self) -> tuple[Target, ...]:
        return self.targets(Whom.EVERYONE)

    def targets(self, whom: Whom) -> tuple[Target, ...]:
        """Where a rung's alerts go: its contacts, and the webhook each time. With one contact the next is the first."""
        chosen = {
            Whom.FIRST: self.contacts[:1],
            Whom.NEXT: self.contacts[1:2] or self.contacts[:1],
            Whom.EVERYONE: self.contacts,
        }[whom]
        hook = (Target(Channel.WEBHOOK),) if self.has_webhook else ()
        return (*(Target(Channel.EMAIL, one) for one in chosen), *hook)


NO_ONE = Reach()


def ladder_to_begin(*, is_open: bool, is_claimed: bool, was_urgent: bool, is_urgent: bool) -> Ladder | None:
    """The ladder a visitor's message begins; None when one that is climbed already goes on.

    is_open, is_claimed, was_urgent: how the conversation's handover stood before. is_urgent: the message's own label.
    """
    if not is_open:
        return ladder_of(is_urgent)
    if not is_urgent:
        return None
    if is_claimed:
        return Ladder.UNDER_CLAIM
    return None if was_urgent else Ladder.EMERGENCY


def ladder_of(is_urgent: bool) -> Ladder:
    """The ladder of a handover that waits for anyone."""
    return Ladder.EMERGENCY if is_urgent else Ladder.ORDINARY


def rung_at(ladder: Ladder, rung: int, since: datetime) -> datetime | None:
    """When a rung of a call that began at `since` is due; None past the last."""
    rungs = LADDERS[ladder]
    return since + rungs[rung].after if rung < len(rungs) else None


def next_try_at(tries: int, now: datetime) -> datetime:
    """When to try again after this many tries, at least one."""
    return now + RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]


@dataclass(frozen=True, slots=True)
class AlertText:
    """What an alert says: which clinic, why, and where to look. A visitor's words have no place in it."""

    alert_id: str  # the same for every try, so that a receiver can tell a repetition
    event: str
    subject: str
    body: str
    link: str
    site: str = ""
    clinic: str = ""
    reason: str = ""
    is_urgent: bool = False
    nth: int = 1  # of the calls for one handover


def alert_text(*, alert_id: str, site: str, clinic: str, label: Label, link: str, nth: int) -> AlertText:
    """The text of one call for a handover; from the second on, nobody has taken it yet."""
    reason = REASON_WORDS[label]
    still, first = (" (still waiting)", "Someone still waits") if nth > 1 else ("", "Someone waits")
    return AlertText(
        alert_id=alert_id,
        event="handover.waiting",
        subject=f"{reason}: someone is waiting at {clinic}{still}",
        body=(
            f"{first} for a person at {clinic}.\n\nWhy: {reason}\nOpen: {link}\n\n"
            "What they wrote stands at the desk alone, never in an alert.\n"
        ),
        link=link,
        site=site,
        clinic=clinic,
        reason=str(label),
        is_urgent=label is Label.EMERGENCY,
        nth=nth,
    )


def drill_text(*, alert_id: str, site: str, clinic: str, link: str, nth: int, about: About) -> AlertText:
    """What is said of a drill: that it is one, and what to do; or that nobody took it."""
    is_missed = about is About.MISSED
    what = "nobody took the drill in time" if is_missed else "take it at the desk now"
    told = (
        "An emergency at this moment would have waited too. See who is told, and in which order."
        if is_missed
        else "Nobody is in danger. It is measured how soon somebody takes it, as with an emergency."
    )
    return AlertText(
        alert_id=alert_id,
        event="drill.missed" if is_missed else "drill.waiting",
        subject=f"Drill at {clinic}: {what}",
        body=f"A drill at {clinic}: {what}.\n\n{told}\nOpen: {link}\n",
        link=link,
        site=site,
        clinic=clinic,
        reason=str(about),
        is_urgent=True,
        nth=nth,
    )


def text_of_test(alert_id: str, link: str) -> AlertText:
    """What an operator sends to see that alerts arrive."""
    return AlertText(
        alert_id=alert_id,
        event="test",
        subject="Test: alerts of Patient Advocate arrive here",
        body=f"Alerts of Patient Advocate arrive here. Nobody is waiting.\n\nThe desk: {link}\n",
        link=link,
    )


REASON_WORDS: Mapping[Label, str] = {
    Label.EMERGENCY: "Emergency",
    Label.CLINICAL: "Health question",
    Label.HUMAN: "Asked for a person",
    Label.OUT_OF_KB: "Not on our page",
    Label.OTHER_LANGUAGE: "Other language",
}
