"""The rule table: which rules of the policy a message meets, and by which words."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

from kb.labels import Label
from kb.rules import CONTEXT_SETS, Rule, RuleBook
from server.core.matching.folding import BOUNDARIES, SENTENCE_END, Reading, read_words
from server.core.matching.patterns import (
    Layout,
    Pattern,
    PatternIndex,
    Places,
    Table,
    Terms,
    covered_by,
    ends_of,
    parse_pattern,
    positions,
    union,
)

DANGER_SIGN = "danger_sign"  # id of the rule of signs that call for a clinician the same day
NEGATION_REACH = 3  # words a negation covers ("no fever or chills"; server/docs/decisions.md)
SHORT_CLAUSE = 3  # words, its stop counted
NOW_REACH = 4  # words around "now" in which nothing is past
MAX_ANCHORED = 40  # words and stops; a longer message is never nothing but thanks
MAX_IDIOMS = 64  # figures of speech looked for in one message; more are taken at their word


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that a message meets. A past emergency is labelled `clinical`, as the policy says."""

    rule_id: str
    label: Label
    words: tuple[str, ...]  # of the message, folded
    is_backstop: bool = False  # a gate that finds the label impossible outweighs it


def is_alarming(match: RuleMatch) -> bool:
    """Whether a match is an emergency or a danger sign: nothing soothing is quoted after one, however it is asked for."""
    return match.label is Label.EMERGENCY or match.rule_id == DANGER_SIGN


def is_courtesy(matches: Iterable[RuleMatch]) -> bool:
    """Whether a text that meets these rules, and no other, is nothing but small talk."""
    return {match.label for match in matches} == {Label.SMALLTALK}


def compile_rules(book: RuleBook) -> RuleTable:
    """Make a rule book ready to match. Raises PolicyError for a pattern that does not parse."""
    return RuleTable(book)


class RuleTable:
    """A policy's rules, compiled once and asked for every message."""

    def __init__(self, book: RuleBook) -> None:
        terms = Terms(book.words)
        contexts = [
            (name, parse_pattern(pattern, terms, where=f"words.yaml: {name}"))
            for name in sorted(CONTEXT_SETS - {"look_alikes"})
            for pattern in book.words[name]
        ]
        self._rules = {rule.id: _CompiledRule.of(rule, terms) for rule in book.rules}
        self._table = Table(terms, look_alikes=chain.from_iterable(map(str.split, book.words["look_alikes"])))
        self._index = PatternIndex(
            self._table, ((rule.id, pattern) for rule in self._rules.values() for pattern in rule.any)
        )
        self._contexts = PatternIndex(self._table, contexts)

    def find(self, text: str, history: Sequence[str] = ()) -> tuple[RuleMatch, ...]:
        """The rules that a message meets, in the order of the book, each once.

        A rule needs one of its `any` patterns in `text`; the other groups of a compound may stand in `history`,
        the visitor's earlier messages. So history can add matches and never takes one away.
        """
        return self.find_each([text], history)[text]

    def find_each(self, texts: Iterable[str], history: Sequence[str] = ()) -> dict[str, tuple[RuleMatch, ...]]:
        """The same for several texts, by text. `history` is read once, and only where a rule asks for it."""
        earlier: list[_Message] = []
        return {text: self._find(text, history, earlier) for text in texts}

    def _find(self, text: str, history: Sequence[str], earlier: list[_Message]) -> tuple[RuleMatch, ...]:
        """earlier: `history`, laid out,, once they were read."""
        message = self._read(text)
        candidates = self._index.candidates(message)
        matches = []
        for rule in self._rules.values():
            if rule.id not in candidates:
                continue
            if rule.groups and history and not earlier:
                earlier += [self._read(one) for one in history]
            if match := _match(rule, candidates[rule.id], message, earlier):
                matches.append(match)
        return tuple(matches)

    def _read(self, text: str) -> _Message:
        return _Message(self._table, self._contexts, read_words(text))


def _match(
    rule: _CompiledRule, patterns: Collection[Pattern], message: _Message, earlier: Sequence[_Message]
) -> RuleMatch | None:
    """Match a rule in the present, or else, where the rule heeds it, in the past."""
    places = _places(rule, message)
    present = places.within(~message.past) if "past" in rule.heeds else places
    if (words := _first(patterns, message, present)) is not None:
        label = rule.label
    elif present is not places and (words := _first(patterns, message, places)) is not None:
        label = Label.CLINICAL
    else:
        return None
    for group in rule.groups:
        messages = (message, *earlier) if label is rule.label else (message,)
        found = (_first(group, one, _places(rule, one)) for one in messages)
        completed = next((some for some in found if some is not None), None)
        if completed is None:
            return None
        words += completed
    return RuleMatch(rule.id, label, tuple(dict.fromkeys(words)), is_backstop=rule.is_backstop and label is rule.label)


