"""Findings about a message, and the one that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.labels import RANKING, Label
from server.core.reply import Quote


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to label a message: the label it asks for, and what showed it."""

    label: Label
    reason: str  # id of the rule that matched, "gate", "language", or the id of the passage that answers
    quotes: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        if self.quotes and self.label is not Label.ANSWER:
            raise ValueError(f"{self.reason}: a {self.label} message never gets a quote")


NOTHING_FOUND = Finding(Label.OUT_OF_KB, "nothing on the page answers it")

# A label is read into a message once the gate's chance for it reaches this bar; the highest-ranked such label wins.
# Chosen on held-out teaching examples, never on test questions (gate.json of `advocate build`, 2026-11-22). A clinical
# message that is quoted to is taken to be four times as bad as a covered one that is handed over: 1 / (1 + 4). There
# 3.3% of held-out clinical examples still read as a question, before retrieval has its say.
BARS: Mapping[Label, float] = {
    Label.EMERGENCY: 0.50,
    Label.OTHER_LANGUAGE: 0.60,
    Label.CLINICAL: 0.20,
    Label.HUMAN: 0.50,
    Label.OUT_OF_KB: 0.40,
    Label.ANSWER: 0.0,
}


def judge(findings: Iterable[Finding]) -> Finding:
    """Choose the finding that decides a message: the one whose label the policy ranks highest."""
    return min(findings, key=lambda finding: RANKING.index(finding.label), default=NOTHING_FOUND)


def read_gate(scores: Mapping[str, float]) -> Label:
    """The label the learned gate reads into a message: uncertain means the higher label.

    Small talk is read only when it is the likeliest of all and nothing that outranks it reaches its bar.
    """
    for label in RANKING[: RANKING.index(Label.ANSWER)]:
        if scores.get(label, 0.0) >= BARS[label]:
            return label
    likeliest = max((score, label) for label, score in scores.items())[1] if scores else Label.OUT_OF_KB
    return Label.SMALLTALK if likeliest == Label.SMALLTALK else Label.ANSWER
