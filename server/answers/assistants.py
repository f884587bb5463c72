"""Every site's assistant in one process, each on its site's current build, with the encoder in a thread of its own.

Whatever breaks here ends in a handover, never in an unchecked quote.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from index.builds.build import Recipe
from index.builds.manifest import BuildRefused
from index.builds.publish import Builds
from index.builds.withheld import may_quote, read_withheld
from kb.errors import AdvocateError
from kb.labels import Label
from kb.pages import Page, Passage
from kb.policy import Policy, load_policy
from kb.reading.language import is_foreign
from kb.sites import Site
from server.answers.assistant import EMPTY, Assistant
from server.answers.batches import Batches, Steps
from server.answers.reading import Met, rules_of
from server.answers.shelves import Shelves
from server.core.decide import Evidence, Speech, word_reply
from server.core.findings import NOTHING_FOUND, Finding, judge
from server.core.matching.rules import RuleMatch, RuleTable
from server.core.reasons import ByRule, Reason
from server.core.reply import Reply, Trace
from server.core.typed import HEARD

log = logging.getLogger(__name__)
SPANISH = "¿Cuánto dura la inyección?"
URGENT_WAIT_S = 1.0  # how long the gate may take to outweigh a rule that finds an emergency


class UnknownSite(AdvocateError):
    """A site this server does not have."""


@dataclass(frozen=True, slots=True)
class _Message:
    """What is to be replied to."""

    site: str
    text: str
    history: tuple[str, ...]
    settled: bool
    language: str


@dataclass(frozen=True, slots=True)
class _Ruled:
    """What rules say of a message: the emergency reply if it is one for certain, or unless a gate outweighs it; and what a
    loaded build's found."""

    emergency: Reply | None
    unless_outweighed: Reply | None = None
    assistant: Assistant | None = None
    met: Met | None = None


