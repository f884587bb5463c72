"""The desk's words: reasons with their shapes, outcomes, waiting times and clock times."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from kb.labels import Label
from server.core.handover import Closing, Status


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a conversation came to the desk: a word, the shape beside it, and a sentence."""

    word: str
    shape: str  # drawn by templates/desk/_shapes.html
    sentence: str


REASONS: Mapping[Label, Reason] = {
    Label.EMERGENCY: Reason(
        "Emergency",
        "triangle",
        "The words may mean an emergency now. The visitor was told at once to call 911 or 988.",
    ),
    Label.CLINICAL: Reason(
        "Health question", "diamond", "It asks for a judgement about someone’s own health. The assistant gives none."
    ),
    Label.HUMAN: Reason("Asked for a person", "person", "The visitor asked to talk to a person."),
    Label.OUT_OF_KB: Reason("Not on our page", "square", "No passage of the page answers it."),
    Label.OTHER_LANGUAGE: Reason("Other language", "bubble", "The message is mostly not in English."),
}
CALL_BACK = Reason("Call back", "phone", "The visitor left a way to be reached and need not stay.")

CLOSINGS: Mapping[Closing, str] = {
    Closing.ANSWERED: "Answered",
    Closing.BOOKED: "Booked",
    Closing.TO_CLINICIAN: "Passed to a clinician",
    Closing.EMERGENCY_ADVISED: "Emergency care advised",
    Closing.CONTENT_GAP: "Missing from our page",
    Closing.SPAM: "Spam",
}


# What decided besides the policy's rules (server/core/decide.py); what found a passage says nothing here.
DECIDED_BY: Mapping[str, str] = {
    "gate": "How the message reads as a whole",
    "gate, with the message before": "How it reads after the message before",
    "gate, one question": "How one of its questions reads",
    "language": "The language it is written in",
}


def queue_reason(label: Label, status: Status) -> Reason:
    """The reason as the queue names it: what there is to do. An emergency stays one, whatever else was arranged."""
    return CALL_BACK if status is Status.CALL_BACK and label is not Label.EMERGENCY else REASONS[label]


def matched_words(rules: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """What decided, in words, each once. `known` holds the ids of the policy's rules: `chest_pain` reads "Chest pain"."""
    found = (DECIDED_BY.get(one) or (rule_words(one) if one in known else "") for one in rules)
    return tuple(dict.fromkeys(one for one in found if one))


def rule_words(rule: str) -> str:
    """A rule's id as words."""
    words = rule.removeprefix("es_").replace("_", " ").capitalize()
    return f"{words}, in Spanish" if rule.startswith("es_") else words


def waiting_words(waited: timedelta) -> str:
    """How long someone has waited. The desk's script has the same words in `waitingWords`."""
    minutes = max(0, int(waited.total_seconds() // 60))
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")
    days = minutes // (24 * 60)
    return "1 day" if days == 1 else f"{days} days"


def clock(at: datetime, *, now: datetime, zone: str) -> str:
    """A time as the clinic reads it: "3:42 pm", with the day when it is not today."""
    here, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    time = f"{here.hour % 12 or 12}:{here.minute:02} {'am' if here.hour < 12 else 'pm'}"
    if here.date() == today:
        return time
    if here.date() == today - timedelta(days=1):
        return f"yesterday, {time}"
    return f"{here:%B} {here.day}, {time}"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 message", "4 messages"."""
    return f"{number} {one if number == 1 else many}"
