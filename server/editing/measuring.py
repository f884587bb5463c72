"""How surely what is live answers the site's test questions: what would be quoted, rightly and wrongly, at each threshold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from kb.errors import AdvocateError
from kb.labels import Label
from server.answers.answering import Answering
from server.editing.saving import GOLDEN
from server.figures.evaluation import Question, QuestionsUnreadable, curve, evaluate, parse_question
from server.publishing import Publisher
from server.storage import Content

log = logging.getLogger(__name__)
FAULT = "The questions could not be asked. Open this page again; if it fails again, tell your administrator."


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of the test questions: `answers` of them should be quoted to, `outside` are not on the page.

    points: as `evaluation.curve` gives them.
    """

    build: str
    revision: int
    total: int = 0
    done: int = 0
    answers: int = 0
    outside: int = 0
    points: tuple[Mapping[str, float], ...] = ()
    is_done: bool = False
    problem: str = ""


class Measuring:
    """The latest measurement of each site in this process."""

    def __init__(self, content: Content, publisher: Publisher, assistants: Answering) -> None:
        self._content = content
        self._publisher = publisher
        self._assistants = assistants
        self._kept: dict[str, Measured] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, site: str) -> Measured | None:
        """Begin to ask what is live the test questions, unless that is done or going on; None where one of them is missing."""
        live, golden = self._publisher.current(site), await self._content.latest(site, GOLDEN)
        if live is None or golden is None or not golden.body:
            return None
        kept = self._kept.get(site)
        if kept is None or (kept.build, kept.revision) != (live, golden.revision) or kept.problem:
            if site in self._tasks:
                self._tasks[site].cancel()
            self._kept[site] = Measured(live, golden.revision, total=len(golden.body))
            self._tasks[site] = asyncio.create_task(self._run(site, golden.body))
        return self._kept[site]

    async def wait(self, site: str) -> None:
        if site in self._tasks:
            await asyncio.wait([self._tasks[site]])

    async def _run(self, site: str, golden: Sequence[Mapping[str, Any]]) -> None:
        begun = self._kept[site]
        try:
            measured = await asyncio.to_thread(self._ask, site, begun, golden)
            self._kept[site] = measured
        except AdvocateError as error:
            self._kept[site] = replace(begun, is_done=True, problem=str(error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor is told and may ask again
            log.error("site %s: measuring failed with %s", site, type(error).__name__)
            self._kept[site] = replace(begun, is_done=True, problem=FAULT)

    def _ask(self, site: str, begun: Measured, golden: Sequence[Mapping[str, Any]]) -> Measured:
        questions: list[Question] = []
        for one in golden:
            with suppress(QuestionsUnreadable):  # the page of test questions says which
                questions.append(parse_question(one, name="test question"))
        answers = self._assistants.open_build(self._publisher.builds(site).path(begun.build))
        judged = []
        for question in questions:
            judged += evaluate([question], answers)
            self._kept[site] = replace(begun, total=len(questions), done=len(judged))
        return replace(
            begun,
            total=len(questions),
            done=len(judged),
            answers=sum(one.label is Label.ANSWER for one in questions),
            outside=sum(one.label is Label.OUT_OF_KB for one in questions),
            points=tuple(curve(judged)),
            is_done=True,
        )
