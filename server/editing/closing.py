"""Closes what visitors asked in vain: a proposal is tried before it is saved, and nothing is ever added by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from kb.content import Content as Text
from kb.content import Phrasing
from kb.labels import Label
from server.answers.answering import Answers
from server.core.editing.gaps import Gap, InVain, gaps
from server.core.editing.redacting import redacted
from server.core.reply import Reply
from server.editing.actors import Actor
from server.editing.golden import GoldenAnswer, judge_golden
from server.editing.saving import GOLDEN
from server.editing.trying import NothingToTry, Trying
from server.storage import Store

LOOKED_AT = 500  # of the last questions in vain
SHOWN = 40  # gaps that are asked again, to see whether the text answers them now


@dataclass(frozen=True, slots=True)
class Standing:
    """A gap, and whether the text as it is saved answers it now."""

    gap: Gap
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What another way to ask would do: the reply to it, and the test questions that go otherwise than before."""

    reply: Reply
    better: tuple[GoldenAnswer, ...]
    worse: tuple[GoldenAnswer, ...]
    total: int


class Closing:
    """Gaps of the sites. Visitors' words are read, shown without who they are, and never kept."""

    def __init__(self, store: Store, trying: Trying) -> None:
        self._store = store
        self._trying = trying

    async def gaps(self, site: str, by: Actor) -> list[Standing]:
        """What was asked in vain, open ones first. The reading is audited."""
        await self._store.audit(site, by.id, "read what was asked in vain", site)
        asked = await self._store.asked.in_vain(site, LOOKED_AT)
        found = gaps(replace(one, text=redacted(one.text)) for one in asked)[:SHOWN]
        try:
            answers = await self._trying.open(site)
        except NothingToTry:
            return [Standing(one, is_closed=False) for one in found]
        standings = await asyncio.to_thread(lambda: [Standing(one, _is_closed(answers, one)) for one in found])
        return sorted(standings, key=lambda one: one.is_closed)

    async def effect(self, site: str, fresh: Phrasing) -> Effect:
        """What another way to ask would do, before it is saved. Raises as `Trying.open` does."""
        before = await self._trying.open(site)
        after = await self._trying.open(site, _with(fresh))
        latest = await self._store.content.latest(site, GOLDEN)
        golden = latest.body if latest else []
        return await asyncio.to_thread(_effect, before, after, golden, fresh.text)


def _with(fresh: Phrasing) -> Callable[[Text], Text]:
    return lambda content: replace(content, phrasings=(*content.phrasings, fresh))


def _is_closed(answers: Answers, gap: Gap) -> bool:
    """A question that was answered without help needs another passage than the one it got."""
    reply = answers.reply(gap.text)
    latest: InVain = gap.asked[0]
    is_same = latest.is_unhelpful and any(one.passage_id == latest.nearest for one in reply.quotes)
    return reply.label is Label.ANSWER and not is_same


def _effect(before: Answers, after: Answers, golden: list[dict[str, object]], text: str) -> Effect:
    pairs = [(judge_golden(one, before), judge_golden(one, after)) for one in golden]
    return Effect(
        reply=after.reply(text),
        better=tuple(now for was, now in pairs if now.is_right and not was.is_right),
        worse=tuple(now for was, now in pairs if was.is_right and not now.is_right),
        total=len(pairs),
    )
