"""Asks what is live and what is about to be the same questions, and keeps what visitors will read differently."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kb.content import Content
from kb.errors import AdvocateError
from server.answers.answering import Answering, Answers
from server.core.editing.differences import Asked, Difference, differences
from server.core.editing.redacting import redacted
from server.core.reply import Reply
from server.editing.golden import Golden
from server.editing.saving import GOLDEN
from server.publishing import Publisher
from server.storage import Store

log = logging.getLogger(__name__)
VISITORS = 300  # of the questions that visitors asked last
OWN_WAYS = 200  # ways to ask for the passages that changed
FAULT = "The questions could not be asked. Try again; if it fails again, tell your administrator."
TEST, VISITOR, PAGE, WAY = "test question", "asked by a visitor", "question on your page", "other way to ask"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What visitors read now and will read, to `total` questions of which `done` were asked."""

    live: str
    draft: str
    done: int = 0
    total: int = 0
    is_done: bool = False
    found: tuple[Difference, ...] = ()
    problem: str = ""
    is_stopped: bool = False


class Comparing:
    """The latest comparison of each site in this process. What visitors asked is read when it is made, and never kept."""

    def __init__(self, store: Store, publisher: Publisher, assistants: Answering, golden: Golden) -> None:
        self._store = store
        self._publisher = publisher
        self._assistants = assistants
        self._golden = golden
        self._kept: dict[str, Comparison] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, int] = {}  # a thread that asks for another run than the latest ends

    def of(self, site: str, draft: str) -> Comparison | None:
        """How a draft compares with what is live, or how far the asking is."""
        kept = self._kept.get(site)
        return kept if kept is not None and (kept.live, kept.draft) == (self._publisher.current(site), draft) else None

    def start(self, site: str, draft: str, *, again: bool = False) -> Comparison | None:
        """Begin to compare a draft with what is live, unless that is done or going on; None where nothing is live.

        again: also where somebody stopped it.
        """
        live = self._publisher.current(site)
        if live is None or live == draft:
            return None
        if (kept := self.of(site, draft)) is not None and not kept.problem and not (kept.is_stopped and again):
            return kept
        if site in self._tasks:
            self._tasks[site].cancel()
        self._runs[site] = self._runs.get(site, 0) + 1
        begun = self._kept[site] = Comparison(live, draft)
        self._tasks[site] = asyncio.create_task(self._run(site, begun))
        return begun

    def stop(self, site: str, draft: str) -> None:
        """Ask no further, if a draft is being compared."""
        kept = self.of(site, draft)
        if kept is not None and not kept.is_done:
            self._kept[site] = replace(kept, is_stopped=True)
            self._runs[site] += 1
            self._tasks[site].cancel()

    async def wait(self, site: str) -> None:
        if site in self._tasks:
            await asyncio.wait([self._tasks[site]])

    async def _run(self, site: str, begun: Comparison) -> None:
        try:
            await self._golden.check(site, begun.draft)
            asked = await self._questions(site, begun)
            self._kept[site] = replace(begun, total=len(asked))
            answers = [
                await asyncio.to_thread(self._assistants.open_build, self._publisher.builds(site).path(one))
                for one in (begun.live, begun.draft)
            ]
            pairs = await asyncio.to_thread(self._ask, site, asked, answers[0], answers[1])
            found = differences(pairs)
            self._kept[site] = replace(self._kept[site], done=len(asked), is_done=True, found=found)
        except AdvocateError as error:
            self._kept[site] = replace(begun, is_done=True, problem=str(error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor is told and may ask again
            log.error("site %s: comparing failed with %s", site, type(error).__name__)
            self._kept[site] = replace(begun, is_done=True, problem=FAULT)

    def _ask(self, site: str, asked: list[Asked], live: Answers, draft: Answers) -> list[tuple[Asked, Reply, Reply]]:
        pairs, run = [], self._runs[site]
        for one in asked:
            if self._runs[site] != run:
                break
            told = replace(one, text=redacted(one.text)) if one.source == VISITOR else one
            pairs.append((told, live.reply(one.text, one.history), draft.reply(one.text, one.history)))
            self._kept[site] = replace(self._kept[site], done=len(pairs))
        return pairs

    async def _questions(self, site: str, begun: Comparison) -> list[Asked]:
        """The test questions, the pages' own, ways to ask for what changed, and what visitors asked last; each once."""
        before = self._publisher.built_content(site, begun.live)
        after = self._publisher.built_content(site, begun.draft)
        latest = await self._store.content.latest(site, GOLDEN)
        golden = [Asked(str(one.get("text", "")), TEST, _history(one)) for one in (latest.body if latest else ())]
        visitors = await self._store.asked.last(site, VISITORS)
        own = [Asked(text, PAGE) for content in (before, after) for text in _own_questions(content)]
        ways = [Asked(text, WAY) for text in _ways(before, after)]
        every = [*golden, *own, *(Asked(text, VISITOR) for text in visitors), *ways]
        return [*{(one.text, one.history): one for one in reversed(every) if one.text.strip()}.values()][::-1]


def _history(golden: dict[str, object]) -> tuple[str, ...]:
    history = golden.get("history") or ()
    return (history,) if isinstance(history, str) else tuple(map(str, history)) if isinstance(history, list) else ()


def _own_questions(content: Content) -> Iterable[str]:
    return (passage.question for _, passage in content.passages() if passage.question)


def _ways(before: Content, after: Content) -> list[str]:
    """Other ways to ask, of passages whose words changed, came or went, and those that came or went themselves."""
    old, new = ({one.passage_id: page.text_of(one) for page, one in content.passages()} for content in (before, after))
    changed = {one for one in {*old, *new} if old.get(one) != new.get(one)}
    moved = {*before.phrasings} ^ {*after.phrasings}
    every = dict.fromkeys([*before.phrasings, *after.phrasings])
    return [one.text for one in every if one.passage_id in changed or one in moved][:OWN_WAYS]