class Assistants:
    """The assistants of every site of this process, loaded when asked for and again when a build is published."""

    def __init__(self, data_dir: Path, sites: dict[str, Site], *, encoder_wait_s: float = 15.0) -> None:
        """sites: the sites this server knows; a publication brings a newer Site with its build."""
        self._sites = sites
        self._wait_s = encoder_wait_s
        self._shelves = Shelves(data_dir)
        self._encoding = Batches("assistant")
        # Builds are loaded and drafts are tried in a thread of their own: no visitor waits for either.
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="loading")
        # Another asks the rules, so that an emergency never waits for what is being encoded.
        self._asking_rules = ThreadPoolExecutor(1, thread_name_prefix="rules")
        self.policy: Policy = load_policy()
        # Some tenths of a second of work: the server is up meanwhile, and whoever needs them first waits for them.
        self._rules: Future[RuleTable] = self._asking_rules.submit(rules_of, self.policy)

    def know(self, sites: dict[str, Site]) -> None:
        """Take up sites that were added since."""
        self._sites = sites

    def site(self, site: str) -> Site:
        """A site's settings, those of its current build first. Raises UnknownSite."""
        if (loaded := self._shelves.site(site)) is not None:
            return loaded
        if site not in self._sites:
            raise UnknownSite(f"There is no site {site!r} here. Known: {', '.join(sorted(self._sites)) or 'none'}.")
        return self._sites[site]

    def pages(self, site: str) -> tuple[Page, ...]:
        """The pages of the site's current build; none while nothing can be quoted."""
        self.site(site)
        return self._shelves.pages(site)

    def quotable(self, site: str) -> tuple[tuple[Page, Passage], ...]:
        """The passages of these pages that may be quoted today; none where nobody knows what may not."""
        today = datetime.now(UTC).astimezone(ZoneInfo(self.site(site).zone)).date()
        try:
            withheld = read_withheld(self._shelves.builds(site).folder)
        except BuildRefused:
            return ()
        places = ((page, one) for page in self.pages(site) for one in page.passages if one.holds_on(today))
        return tuple((page, one) for page, one in places if may_quote(withheld, one.passage_id, page.text_of(one)))

    def is_ready(self, site: str) -> bool:
        """Whether questions can be quoted: those of a site that is not loaded load it, once an encoder is."""
        return self._shelves.is_ready(site)

    def serves(self) -> dict[str, str | None]:
        """The build that each site's visitors are answered from; None where nothing can be quoted."""
        return {site: self._shelves.served(site) for site in self._sites}

    async def refresh(self) -> None:
        """Load what was published since, and at start what there is room for, so that the first visitor does not wait."""
        loop = asyncio.get_running_loop()
        for site in await loop.run_in_executor(self._loading, self._shelves.to_load, list(self._sites)):
            self._asking_rules.submit(is_foreign, SPANISH)  # reads its model now, not while the first visitor waits
            await loop.run_in_executor(self._loading, self._shelves.current, site)

    def find_emergency(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply | None:
        """The emergency reply when the rules find an emergency: needs no build, no encoder and no waiting."""
        matches, finding = self._found_by_rules(text, history)
        if finding.label is not Label.EMERGENCY:
            return None
        speech = Speech(self.policy.replies, next(iter(self._sites.values())), language, "")
        return word_reply(finding, Evidence(matches, is_foreign(text), EMPTY), None, speech)

    async def reply(
        self, site: str, text: str, history: Sequence[str] = (), *, settled: bool = False, language: str = "en"
    ) -> Reply:
        """The reply to a message. A fault of build or model hands over; an emergency that rules find never waits for them.

        Where a build is loaded its own rules read the message, and no others do. Raises UnknownSite alone.
        """
        known = self.site(site)
        message = _Message(site, text, tuple(history[-HEARD:]), settled, language)
        loop = asyncio.get_running_loop()
        ruled = await loop.run_in_executor(self._asking_rules, self._ask_rules, message)
        if ruled.emergency is not None:
            return ruled.emergency
        urgent = ruled.unless_outweighed
        wait_s = self._wait_s if urgent is None else min(self._wait_s, URGENT_WAIT_S)
        try:
            steps = self._replying(message, ruled)
            return await asyncio.wait_for(
                self._encoding.take(steps, chars=len(text), is_urgent=urgent is not None), wait_s
            )
        except TimeoutError:
            if urgent is not None:
                return urgent
            log.warning("site %s: the encoder was not ready within %s s; handed over", site, self._wait_s)
            return self._reply_by_rules(known, text, history, language)

    async def choose(self, site: str, passage_id: str, *, language: str = "en") -> Reply:
        """The passage a visitor chose among the headings offered; a handover when it is gone."""
        known = self.site(site)
        loop = asyncio.get_running_loop()
        assistant = self._shelves.loaded(site) or await loop.run_in_executor(self._loading, self._shelves.current, site)
        if assistant is None:
            return self._reply_by_rules(known, "", (), language)
        return assistant.choose(passage_id, language=language)

    async def reply_from(self, folder: Path, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply:
        """The reply a draft build would give. Raises BuildRefused or ModelError: an editor must see why."""

        def try_out() -> Reply:
            return self.open_build(folder).reply(text, history, language=language)

        return await asyncio.get_running_loop().run_in_executor(self._loading, try_out)

    def builds(self, site: str) -> Builds:
        """The site's builds on disk."""
        return self._shelves.builds(self.site(site).site)

    def open_build(self, folder: Path) -> Assistant:
        """An assistant for a build folder. Raises BuildRefused or ModelError."""
        return self._shelves.open_build(folder)

    def open_trial(self, recipe: Recipe, base: Path) -> Assistant:
        """An assistant that answers as a build of this content would; `base` is a build of the same site.

        Raises what index/builds/trial.py raises.
        """
        return self._shelves.open_trial(recipe, base)

    def close(self) -> None:
        self._encoding.close()
        for threads in (self._loading, self._asking_rules):
            threads.shutdown(wait=False, cancel_futures=True)

    def _ask_rules(self, message: _Message) -> _Ruled:
        """What the rules of the loaded build say, or our own where none is loaded or it is broken."""
        assistant = self._shelves.loaded(message.site)
        if assistant is not None:
            try:
                met = assistant.meet(message.text, message.history, settled=message.settled)
                certain = assistant.emergency(met, language=message.language)
                any_rule = assistant.emergency(met, with_backstop=True, language=message.language)
                return _Ruled(certain, any_rule, assistant, met)
            except Exception as error:  # noqa: BLE001 - whatever broke, our own rules are asked
                log.error("site %s: its rules failed with %s; our own were asked", message.site, type(error).__name__)
        return _Ruled(self.find_emergency(message.text, message.history, language=message.language))

    def _replying(self, message: _Message, ruled: _Ruled) -> Steps[Reply]:
        site, text, history, language = message.site, message.text, message.history, message.language
        # A newer build is loaded meanwhile: `refresh`.
        assistant = self._shelves.loaded(site) or self._shelves.current(site)
        if assistant is not None:
            try:
                met = ruled.met if assistant is ruled.assistant else None
                if met is None:  # another build was published in between
                    met = assistant.meet(text, history, settled=message.settled)
                return (yield from assistant.replying(met, language=language))
            except Exception as error:  # noqa: BLE001 - whatever broke, the visitor is handed over
                log.error("site %s: deciding failed with %s; handed over", site, type(error).__name__)
        return self._reply_by_rules(self.site(site), text, history, language)

    def _reply_by_rules(self, site: Site, text: str, history: Sequence[str], language: str) -> Reply:
        """What the rules alone decide: an emergency, a person, or a handover. Never a quote."""
        matches, finding = self._found_by_rules(text, history)
        speech = Speech(self.policy.replies, site, language, "")
        if finding.label is not Label.OUT_OF_KB:
            return word_reply(finding, Evidence(matches, is_foreign(text), EMPTY), None, speech)
        # The page may well cover it: only that no quote can be checked now. So nothing is said about the page.
        return Reply(
            Label.OUT_OF_KB,
            speech.say(speech.replies.human),
            build="",
            sent_line=speech.say(speech.replies.sent),
            trace=Trace(rules=(str(Reason.NO_BUILD),)),
        )

    def _found_by_rules(self, text: str, history: Sequence[str]) -> tuple[tuple[RuleMatch, ...], Finding]:
        """The rules a message meets, and what they decide by themselves."""
        matches = self._rules.result().find(text, history)
        spoken = [one for one in matches if one.label is not Label.SMALLTALK]
        return matches, judge([*(Finding(one.label, ByRule(one.rule_id)) for one in spoken), NOTHING_FOUND])
