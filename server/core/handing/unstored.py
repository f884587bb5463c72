"""What staff are told while nothing can be stored: an outage has no outbox, so when and what is a sum and two texts here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from server.core.handing.alerts import AlertText

# An outage that refused nobody yet is told after as long as a database takes to start again.
AFTER = timedelta(seconds=60)
AGAIN_AFTER = timedelta(minutes=10)  # while visitors go on being refused
URGENT_AGAIN_AFTER = timedelta(minutes=1)  # while their emergencies are


@dataclass(frozen=True, slots=True)
class Refused:
    """What visitors sent that is not stored, sent again or not; `urgent` of it held an emergency."""

    count: int = 0
    urgent: int = 0


NOBODY = Refused()


def is_due(refused: Refused, told: Refused | None, lasted: timedelta) -> bool:
    """Whether staff are to be told (again).

    told: what they were told last in this outage, None before the first time. lasted: since then, or since it began.
    """
    if told is None:
        return refused != NOBODY or lasted >= AFTER
    if refused.urgent > told.urgent:
        return told.urgent == 0 or lasted >= URGENT_AGAIN_AFTER
    return refused.count > told.count and lasted >= AGAIN_AFTER


def outage_text(*, alert_id: str, refused: Refused, nth: int, link: str) -> AlertText:
    """That nothing can be stored, and what became of visitors meanwhile."""
    subject = "visitors' messages cannot be stored"
    told = f"{_things(refused)}. Whoever wrote was told to call the clinic, 911 or 988."
    return AlertText(
        alert_id=alert_id,
        event="store.failing",
        subject=f"Emergency: {subject}" if refused.urgent else subject.capitalize(),
        body=(
            "The database of Patient Advocate can store nothing now.\n\n"
            f"{told if refused.count else 'No visitor has written since.'}\n\n"
            "Answer the phone, and see to the server's disk and database: its log says what fails.\n"
            f"The desk: {link}\n"
        ),
        link=link,
        reason="not stored",
        is_urgent=refused.urgent > 0,
        nth=nth,
    )


def works_again_text(*, alert_id: str, refused: Refused, link: str) -> AlertText:
    """That an outage that was told of is over, and how many of the refused were not sent again."""
    lost = (
        f"{_things(refused)}. They did not arrive since." if refused.count else "Nothing that visitors sent is missing."
    )
    return AlertText(
        alert_id=alert_id,
        event="store.works",
        subject="Visitors' messages are stored again",
        body=f"The database of Patient Advocate works again.\n\n{lost}\nThe desk: {link}\n",
        link=link,
        reason="stored again",
    )


def _things(refused: Refused) -> str:
    were = f"{refused.count} messages, chats or calls for a person were refused"
    if refused.count == 1:
        were = "1 message, chat or call for a person was refused"
    return f"{were}, {refused.urgent} with an emergency" if refused.urgent else were
