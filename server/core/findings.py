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
# finds 502 of their 570 emergencies in the whole message and calls 13 of 2,215 others one, most of them health questions near one
# (server/docs/emergencies.md). The clinical bar finds 444 of their 459 clinical messages and stops 65 of 951 covered questions;
# at twice that it would find 3 fewer, at three fifths none more.
BARS: Mapping[Label, float] = {
    Label.EMERGENCY: 0.50,
    Label.OTHER_LANGUAGE: 0.60,
    Label.CLINICAL: 0.005,
    Label.HUMAN: 0.30,
}
# A backstop rule counts beside the gate from this chance on, of any part: of the 91 other messages of the choosing writers and
# clinics that only a rule calls emergencies 27 are left so, and every emergency that only a rule finds is found. At 0.02 it
# would be 22, but a development emergency is lost.
POSSIBLE = 0.005
# A part of a message is less than the whole: it must be nearly sure to make an emergency of a message that is none as a whole.
URGENT_PART_BAR = 0.90
# What is small talk before anything else, or asks for a person, must be this much like a complaint to be read as one.
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
    likeliest = max(scores, key=lambda label: (scores[label], label), default=Label.OUT_OF_KB)
    is_unquoted = likeliest == Label.SMALLTALK or scores.get(Label.HUMAN, 0.0) >= BARS[Label.HUMAN]
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
