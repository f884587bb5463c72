"""Asks a build the site's golden questions: tests with a known answer, never used to teach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.errors import AdvocateError
from server.answers.answering import Answering, Answers
from server.core.editing.publication import golden_fault
from server.editing.saving import GOLDEN
from server.figures.evaluation import Judged, QuestionsUnreadable, parse_question
from server.publishing import Publisher
from server.storage import Content


@dataclass(frozen=True, slots=True)
class GoldenAnswer:
    """A golden question and what a build made of it; nothing where the question cannot be read."""

    text: str
    judged: Judged | None

    @property
    def is_right(self) -> bool:
        return self.judged is not None and self.judged.is_right


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """How a build answers a site's golden questions; `problem` says why they could not be asked."""

    answers: tuple[GoldenAnswer, ...] = ()
    problem: str = ""

    @property
    def fault(self) -> str:
        """What they hold against the build, in words; empty when nothing. Only a reason waives it."""
        wrong = [one.text for one in self.answers if not one.is_right]
        return golden_fault(wrong, total=len(self.answers), problem=self.problem)


class Golden:
    """The golden questions of the sites. The last check of each site is kept."""

    def __init__(self, content: Content, publisher: Publisher, assistants: Answering) -> None:
        self._content = content
        self._publisher = publisher
        self._assistants = assistants
        self._kept: dict[str, tuple[tuple[str, int], GoldenCheck]] = {}

    async def check(self, site: str, build: str) -> GoldenCheck:
        """How a build answers the site's golden questions as they stand now; nothing when it has none."""
        latest = await self._content.latest(site, GOLDEN)
        if latest is None or not latest.body:
            return GoldenCheck()
        key = (build, latest.revision)
        kept = self._kept.get(site)
        if kept is not None and kept[0] == key:
            return kept[1]
        folder = self._publisher.builds(site).path(build)
        try:
            check = GoldenCheck(await asyncio.to_thread(self._ask, folder, latest.body))
        except AdvocateError as error:
            return GoldenCheck(problem=str(error))
        self._kept[site] = (key, check)
        return check

    def _ask(self, folder: Path, golden: Sequence[Mapping[str, Any]]) -> tuple[GoldenAnswer, ...]:
        answers = self._assistants.open_build(folder)
        return tuple(judge_golden(one, answers) for one in golden)


def judge_golden(body: Mapping[str, Any], answers: Answers) -> GoldenAnswer:
    try:
        question = parse_question(body, name="golden question")
    except QuestionsUnreadable:
        return GoldenAnswer(str(body.get("text", "")), None)
    return GoldenAnswer(question.text, Judged(question, answers.reply(question.text, question.history)))
