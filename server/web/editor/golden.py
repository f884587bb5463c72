"""Asks a draft the site's golden questions: tests with a known outcome, never used to teach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from kb.labels import Label
from server.core.reply import Reply
from server.evaluation import Outcome, Question
from server.web.editor.reading import Visit
from server.web.editor.screens import GoldenRow
from server.web.editor.trying import LABELS
from server.web.words.wording import listed, shortened


class Answers(Protocol):
    """An opened build (assistant.py)."""

    def reply(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply: ...


class Opening(Protocol):
    def open_build(self, folder: Path) -> Answers: ...


async def ask_golden(visit: Visit, build: str, golden: Sequence[Mapping[str, Any]]) -> tuple[GoldenRow, ...]:
    """What a build answers to each golden question. Raises BuildRefused or ModelError."""
    if not golden:
        return ()
    folder = visit.publisher.builds(visit.name).path(build)
    assistants = cast(Opening, visit.parts.assistants)

    def ask() -> tuple[GoldenRow, ...]:
        answers = assistants.open_build(folder)
        return tuple(_row(one, answers) for one in golden)

    return await asyncio.to_thread(ask)


def _row(body: Mapping[str, Any], answers: Answers) -> GoldenRow:
    try:
        question = Question(
            id=str(body.get("id", "")),
            text=str(body["text"]),
            label=Label(body["label"]),
            gold=tuple(map(str, body.get("gold") or ())),
            history=tuple(map(str, body.get("history") or ())),
        )
    except (KeyError, ValueError, TypeError):
        return GoldenRow(str(body.get("text", "")), "This test question cannot be read", "", is_right=False)
    reply = answers.reply(question.text, question.history)
    return GoldenRow(question.text, _expected(question), _got(reply), Outcome(question, reply).is_right)


def _expected(question: Question) -> str:
    words = LABELS[question.label]
    return f"{words}: “{shortened(question.gold[0])}”" if question.gold else words


def _got(reply: Reply) -> str:
    words = LABELS[reply.label]
    return f"{words}: “{listed([shortened(one.text) for one in reply.quotes])}”" if reply.quotes else words
