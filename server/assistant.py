"""The one way a message becomes a reply: joins a site's current build, its policy and the encoder.

Deciding alerts nobody and stores nothing. Whatever breaks here ends in a handover, never in an unchecked quote.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from index.encode import OnnxEncoder, Vectors
from index.layout import CURRENT, encoder_folder, models_folder
from index.loaded import LoadedBuild, load_build
from index.publish import Builds
from kb.errors import AdvocateError
from kb.labels import Label
from kb.pages import Page
from kb.policy import Policy, load_policy
from kb.reading.language import is_foreign
from kb.reading.messages import after, asks, bare, leans, refers_back, runs_of, sentences_in, trimmed
from kb.reading.sentences import Span
from kb.sites import Site
from server.core.decide import Evidence, Found, Part, Run, Speech, decide, word_reply
from server.core.findings import NOTHING_FOUND, Finding, judge
from server.core.quoting import cut_quote
from server.core.reply import Quote, Reply, Trace
from server.core.rules import RuleMatch, RuleTable, compile_rules, is_alarming, is_courtesy

log = logging.getLogger(__name__)
MAX_CHARS = 4000
EMPTY = Part(gate={}, found=())
KEPT_HITS = 12  # passages of a search that are looked at further


class UnknownSite(AdvocateError):
    """A site this server does not have."""


class Assistant:
    """Answers from one build."""

    def __init__(self, build: LoadedBuild, encoder: OnnxEncoder) -> None:
        """Raises BuildRefused when the encoder is not the build's."""
        build.check_encoder(encoder)
        self.build = build
        self._encoder = encoder
        self._rules = compile_rules(build.policy.rules)
        # A question the clinic itself published with its answer is a general one, whatever the gate makes of its words.
        self._published = {_folded(one.question) for _, one in build.places if one.question}
        self._quotes: dict[tuple[int, Span | None], Quote] = {}  # each is cut, and checked against its page, once

    @property
    def policy(self) -> Policy:
        return self.build.policy

    @property
    def build_id(self) -> str:
        return self.build.build

    def reply(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply:
        """The reply to a message, given the visitor's earlier ones, oldest first."""
        return self.decide(self.evidence(text, history), language=language)

    def evidence(self, text: str, history: Sequence[str] = ()) -> Evidence:
        """Everything there is to know about a message before it is decided."""
        met = {one: self._rules.find(one, history) for one in [text, *sentences_in(text)]}
        asked, sentences = _without_courtesies(text, met)
        runs = {where: " ".join(sentences[where.start : where.stop]) for where in runs_of(len(sentences))}
        joined = [after(history[-1], asked)] if history else []
        leaning = [
            after(before, one) if leans(one) else bare(one)
            for before, one in zip(["", *sentences], sentences, strict=False)
        ]
        rows = self._rows([asked, bare(asked), *sentences, *joined, *runs.values(), *leaning])
        parts = [
            self._part(read, sought, rows)
            for read, sought in zip([asked, *sentences, *joined], [bare(asked), *leaning, *joined], strict=True)
        ]
        if is_courtesy(met.get(asked, ())):
            parts[0] = replace(parts[0], gate={str(Label.SMALLTALK): 1.0})
        return Evidence(
            rules=_all_met(text, met),
            foreign=is_foreign(text) or is_foreign(asked),
            whole=parts[0],
            sentences=tuple(parts[1 : 1 + len(sentences)]),
            runs=tuple(Run(where, self._gate(one, rows)) for where, one in runs.items()),
            joined=parts[-1] if joined else None,
            refers_back=refers_back(asked),
            alarmed=any(is_alarming(match) for message in history for match in self._rules.find(message)),
        )

    def decide(self, evidence: Evidence, *, threshold: float | None = None, language: str = "en") -> Reply:
        """The reply to what was found, at the build's threshold or, to draw a curve, at another."""
        at = self.build.manifest.threshold if threshold is None else threshold
        return decide(evidence, at, self._speech(language))

    def choose(self, passage_id: str, *, language: str = "en") -> Reply:
        """The passage a visitor chose among the headings that were offered."""
        position = self.build.position(passage_id)
        if position is None:
            return word_reply(NOTHING_FOUND, Evidence((), False, EMPTY), None, self._speech(language))
        found = self._found(position, 1.0, None)
        evidence = Evidence((), False, Part({}, (found,)))
        finding = Finding(Label.ANSWER, passage_id, (found.quote,))
        return word_reply(finding, evidence, self.build.manifest.threshold, self._speech(language))

    def _rows(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """The encoder's rows of texts, as typed and spelled right, by text."""
        read = [trimmed(text) for text in texts]
        every = list(dict.fromkeys([*read, *map(self.build.searcher.corrected, read)]))
        return dict(zip(every, self._encoder.encode(every), strict=True))

    def _part(self, read: str, sought: str, rows: Mapping[str, Vectors]) -> Part:
        """What the gate reads in a text, as typed, and what is found for what it seeks, spelled right."""
        words = self.build.searcher.corrected(trimmed(sought))
        hits = self.build.searcher.search(words, rows[words][: self._encoder.dim])
        found = tuple(self._found(hit.passage, hit.score, hit.span) for hit in hits[:KEPT_HITS])
        return Part(self._gate(read, rows), found, asks(read))

    def _gate(self, text: str, rows: Mapping[str, Vectors]) -> dict[str, float]:
        """The gate's chance of each label. It reads nothing into signs without a word, nor into a published question."""
        if _folded(text) in self._published or not any(one.isalnum() for one in text):
            return {str(Label.ANSWER): 1.0}
        return self.build.gate.scores(trimmed(text), rows[trimmed(text)])

    def _found(self, position: int, score: float, span: Span | None) -> Found:
        page, passage = self.build.places[position]
        heading = passage.heading[-1] if passage.heading else page.title
        if (position, span) not in self._quotes:
            self._quotes[position, span] = cut_quote(page, passage, span)
        return Found(score, self._quotes[position, span], heading, passage.needs_note)

    def _speech(self, language: str) -> Speech:
        return Speech(self.build.policy.replies, self.build.site, language, self.build.build)


@dataclass(slots=True)
class _Shelf:
    """What is loaded of one site, and the pointer's state it was loaded at."""

    stamp: tuple[int, int] | None = None
    assistant: Assistant | None = None


class Assistants:
    """The assistants of every site of this process, loaded when asked for and again when a build is published."""

    def __init__(self, data_dir: Path, sites: dict[str, Site], *, encoder_wait_s: float = 15.0) -> None:
        """sites: the sites this server knows; a publication brings a newer Site with its build."""
        self._data_dir = data_dir
        self._sites = sites
        self._wait_s = encoder_wait_s
        self._shelves: dict[str, _Shelf] = {}
        self._encoders: dict[str, OnnxEncoder] = {}
        self._lock = threading.Lock()
        # One thread encodes: more of them make every question slower (encoding saturates the cores).
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="assistant")
        self.policy: Policy = load_policy()
        self._rules: RuleTable = compile_rules(self.policy.rules)

    def builds(self, site: str) -> Builds:
        """The site's builds on disk."""
        return Builds.of(self._data_dir, self.site(site).site)

    def know(self, sites: dict[str, Site]) -> None:
        """Take up sites that were added since."""
        self._sites = sites

    def site(self, site: str) -> Site:
        """A site's settings, those of its current build first. Raises UnknownSite."""
        shelf = self._shelves.get(site)
        if shelf is not None and shelf.assistant is not None:
            return shelf.assistant.build.site
        if site not in self._sites:
            raise UnknownSite(f"There is no site {site!r} here. Known: {', '.join(sorted(self._sites)) or 'none'}.")
        return self._sites[site]

    def pages(self, site: str) -> tuple[Page, ...]:
        """The pages of the site's current build; none while nothing can be quoted."""
        self.site(site)
        assistant = self._loaded(site)
        return assistant.build.pages if assistant is not None else ()

    def is_ready(self, site: str) -> bool:
        """Whether questions can be quoted."""
        return self._loaded(site) is not None

    def current_build(self, site: str) -> LoadedBuild | None:
        """The build that answers now, or None."""
        assistant = self._loaded(site)
        return assistant.build if assistant is not None else None

    async def refresh(self) -> None:
        """Load what was published since: at start, so that the first visitor does not wait, and every second after."""
        for site in list(self._sites):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._current, site)

    def find_emergency(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply | None:
        """The emergency reply when the rules find an emergency: needs no build, no encoder and no waiting."""
        reply = self._reply_by_rules(text, history, language, site=None)
        return reply if reply.label is Label.EMERGENCY else None

    async def reply(
        self, site: str, text: str, history: Sequence[str] = (), *, trace: bool = False, language: str = "en"
    ) -> Reply:
        """The reply to a message. A fault of build or model hands over; an emergency found by the rules never waits.

        `trace` is accepted for symmetry with the doors: every reply carries its trace. Raises UnknownSite alone.
        """
        del trace
        known = self.site(site)
        urgent = self.find_emergency(text, history, language=language)
        if urgent is not None and self._loaded(site) is None:
            return urgent
        running = asyncio.get_running_loop().run_in_executor(
            self._thread, self._reply_now, site, text, history, language
        )
        try:
            return await asyncio.wait_for(asyncio.shield(running), self._wait_s)
        except TimeoutError:
            log.warning("site %s: the encoder was not ready within %s s; handed over", site, self._wait_s)
            return self._reply_by_rules(text, history, language, known)

    async def choose(self, site: str, passage_id: str, *, language: str = "en") -> Reply:
        """The passage a visitor chose among the headings offered; a handover when it is gone."""
        known = self.site(site)
        assistant = self._loaded(site)
        if assistant is None:
            return self._reply_by_rules("", (), language, known)
        return assistant.choose(passage_id, language=language)

    async def reply_from(self, folder: Path, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply:
        """The reply a draft build would give. Raises BuildRefused or ModelError: an editor must see why."""
        loop = asyncio.get_running_loop()
        assistant = await loop.run_in_executor(self._thread, self.open_build, folder)
        return await loop.run_in_executor(self._thread, lambda: assistant.reply(text, history, language=language))

    def open_build(self, folder: Path) -> Assistant:
        """An assistant for a build folder. Raises BuildRefused or ModelError."""
        build = load_build(folder)
        return Assistant(build, self._encoder(build.manifest.model_digest))

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _reply_now(self, site: str, text: str, history: Sequence[str], language: str) -> Reply:
        assistant = self._current(site)
        if assistant is not None:
            try:
                return assistant.reply(text, history, language=language)
            except Exception as error:  # noqa: BLE001 - whatever broke, the visitor is handed over
                log.error("site %s: deciding failed with %s; handed over", site, type(error).__name__)
        return self._reply_by_rules(text, history, language, self.site(site))

    def _reply_by_rules(self, text: str, history: Sequence[str], language: str, site: Site | None) -> Reply:
        """What the rules alone decide: an emergency, a person, or a handover. Never a quote."""
        matches: tuple[RuleMatch, ...] = self._rules.find(text, history)
        finding = judge(
            [*(Finding(one.label, one.rule_id) for one in matches if one.label is not Label.SMALLTALK), NOTHING_FOUND]
        )
        replies = self.policy.replies
        if finding.label is Label.EMERGENCY or site is not None:
            speech = Speech(replies, site or next(iter(self._sites.values())), language, "")
            if finding.label is not Label.OUT_OF_KB:
                return word_reply(finding, Evidence(matches, is_foreign(text), EMPTY), None, speech)
            # The page may well cover it: only that no quote can be checked now. So nothing is said about the page.
            return Reply(
                Label.OUT_OF_KB,
                speech.say(replies.human),
                build="",
                sent_line=speech.say(replies.sent),
                trace=Trace(rules=("no build to answer from",)),
            )
        return Reply(Label.OUT_OF_KB, replies.human.en, build="", sent_line=replies.sent.en)

    def _loaded(self, site: str) -> Assistant | None:
        shelf = self._shelves.get(site)
        return shelf.assistant if shelf is not None else None

    def _current(self, site: str) -> Assistant | None:
        """The assistant of the site's current build, loading it if need be; the last good one when it cannot be used."""
        builds = self.builds(site)
        stamp = _stamp(builds.folder / CURRENT)
        with self._lock:
            shelf = self._shelves.setdefault(site, _Shelf())
            if stamp != shelf.stamp:
                shelf.stamp = stamp
                shelf.assistant = self._load(site, builds) or shelf.assistant
            return shelf.assistant

    def _load(self, site: str, builds: Builds) -> Assistant | None:
        try:
            path = builds.current_path()
            return None if path is None else self.open_build(path)
        except AdvocateError as error:
            log.error("site %s: the published build cannot be used: %s", site, error)
            return None

    def _encoder(self, digest: str) -> OnnxEncoder:
        if digest not in self._encoders:
            self._encoders[digest] = OnnxEncoder(encoder_folder(models_folder(self._data_dir), digest))
        return self._encoders[digest]


def _all_met(text: str, met: Mapping[str, Sequence[RuleMatch]]) -> tuple[RuleMatch, ...]:
    """The rules a message meets, and those any sentence meets by itself; small talk must be all of it."""
    parts = [match for one, matches in met.items() if one != text for match in matches]
    found = [*met[text], *(match for match in parts if match.label is not Label.SMALLTALK)]
    return tuple({one.rule_id: one for one in reversed(found)}.values())[::-1]


def _without_courtesies(text: str, met: Mapping[str, Sequence[RuleMatch]]) -> tuple[str, list[str]]:
    """What is left of a message, and its sentences, without those the rules know as small talk; if all are, the first.

    met: the rules that the message and each of its sentences meet.
    """
    sentences = sentences_in(text)
    said = [one for one in sentences if not is_courtesy(met[one])] or sentences[:1]
    return (" ".join(said), said if len(said) > 1 else []) if len(said) < len(sentences) else (text, sentences)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_ino
