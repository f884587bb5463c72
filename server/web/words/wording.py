"""Words for staff: why a conversation came, what decided, how it ended; and how numbers and names are put."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.labels import Label
from server.core import reasons
from server.core.handing.alerts import REASON_WORDS
from server.core.handing.handover import Closing, Status


@dataclass(frozen=True, slots=True)
class Occasion:
    """What brought a conversation to the desk: a word, the shape beside it, and a sentence."""

    word: str
    shape: str  # drawn by templates/desk/_shapes.html
    sentence: str


REASONS: Mapping[Label, Occasion] = {
    Label.EMERGENCY: Occasion(
        REASON_WORDS[Label.EMERGENCY],
        "triangle",
        "The words may mean an emergency now. The visitor was told at once to call 911 or 988.",
    ),
    Label.CLINICAL: Occasion(
        REASON_WORDS[Label.CLINICAL],
        "diamond",
        "It asks for a judgement about someone’s own health. The assistant gives none.",
    ),
    Label.HUMAN: Occasion(REASON_WORDS[Label.HUMAN], "person", "The visitor asked to talk to a person."),
    Label.OUT_OF_KB: Occasion(REASON_WORDS[Label.OUT_OF_KB], "square", "No passage of the page answers it."),
    Label.OTHER_LANGUAGE: Occasion(
        REASON_WORDS[Label.OTHER_LANGUAGE], "bubble", "The message is mostly not in English."
    ),
}
CALL_BACK = Occasion("Call back", "phone", "The visitor left a way to be reached and need not stay.")

MAYBE_SPAM = Occasion("May be spam", "square", "A field that no person sees was filled in.")

CLOSINGS: Mapping[Closing, str] = {
    Closing.ANSWERED: "Answered",
    Closing.BOOKED: "Booked",
    Closing.TO_CLINICIAN: "Passed to a clinician",
    Closing.EMERGENCY_ADVISED: "Emergency care advised",
    Closing.CONTENT_GAP: "Missing from our page",
    Closing.SPAM: "Spam",
}


def queue_reason(label: Label, status: Status, *, suspected_spam: bool = False) -> Occasion:
    """The reason as the queue names it: what there is to do. An emergency stays one, whatever else was arranged."""
    if label is Label.EMERGENCY:
        return REASONS[label]
    if suspected_spam:
        return MAYBE_SPAM
    return CALL_BACK if status is Status.CALL_BACK else REASONS[label]


def matched_words(codes: Iterable[str], rule_ids: Collection[str]) -> tuple[str, ...]:
    """What decided, in words, each once. `rule_ids` are the policy's: `chest_pain` reads "Chest pain"."""
    found = (cause_words(reasons.cause_of(one, rule_ids)) for one in codes)
    return tuple(dict.fromkeys(one for one in found if one))


def cause_words(cause: reasons.Cause) -> str:
    """A cause in words; of passages none, as they are shown themselves."""
    match cause:
        case reasons.Reason():
            return cause.words
        case reasons.ByRule(rule_id):
            return rule_words(rule_id)
        case reasons.ByPassages():
            return ""


def rule_words(rule: str) -> str:
    """A rule's id as words."""
    words = rule.removeprefix("es_").replace("_", " ").capitalize()
    return f"{words}, in Spanish" if rule.startswith("es_") else words


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 message", "4 messages"."""
    return f"{number} {one if number == 1 else many}"


def shortened(text: str, most: int = 70) -> str:
    """The first words of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"


def listed(names: Sequence[str]) -> str:
    """Names as in a sentence: "Ann", "Ann and Bo", "Ann, Bo and Cy"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
