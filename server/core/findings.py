"""Findings about a message, and the one that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.labels import RANKING, Label
from server.core.reasons import Cause, Reason
from server.core.reply import Quote


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to label a message: the label it asks for, and what showed it."""

    label: Label
    cause: Cause
    quotes: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        if self.quotes and self.label is not Label.ANSWER:
            raise ValueError(f"{self.cause}: a {self.label} message never gets a quote")


NOTHING_FOUND = Finding(Label.OUT_OF_KB, Reason.UNCOVERED)
CHANGED_THERE = Finding(Label.OUT_OF_KB, Reason.WITHHELD)

# A label is read into a message once the gate's chance for it reaches this bar; the highest-ranked such label wins.
# Chosen on eight choosing clinics and two choosing writers (tests/clinics), never on what is reported: at one half the gate alone
# finds 346 of their 389 emergencies in the whole message and calls 20 of 1,143 others one, most of them health questions near one
# (server/docs/emergencies.md). The clinical bar stops 140 of 140 clinical validation messages about KneeCare; of the choosing
# clinics' covered questions it stops a seventh.
BARS: Mapping[Label, float] = {
    Label.EMERGENCY: 0.50,
    Label.OTHER_LANGUAGE: 0.60,
    Label.CLINICAL: 0.01,
    Label.HUMAN: 0.30,
}
# A backstop rule counts beside the gate from this chance on, of any part: below it are 45 of the 53 messages of the choosing
# writers and clinics that rules alone would call emergencies and are none, and one of their emergencies that only a rule finds.
POSSIBLE = 0.005
# A part of a message is less than the whole: it must be nearly sure to make an emergency of a message that is none as a whole.
URGENT_PART_BAR = 0.90
# What is small talk, or asks for a person, before anything else must be this much like a complaint to be read as one.
# Neither is quoted to, unless a page speaks of it and nothing in it is the least clinical.
UNQUOTED_BAR = 0.30
# A part of a message that asks something else too, and a message put after the one before it, must be clinical about as
# likely as not: one says less than the whole, the other more than was asked. No clinical validation message hides behind
# this either.
PART_BAR = 0.40


def judge(findings: Iterable[Finding]) -> Finding:
    """Choose the finding that decides a message: the one whose label the policy ranks highest."""
    return min(findings, key=lambda finding: RANKING.index(finding.label), default=NOTHING_FOUND)


def read_gate(
    scores: Mapping[str, float],
    clinical: float = BARS[Label.CLINICAL],
    emergency: float = BARS[Label.EMERGENCY],
) -> Label:
    """The label the learned gate reads into a message: uncertain means the higher label. clinical, emergency: their bars.

    `answer` says only that retrieval may decide: whether the page covers a question is not the gate's to say.
    Small talk is read only when it is the likeliest of all and nothing that outranks it reaches its bar.
    """
    chance, likeliest = max((score, label) for label, score in scores.items()) if scores else (0.0, Label.OUT_OF_KB)
    is_unquoted = likeliest == Label.SMALLTALK or (likeliest == Label.HUMAN and chance >= BARS[Label.HUMAN])
    clinical_bar = max(clinical, UNQUOTED_BAR) if is_unquoted else clinical
    bars = {**BARS, Label.EMERGENCY: emergency, Label.CLINICAL: clinical_bar}
    chances = {**scores, Label.CLINICAL: chance_of_clinical(scores)}
    for label, bar in bars.items():
        if chances.get(label, 0.0) >= bar:
            return label
    return Label.SMALLTALK if likeliest == Label.SMALLTALK else Label.ANSWER


def chance_of_clinical(scores: Mapping[str, float]) -> float:
    """The gate's chance that a message is clinical: what may be an emergency is so at least."""
    return scores.get(Label.CLINICAL, 0.0) + scores.get(Label.EMERGENCY, 0.0)
