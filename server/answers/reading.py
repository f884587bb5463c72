"""From a message to the evidence about it: what the rules, the gate and the search of one build find in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

import numpy as np

from index.builds.loaded import LoadedBuild
from index.builds.shared import Shared
from index.builds.withheld import Withheld, may_quote
from index.encoding.encode import OnnxEncoder, Vectors
from index.search import Hit
from kb.labels import Label
from kb.policy import Policy
from kb.reading.language import is_foreign
from kb.reading.messages import after, asks, bare, goes_on, leans, refers_back, runs_of, sentences_in, trimmed
from kb.reading.sentences import Span
from server.answers.batches import Steps, Wanted, alone
from server.core.decide import OFFERED, Evidence, Found, Part, Run
from server.core.matching.rules import RuleMatch, RuleTable, compile_rules, is_alarming, is_courtesy
from server.core.quoting import cut_quote
from server.core.reply import Quote
from server.core.typed import HEARD

KEPT_HITS = 12  # passages of a search that are looked at further
# Tokens of all parts of one message together: what 15 plain questions cost (python -m tests.bench.worst). The longest of
# 1,556 development questions has 99.
MOST_TOKENS = 336
# Of a message with more, in characters: what is read of the whole, of each of its stretches, and how many of these.
WHOLE_CHARS, STRETCH_CHARS, STRETCHES = 280, 80, 12
_tables: Shared[RuleTable] = Shared()  # by the policy's version
# In so few words a gate has little to read beside what a rule finds: "I'm coughing up blood." is an emergency though the gate is
# nearly sure of the contrary. Of 2,388 other messages of the choosing writers and clinics three more are called one.
FEW_WORDS = 6
BEFORE_CHARS = 300  # the end of the message before that is read with this one


@dataclass(frozen=True, slots=True)
class Met:
    """A message with the earlier ones, oldest first, and the rules that it and each of its sentences meet, by text.

    settled: a person has dealt with all of the earlier ones. day: in the clinic's zone, on which it is answered; None: today.
    """

    text: str
    history: Sequence[str]
    rules: Mapping[str, tuple[RuleMatch, ...]]
    settled: bool = False
    day: date | None = None

    @property
    def matches(self) -> tuple[RuleMatch, ...]:
        """The rules the message meets, and those any sentence meets by itself; small talk must be all of it."""
        parts = [match for one, matches in self.rules.items() if one != self.text for match in matches]
        found = [*self.rules[self.text], *(match for match in parts if match.label is not Label.SMALLTALK)]
        certain = {(one.rule_id, one.label) for one in found if not one.is_backstop}
        every = tuple({one.rule_id: one for one in reversed(found)}.values())[::-1]
        return tuple(replace(one, is_backstop=False) if (one.rule_id, one.label) in certain else one for one in every)


class Reader:
    """Reads messages with one build: its rules, its gate, its passages."""

    def __init__(self, build: LoadedBuild, encoder: OnnxEncoder) -> None:
        """Raises BuildRefused when the encoder is not the build's."""
        build.check_encoder(encoder)
        self._build = build
        self._encoder = encoder
        self._rules = rules_of(build.policy)
        # A question the clinic itself published with its answer is a general one, whatever the gate makes of its words.
        self._published = {_folded(one.question) for _, one in build.places if one.question}
        self._quotes: dict[tuple[int, Span | None], Quote] = {}  # each is cut, and checked against its page, once
        self._dated = [at for at, (_, one) in enumerate(build.places) if one.effective or one.expires]
        self._zone = ZoneInfo(build.site.zone)
        self._own_page = f"/sites/{build.site.site}" if build.site.url else ""  # a folder's build has none
        self.withheld: Withheld = {}

    def meet(self, text: str, history: Sequence[str] = (), *, settled: bool = False, day: date | None = None) -> Met:
        """What the rules find in a message: without the encoder, in some thousandths of a second."""
        heard = tuple(history[-HEARD:])
        found = self._rules.find_each([text, *sentences_in(text)], heard)
        return Met(text, heard, {one: _certain_in_few(one, some) for one, some in found.items()}, settled, day)

    def out_of_force(self, day: date | None) -> frozenset[int]:
        """The passages that do not hold on a day, or today, by their positions: they count as not there."""
        if not self._dated:
            return frozenset()
        on = day or datetime.now(UTC).astimezone(self._zone).date()
        return frozenset(at for at in self._dated if not self._build.places[at][1].holds_on(on))

    def read(self, met: Met) -> Evidence:
        """Everything there is to know about a message before it is decided."""
        return alone(self.reading(met))

    def reading(self, met: Met) -> Steps[Evidence]:
        """The same, stopping where it needs rows: once of the encoder, and once of what reads passages with questions."""
        asked, sentences = _without_courtesies(met)
        joined = [after(_end_of(met.history[-1]), asked)] if met.history else []
        leaning = [
            after(before, one) if leans(one) else bare(one)
            for before, one in zip(["", *sentences], sentences, strict=False)
        ]
        typed, sought = [asked, *sentences, *joined], [bare(asked), *leaning, *joined]
        runs = {where: " ".join(sentences[where.start : where.stop]) for where in runs_of(len(sentences))}
        needed = self._texts([*typed, *(one for where, one in runs.items() if len(where) == 2)], sought)
        left = self._tokens_left(needed)
        if left is None:
            return (yield from self._reading_some(met, asked, sentences or _windows(asked)))
        threes = self._texts([one for where, one in runs.items() if len(where) > 2], [])
        if sum(self._encoder.lengths(threes)) > left:  # the whole and every pair are read all the same
            runs, threes = {where: one for where, one in runs.items() if len(where) == 2}, []
        rows = yield Wanted(self._encoder, [*needed, *threes])
        hits = yield from self._hits(map(self._spelled, sought), rows, met.day)
        parts = [self._part(one, other, rows, hits) for one, other in zip(typed, sought, strict=True)]
        if is_courtesy(met.rules.get(asked, ())):
            parts[0] = replace(parts[0], gate={str(Label.SMALLTALK): 1.0})
        return replace(
            self._by_rules(met, asked, parts[0]),
            sentences=tuple(parts[1 : 1 + len(sentences)]),
            runs=tuple(Run(where, self._gate(one, rows)) for where, one in runs.items()),
            joined=parts[-1] if joined else None,
        )

    def _reading_some(self, met: Met, asked: str, stretches: Sequence[str]) -> Steps[Evidence]:
        """What the beginnings of the message and of its stretches say, when all of it would be too much."""
        whole = asked[:WHOLE_CHARS]
        begun = [one[:STRETCH_CHARS] for one in stretches]
        texts = self._texts([whole, *begun], [])
        totals = accumulate(self._encoder.lengths(texts))
        rows = yield Wanted(
            self._encoder, [one for one, total in zip(texts, totals, strict=True) if total <= MOST_TOKENS]
        )
        words = trimmed(whole)
        hits = yield from self._hits([words], rows, met.day)
        part = Part(self._gate(whole, rows), self._found(words, rows, hits), asks(whole))
        read = [self._gate(one, rows) for one in begun if trimmed(one) in rows]
        runs = tuple(Run(range(at, at + 1), gate) for at, gate in enumerate(read))
        return replace(self._by_rules(met, asked, part), runs=runs, too_long=True)

    def _by_rules(self, met: Met, asked: str, whole: Part) -> Evidence:
        """What is known of a message beside what is read in its parts."""
        return Evidence(
            rules=met.matches,
            foreign=any(is_foreign(one) for one in {met.text, asked}),
            whole=whole,
            refers_back=refers_back(asked),
            settled=met.settled and not _goes_on(met, asked),
            alarmed=any(is_alarming(match) for one in met.history for match in self._rules.find(one)),
        )

    def found(
        self, position: int, score: float, span: Span | None = None, *, near: float = 1.0, vector: Vectors | None = None
    ) -> Found:
        """The passage at a position of the build, as found with these scores; `span` is what answers in it.

        vector: (dim,), of what was asked, to choose the question that a button puts.
        """
        page, passage = self._build.places[position]
        heading = passage.heading[-1] if passage.heading else page.title
        if (position, span) not in self._quotes:
            self._quotes[position, span] = cut_quote(page, passage, span, own_page=self._own_page)
        question = passage.question or (None if vector is None else self._build.ask_titles.title(position, vector))
        quote = self._quotes[position, span]
        is_withheld = not may_quote(self.withheld, passage.passage_id, quote.text)
        return Found(score, quote, heading, near, question, is_withheld)

    def _texts(self, typed: Sequence[str], sought: Sequence[str]) -> list[str]:
        """What the encoder is to read: texts as typed, and spelled right where they are searched for; each once."""
        return list(dict.fromkeys([*map(trimmed, typed), *map(self._spelled, sought)]))

    def _tokens_left(self, texts: Sequence[str]) -> int | None:
        """What these texts leave of MOST_TOKENS; None when they are more, or one is longer than the encoder reads."""
        if sum(map(len, texts)) > MOST_TOKENS * 16:  # English has some four characters a token: no need to count
            return None
        lengths = self._encoder.lengths(texts)
        left = MOST_TOKENS - sum(lengths)
        return left if left >= 0 and max(lengths) < self._encoder.max_tokens else None

    def _part(self, read: str, sought: str, rows: Mapping[str, Vectors], hits: Mapping[str, Sequence[Hit]]) -> Part:
        """What the gate reads in a text, as typed, and what is found for what it seeks, spelled right."""
        words = self._spelled(sought)
        return Part(self._gate(read, rows), self._found(words, rows, hits), asks(read))

    def _found(self, words: str, rows: Mapping[str, Vectors], hits: Mapping[str, Sequence[Hit]]) -> tuple[Found, ...]:
        vector = rows[words][: self._encoder.dim]
        return tuple(self.found(one.passage, one.score, one.span, near=one.near, vector=vector) for one in hits[words])

    def _spelled(self, sought: str) -> str:
        return self._build.searcher.corrected(trimmed(sought))

    def _hits(
        self, sought: Iterable[str], rows: Mapping[str, Vectors], day: date | None
    ) -> Steps[dict[str, list[Hit]]]:
        """The passages nearest to each text; the nearest are read together with it where they are near enough to be offered."""
        searcher, dim, gone = self._build.searcher, self._encoder.dim, self.out_of_force(day)
        hits = {one: searcher.search(one, rows[one][:dim], without=gone)[:KEPT_HITS] for one in dict.fromkeys(sought)}
        cross = self._encoder.cross if searcher.reads else None
        likely = {one: some for one, some in hits.items() if some and some[0].near >= OFFERED}
        if cross is None or not likely:
            return hits
        windows = {
            one: [searcher.window(hit.passage, hit.span, hit.asked) for hit in some[: searcher.worth_reading(some)]]
            for one, some in likely.items()
        }
        rows = yield Wanted(cross, [(one, said) for one, some in windows.items() for said in some])
        logits = {one: np.array([rows[one, said][0] for said in some]) for one, some in windows.items()}
        return hits | {one: searcher.read(likely[one], some) for one, some in logits.items()}

    def _gate(self, text: str, rows: Mapping[str, Vectors]) -> dict[str, float]:
        """The gate's chance of each label. It reads nothing into signs without a word, nor into a published question."""
        if _folded(text) in self._published or not any(one.isalnum() for one in text):
            return {str(Label.ANSWER): 1.0}
        return self._build.gate.scores(trimmed(text), rows[trimmed(text)])


