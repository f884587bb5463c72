"""A small working stand-in for the assistants: the real page, policy, quotes and replies; a table instead of a model."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Self

from index.builds.build import Recipe
from kb.labels import Label
from kb.pages import Page, Passage
from kb.policy import load_policy
from kb.shaping.markdown import load_page
from kb.sites import SITES, Site, load_site
from server.answers.assistants import UnknownSite
from server.core.decide import Evidence, Part
from server.core.quoting import cut_quote
from server.core.reply import Candidate, Reply, Suggestion, Trace
from server.desk import in_language

BUILD = "b" * 64
EMERGENCY_WORDS = ("can't breathe", "chest pain", "no puedo respirar")
BURSITIS = "p-fc547bf7b560"  # the passage that a draft finds nearest, where none answers
SOFTENED = "soreness at the injection site"
PAGE = load_page(SITES / "kneecare" / "pages" / "trigger-point-injections.md")
POLICY = load_policy()
CLINIC_ORIGIN = "https://www.kneecare.example"


class Opened:
    """Answers from pages: quotes the passage that holds the question's words."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = pages

    def evidence(self, text: str, history: Sequence[str] = ()) -> Evidence:
        del history
        self._asked = text
        return Evidence((), False, Part({}, ()))

    def decide(self, evidence: Evidence, *, threshold: float | None = None) -> Reply:
        del evidence
        reply = self.reply(self._asked)
        surest = max(one.score for one in reply.trace.candidates)
        return reply if threshold is None or surest >= threshold else self.reply("what no page says")

    @classmethod
    def build(cls, folder: Path) -> Self:
        return cls([Page.from_json(one) for one in json.loads((folder / "pages.json").read_text(encoding="utf-8"))])

    def reply(
        self,
        text: str,
        history: Sequence[str] = (),
        *,
        settled: bool = False,
        language: str = "en",
        day: date | None = None,
    ) -> Reply:
        del history, settled, language, day
        for page in self.pages:
            for passage in page.passages:
                if text.strip("?").casefold() in f"{passage.question} {page.text_of(passage)}".casefold():
                    note = POLICY.replies.standing_note.en if passage.needs_note else None
                    trace = Trace(
                        rules=(passage.passage_id,),
                        gate={"answer": 0.9, "clinical": 0.1},
                        candidates=(Candidate(passage.passage_id, None, 0.91),),
                        threshold=0.5,
                    )
                    quotes = (cut_quote(page, passage, None),)
                    line = POLICY.replies.answer_line.en
                    return Reply(Label.ANSWER, line, BUILD, quotes=quotes, note=note, trace=trace)
        trace = Trace(
            rules=("nothing on the page answers it",),
            candidates=(Candidate(BURSITIS, None, 0.2),),
            threshold=0.5,
        )
        replies = POLICY.replies
        return Reply(Label.OUT_OF_KB, replies.outside.en, BUILD, sent_line=replies.sent.en, trace=trace)


class StandIn:
    """Answers "What is a trigger point?" and "Will it be sore?"; hands the rest over; knows two sites."""

    def __init__(self) -> None:
        self.policy = POLICY
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.settled: list[bool] = []
        self.fault: Exception | None = None
        self.ready = True
        self.before_reply: Callable[[], Awaitable[object]] | None = None
        self.sites = {
            "kneecare": load_site(SITES / "kneecare").model_copy(update={"allowed_origins": (CLINIC_ORIGIN,)}),
            "hipcare": Site(
                site="hipcare",
                clinic="HipCare",
                topic="hips",
                advocate="Sam Lee",
                url="/sites/hipcare",
                zone="America/Chicago",
                allowed_origins=("https://hipcare.example",),
            ),
        }

    async def reply(
        self, site: str, text: str, history: Sequence[str] = (), *, settled: bool = False, language: str = "en"
    ) -> Reply:
        self.site(site)
        self.settled.append(settled)
        self.asked.append((text, tuple(history)))
        if self.fault is not None:
            raise self.fault
        if emergency := self.find_emergency(text, history, language=language):
            return emergency
        if self.before_reply is not None:
            await self.before_reply()
        words = text.lower()
        if "trigger point?" in words:
            return self._quoting("A trigger point is")
        if "sore" in words:
            return self._quoting(SOFTENED)
        if words.startswith("hello"):
            greeting = self.sites[site].fill(in_language(self.policy.replies.greeting, language))
            return Reply(Label.SMALLTALK, greeting, BUILD)
        label, text_of = (Label.CLINICAL, "clinical") if " my " in words else (Label.OUT_OF_KB, "outside")
        return self._fixed(label, text_of, language, offers=label is Label.OUT_OF_KB)

    async def choose(self, site: str, passage_id: str, *, language: str = "en") -> Reply:
        del site, language  # one page, in one language
        passage = next(one for one in PAGE.passages if one.passage_id == passage_id)
        return self._quoting(PAGE.text_of(passage)[:60])

    def find_emergency(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply | None:
        del history  # its table looks at one message
        if not any(words in text.lower() for words in EMERGENCY_WORDS):
            return None
        replies = self.policy.replies
        sent = in_language(replies.emergency_sent, language)
        return Reply(Label.EMERGENCY, in_language(replies.emergency, language), BUILD, sent_line=sent)

    def is_ready(self, site: str) -> bool:
        return self.ready and site == "kneecare"

    def serves(self) -> dict[str, str | None]:
        return {site: BUILD if self.is_ready(site) else None for site in self.sites}

    def site(self, site: str) -> Site:
        if site not in self.sites:
            raise UnknownSite("There is no such site here.")
        return self.sites[site]

    def quotable(self, site: str) -> tuple[tuple[Page, Passage], ...]:
        return tuple((page, one) for page in self.pages(site) for one in page.passages)

    def pages(self, site: str) -> tuple[Page, ...]:
        return (PAGE,) if site == "kneecare" else ()

    async def reply_from(self, folder: Path, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply:
        return self.open_build(folder).reply(text, history, language=language)

    def open_build(self, folder: Path) -> Opened:
        return Opened.build(folder)

    def open_trial(self, recipe: Recipe, base: Path) -> Opened:
        del base
        return Opened(recipe.content.pages)

    def _quoting(self, words: str) -> Reply:
        passage = next(one for one in PAGE.passages if words in PAGE.text_of(one))
        quote = cut_quote(PAGE, passage, None)
        note = self.policy.replies.standing_note.en if passage.needs_note else None
        trace = Trace(rules=("canary-of-the-trace",))
        return Reply(Label.ANSWER, self.policy.replies.answer_line.en, BUILD, quotes=(quote,), note=note, trace=trace)

    def _fixed(self, label: Label, name: str, language: str, *, offers: bool) -> Reply:
        passages = PAGE.passages[:2] if offers else ()
        return Reply(
            label,
            in_language(getattr(self.policy.replies, name), language),
            BUILD,
            sent_line=in_language(self.policy.replies.sent, language),
            suggestions=tuple(Suggestion(one.passage_id, one.heading_path or PAGE.title) for one in passages),
        )
