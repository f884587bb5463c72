"""The pattern language of the rules: how it is read, and where a pattern stands in a message.

    chest pain      these words in this order, each also inflected (-s -es -ed -ing -er) or mistyped
    pain|hurt       either word; `pass_out|faint` joins words to a phrase
    @drug           any entry of a word set, or of a number class: @number, @year, @fever_degrees, @many, @phone,
                    @three_digits, @four_digits
    left?           the word may be missing
    ~               a gap of up to four words
    shot=           exactly this word
    ^ thanks $      `^` stands at the message's beginning and `$` at its end; punctuation is not read
    @polite*        any number of these in a row, or none; only in a pattern with both `^` and `$`

Words of a pattern stand in one clause; a clause ends at punctuation and at "but", "though", "however". Each word
of the message, each word of a set and each context is one integer whose bits are positions, so a pattern costs a
few shifts whatever the message holds: there is no backtracking.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from kb.reading.english import common_words
from kb.rules import PolicyError
from server.core.matching.folding import BOUNDARIES, Lexicon, Reading, fold_word

MAX_GAP = 4  # words a `~` may skip
MAX_WORDS_WITH_TYPOS = 900  # different ones; the longest text a door lets in, 4,000 characters, holds fewer

Word = tuple[str, bool]  # a folded word, and whether only exactly it will do
_Phrase = tuple[Word, ...]
_Starts = Sequence[tuple[int, int]]  # (number of words, bits of the positions where such a run begins) pairs


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a pattern: a term, which is a set of words and phrases known by its number."""

    term: int
    is_optional: bool = False
    repeats: bool = False
    after_gap: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed pattern: its steps, and whether it holds for the whole message only."""

    steps: tuple[Step, ...]
    from_start: bool
    to_end: bool
    required: tuple[int, ...]  # terms of the steps that must be there

    @property
    def is_anchored(self) -> bool:
        return self.from_start or self.to_end

    @classmethod
    def of(cls, steps: Sequence[Step], *, from_start: bool, to_end: bool) -> Pattern:
        required = dict.fromkeys(step.term for step in steps if not step.is_optional)
        return cls(tuple(steps), from_start, to_end, tuple(required))


def parse_pattern(text: str, terms: Terms, *, where: str) -> Pattern:
    """Read a pattern. Raises PolicyError saying `where` it stands."""
    parts = text.split()
    from_start, to_end = parts[:1] == ["^"], parts[-1:] == ["$"]
    steps = []
    after_gap = False
    for part in parts[from_start : len(parts) - to_end]:
        if part == "~":
            after_gap = True
            continue
        found = _PATTERN_WORD.fullmatch(part)
        term = terms.number(found["alternatives"]) if found else None
        if found is None or term is None or (found["mark"] == "*" and not (from_start and to_end)):
            raise PolicyError(f"{where}: cannot read {part!r} in {text!r}. See kb/policies/README.md for the language.")
        mark = found["mark"]
        steps.append(Step(term, is_optional=bool(mark), repeats=mark == "*", after_gap=after_gap))
        after_gap = False
    if after_gap or not any(not step.is_optional for step in steps):
        raise PolicyError(f"{where}: {text!r} needs a word that must be there, and must not end in a gap.")
    return Pattern.of(steps, from_start=from_start, to_end=to_end)


class Terms:
    """The terms of all patterns: the same alternatives are the same term, so each is looked up once per message."""

    def __init__(self, sets: Mapping[str, tuple[str, ...]]) -> None:
        self._sets = sets
        self._numbers: dict[frozenset[_Phrase], int] = {}

    def number(self, alternatives: str) -> int | None:
        """The number of a term such as `pain|ache|@hurt`; None when an alternative holds no word."""
        phrases = frozenset(chain.from_iterable(map(self._phrases, alternatives.split("|"))))
        return self._numbers.setdefault(phrases, len(self._numbers)) if all(phrases) and phrases else None

    def __iter__(self) -> Iterator[frozenset[_Phrase]]:
        return iter(self._numbers)

    def _phrases(self, alternative: str) -> Iterator[_Phrase]:
        name = alternative.removeprefix("@")
        if name == alternative:
            yield _phrase(alternative.replace("_", " "))
        elif name in _NUMBER_CLASSES:
            yield ((alternative, True),)
        else:
            yield from map(_phrase, self._sets[name])


def _phrase(text: str) -> _Phrase:
    return tuple((folded, word.endswith("=")) for word in text.split() for folded in fold_word(word.rstrip("=")))


class Table:
    """From the words of a message to the terms they may stand for."""

    def __init__(self, terms: Terms, look_alikes: Iterable[str]) -> None:
        # for each term, its phrases by their first word; a single word is a phrase of one
        self._phrases: list[Mapping[Word, Sequence[_Phrase]]] = []
        for phrases in terms:
            by_head: defaultdict[Word, list[_Phrase]] = defaultdict(list)
            for phrase in sorted(phrases):
                by_head[phrase[0]].append(phrase)
            self._phrases.append(by_head)
        words = {word for by_head in self._phrases for phrases in by_head.values() for one in phrases for word in one}
        self._lexicon = Lexicon(sorted(words), look_alikes)
        self._ranks = {word: rank for rank, word in enumerate(common_words())}

    def known_words(self, word: str, *, is_typo_tried: bool) -> Iterable[Word]:
        found = self._lexicon.find(word, is_typo_tried=is_typo_tried)
        if word[0].isdigit() or word in _NUMBER_WORDS:
            return (*(known for name, known in _NUMBER_WORD.items() if _NUMBER_CLASSES[name](word)), *found)
        return found

    def first_words(self, term: int) -> Iterable[Word]:
        return self._phrases[term]

    def rarest(self, pattern: Pattern) -> int:
        """The term of a pattern that fewest messages hold: only these need to try the pattern."""
        return min(pattern.required, key=self._commonness)

    def starts(self, term: int, found: Mapping[Word, int]) -> _Starts:
        """Where a term stands, given where each known word does."""
        phrases = self._phrases[term]
        lengths: dict[int, int] = {}
        for head in found.keys() & phrases.keys():
            for phrase in phrases[head]:
                begins = found[head]
                for offset, word in enumerate(phrase[1:], start=1):
                    begins &= found.get(word, 0) >> offset
                if begins:
                    lengths[len(phrase)] = lengths.get(len(phrase), 0) | begins
        return tuple(lengths.items())

    def _commonness(self, term: int) -> float:
        # word frequency falls with rank (Zipf); a word that is not among the commonest 10,000 hardly counts
        return sum(1 / (10 + self._ranks.get(word, 20_000)) for word, _ in self._phrases[term])


@dataclass(frozen=True, slots=True)
class Places:
    """Where a pattern may match: begin, use a word, and skip one in a gap."""

    starts: int
    usable: int
    gaps: int

    def within(self, places: int) -> Places:
        return replace(self, starts=self.starts & places)


class Layout:
    """A message laid out for matching: for each term, where its words stand, as bits of an integer."""

    def __init__(self, table: Table, reading: Reading) -> None:
        self.reading = reading
        self.size = len(reading.words)
        self.whole = (1 << self.size) - 1
        self.boundaries = bits(at for at, word in enumerate(reading.words) if word in BOUNDARIES)
        self.inside = self.whole & ~self.boundaries
        self.everywhere = Places(starts=self.whole, usable=self.whole, gaps=self.inside)
        self.found = _lay_out(table, reading.words)
        self._table = table
        self._starts: dict[int, _Starts] = {}

    def starts(self, term: int) -> _Starts:
        """Where a term stands in the message, looked up once."""
        if term not in self._starts:
            self._starts[term] = self._table.starts(term, self.found)
        return self._starts[term]

    def words_at(self, places: int) -> tuple[str, ...]:
        return tuple(self.reading.words[at] for at in positions(places))


class PatternIndex:
    """Named patterns by a word that each cannot do without, so that a message tries only the few it may match."""

    def __init__(self, table: Table, patterns: Iterable[tuple[str, Pattern]]) -> None:
        self._by_word: defaultdict[Word, list[tuple[str, Pattern]]] = defaultdict(list)
        for name, pattern in patterns:
            for word in table.first_words(table.rarest(pattern)):
                self._by_word[word].append((name, pattern))

    def candidates(self, layout: Layout) -> Mapping[str, Collection[Pattern]]:
        """The patterns that a message may match, under their names."""
        found: defaultdict[str, dict[Pattern, None]] = defaultdict(dict)
        for word in layout.found:
            for name, pattern in self._by_word.get(word, ()):
                found[name][pattern] = None
        return found


def ends_of(pattern: Pattern, layout: Layout, places: Places) -> int:
    """The positions right after each match of a pattern, as bits; 0 when there is none."""
    if not all(map(layout.starts, pattern.required)):
        return 0
    reach = places.starts & 1 if pattern.from_start else places.starts
    for step in pattern.steps:
        reach = _after(step, _over_gap(step, reach, places), layout, places)
        if not reach:
            return 0
    return reach & (1 << layout.size) if pattern.to_end else reach


def _over_gap(step: Step, reach: int, places: Places) -> int:
    """Where the next word may stand: right here, or up to MAX_GAP words further in the clause."""
    if step.after_gap:
        further = reach
        for _ in range(MAX_GAP):
            further = (further & places.gaps) << 1
            reach |= further
    return reach


def _after(step: Step, reach: int, layout: Layout, places: Places) -> int:
    """The positions right after the step's words, where they begin within reach."""
    after = union((reach & starts & places.usable) << length for length, starts in layout.starts(step.term))
    if step.repeats:
        while (more := after | _after(Step(step.term), after, layout, places)) != after:
            after = more
    return after | reach if step.is_optional else after