def rules_of(policy: Policy) -> RuleTable:
    """A policy's rules, ready to match: one table for every site of that policy, as it is by far the largest part of one."""
    return _tables.get(policy.version, lambda: compile_rules(policy.rules))


def _certain_in_few(text: str, matches: tuple[RuleMatch, ...]) -> tuple[RuleMatch, ...]:
    """What rules find in a text; in few words no gate outweighs it."""
    return tuple(replace(one, is_backstop=False) for one in matches) if len(text.split()) <= FEW_WORDS else matches


def _without_courtesies(met: Met) -> tuple[str, list[str]]:
    """What is left of a message, and its sentences, without those the rules know as small talk; if all are, the first."""
    sentences = sentences_in(met.text)
    said = [one for one in sentences if not is_courtesy(met.rules[one])] or sentences[:1]
    return (" ".join(said), said if len(said) > 1 else []) if len(said) < len(sentences) else (met.text, sentences)


def _goes_on(met: Met, asked: str) -> bool:
    """Whether a message goes on with the ones before."""
    return not is_courtesy(met.rules.get(asked, ())) and any(map(goes_on, sentences_in(asked) or [asked]))


def _windows(text: str) -> list[str]:
    """A text that is one long sentence, in stretches of as many words each."""
    words = text.split()
    size = max(1, -(-len(words) // STRETCHES))
    return [" ".join(words[start : start + size]) for start in range(0, len(words), size)]


def _end_of(text: str) -> str:
    """The end of an earlier message, from the beginning of a word."""
    return text if len(text) <= BEFORE_CHARS else text[-BEFORE_CHARS:].partition(" ")[2] or text[-BEFORE_CHARS:]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