def _first(patterns: Iterable[Pattern], message: _Message, places: Places) -> tuple[str, ...] | None:
    """The words of the first pattern that matches."""
    for pattern in patterns:
        if pattern.is_anchored:
            if message.size <= MAX_ANCHORED and ends_of(pattern, message.joined, message.joined.everywhere):
                return message.joined.words_at(message.joined.whole)
        elif ends := ends_of(pattern, message, places):
            return message.words_at(covered_by(pattern, message, places, ends & -ends))
    return None


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    id: str
    label: Label
    is_backstop: bool
    heeds: frozenset[str]
    any: tuple[Pattern, ...]
    groups: tuple[tuple[Pattern, ...], ...]
    unless: tuple[Pattern, ...]

    @classmethod
    def of(cls, rule: Rule, terms: Terms) -> _CompiledRule:
        def parse(patterns: Iterable[str]) -> tuple[Pattern, ...]:
            return tuple(parse_pattern(pattern, terms, where=f"rule {rule.id}") for pattern in patterns)

        return cls(
            id=rule.id,
            label=rule.label,
            is_backstop=rule.backstop,
            heeds=frozenset(rule.heeds),
            any=parse(rule.any),
            groups=tuple(map(parse, rule.with_)),
            unless=parse(rule.unless),
        )


class _Message(Layout):
    """A message laid out, with what each context covers in it."""

    def __init__(self, table: Table, contexts: PatternIndex, reading: Reading) -> None:
        super().__init__(table, reading)
        self._contexts = contexts.candidates(self)

    @cached_property
    def joined(self) -> Layout:
        """The same message with its punctuation taken out, for anchored patterns."""
        if not self.boundaries:
            return self
        return Layout(self._table, Reading(tuple(word for word in self.reading.words if word not in BOUNDARIES)))

    @cached_property
    def figurative(self) -> int:
        return self._covered_by("figurative")

    @cached_property
    def negators(self) -> int:
        """Where a negation ends, without the idioms that only sound like one ("not only", "no idea")."""
        return self._ends_of("negation") & ~self._covered_by("not_negation")

    @cached_property
    def negated(self) -> int:
        """What negations cover: the next words of the clause, up to "and" or a pause; "or" carries them on."""
        covered = 0
        words = self.reading.words
        for at in positions(self.negators):
            left = NEGATION_REACH
            position = at + 1
            while left and position < self.size and position not in self.reading.pauses:
                word = words[position]
                if word in BOUNDARIES or word in _NEGATION_ENDS:
                    break
                covered |= 1 << position
                left = NEGATION_REACH if word in _NEGATION_CARRIERS else left - 1
                position += 1
        return covered & ~self.negators

    @cached_property
    def past(self) -> int:
        """The clauses with a past marker, but not what stands beside a marker of now.

        A clause that is little more than the marker ("in 2019, I had ...") makes its whole sentence past.
        """
        dated = self._clauses_with(self._ends_of("past"))
        markers = union(clause for clause in self._clauses if clause & dated and clause.bit_count() <= SHORT_CLAUSE)
        return (dated | self._sentences_with(markers)) & ~self._now()

    @cached_property
    def general(self) -> int:
        """The sentences that ask in general with no person in the message, and the clauses that only suppose."""
        asks = 0 if self._ends_of("person") else self._ends_of("general")
        return (self._sentences_with(asks) | self._clauses_with(self._ends_of("supposed"))) & ~self._now()

    def sentences_with(self, patterns: Iterable[Pattern]) -> int:
        return self._sentences_with(union(ends_of(pattern, self, self.everywhere) >> 1 for pattern in patterns))

    def _now(self) -> int:
        near = self._ends_of("now")
        for _ in range(NOW_REACH):
            near |= ((near << 1) | (near >> 1)) & self.inside
        return near

    def _ends_of(self, context: str) -> int:
        """Where the last words of a context's matches stand."""
        return union(ends_of(pattern, self, self.everywhere) >> 1 for pattern in self._contexts.get(context, ()))

    def _covered_by(self, context: str) -> int:
        covered = 0
        for pattern in self._contexts.get(context, ()):
            ends = ends_of(pattern, self, self.everywhere)
            for _ in range(MAX_IDIOMS):
                if not ends:
                    break
                covered |= covered_by(pattern, self, self.everywhere, ends & -ends)
                ends &= ends - 1
        return covered

    def _sentences_with(self, positions: int) -> int:
        return union(sentence for sentence in self._sentences if positions & sentence) if positions else 0

    def _clauses_with(self, positions: int) -> int:
        return union(clause for clause in self._clauses if positions & clause) if positions else 0

    @cached_property
    def _sentences(self) -> Sequence[int]:
        return self._stretches_to({SENTENCE_END})

    @cached_property
    def _clauses(self) -> Sequence[int]:
        return self._stretches_to(BOUNDARIES)

    def _stretches_to(self, ends: Container[str]) -> Sequence[int]:
        stops = (*(at for at, word in enumerate(self.reading.words) if word in ends), self.size)
        return tuple((1 << end) - (1 << start) for start, end in pairwise((0, *stops)))


def _places(rule: _CompiledRule, message: _Message) -> Places:
    """What the contexts a rule heeds leave of a message."""
    starts, usable, gaps = message.whole, message.whole, message.inside
    if "negation" in rule.heeds:
        starts &= ~message.negated
        gaps &= ~message.negators
    if "figurative" in rule.heeds:
        usable &= ~message.figurative
    if "general" in rule.heeds:
        starts &= ~message.general
    if rule.unless:
        starts &= ~message.sentences_with(rule.unless)
    return Places(starts, usable, gaps)


_NEGATION_ENDS = frozenset({"and", "plus", "then", "because", "tho"})
_NEGATION_CARRIERS = frozenset({"or", "nor"})