def covered_by(pattern: Pattern, layout: Layout, places: Places, end: int) -> int:
    """The words of the matches that end right before the one bit `end`, found by walking back from it."""
    reaches = []
    reach = places.starts
    for step in pattern.steps:
        within = _over_gap(step, reach, places)
        reaches.append((reach, within))
        reach = _after(step, within, layout, places)
    covered = 0
    for step, (before, within) in zip(reversed(pattern.steps), reversed(reaches), strict=True):
        begins = end & within if step.is_optional else 0
        for length, starts in layout.starts(step.term):
            used = (end >> length) & starts & within & places.usable
            begins |= used
            covered |= union(used << offset for offset in range(length))
        end = begins
        if step.after_gap:
            for _ in range(MAX_GAP):
                end |= (end >> 1) & places.gaps
            end &= before
    return covered


def _lay_out(table: Table, words: Sequence[str]) -> Mapping[Word, int]:
    """For each known word: bits of the positions where it stands."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for at, word in enumerate(words):
        positions[word].append(at)
    found: defaultdict[Word, int] = defaultdict(int)
    for number, (word, places) in enumerate(positions.items()):
        if word not in BOUNDARIES:
            where = bits(places)
            for known in table.known_words(word, is_typo_tried=number < MAX_WORDS_WITH_TYPOS):
                found[known] |= where
    return found


def bits(positions: Iterable[int]) -> int:
    together = 0
    for at in positions:
        together |= 1 << at
    return together


def positions(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def union(many: Iterable[int]) -> int:
    together = 0
    for one in many:
        together |= one
    return together


_PATTERN_WORD = re.compile(r"(?P<alternatives>[^?*]+)(?P<mark>[?*]?)")
_NUMBER_WORDS = frozenset({
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fifteen",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "couple", "few", "several",
})  # fmt: skip
_MANY = _NUMBER_WORDS - {"one", "two", "three", "four", "five", "couple", "few", "several"}


def _is_between(word: str, low: float, high: float) -> bool:
    return word.replace(".", "", 1).isdigit() and word.isascii() and len(word) < 8 and low <= float(word) <= high


_NUMBER_CLASSES: Mapping[str, Callable[[str], bool]] = {
    "number": lambda word: True,  # noqa: ARG005
    "year": lambda word: _is_between(word, 1920, 2035) and "." not in word,
    # a fever is 100.4 F or 38 C (CDC); whole degrees as people say them
    "fever_degrees": lambda word: _is_between(word, 100, 108) or _is_between(word, 38, 42.5),
    "many": lambda word: _is_between(word, 6, 150) or word in _MANY,  # of pills
    "three_digits": lambda word: word.isdigit() and len(word) == 3,
    "four_digits": lambda word: word.isdigit() and len(word) == 4,
    "phone": lambda word: sum(map(str.isdigit, word)) in {7, 10, 11},
}
_NUMBER_WORD: Mapping[str, Word] = {name: (f"@{name}", True) for name in _NUMBER_CLASSES}
