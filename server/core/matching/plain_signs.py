"""The policy's emergency rules as a short list of plain signs, for a browser that no server answers.

The widget's script has to be small, so neither every pattern nor every word of it can be in there. Kept are the words
that the emergency rules' own examples use, and of the patterns those that find the most examples for their length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from kb.labels import Label
from kb.rules import NUMBER_SETS, Rule, RuleBook

_ELSEWHERE = "other_languages"  # in the id of a rule: one that reads neither English nor Spanish
_EXACT = 3  # letters of the longest word taken as it stands: "hot" is not "hotel"
_COST = 20  # letters that a sign costs beside its own
_LEAST_WORTH = 1 / 75  # of a sign, in examples for each letter: the few below it would cost an eighth of the list
_MISTAKE = 0.2  # of an example: what finding one more of the rules' `no` costs; better a card too many than one too few


@dataclass(frozen=True, slots=True)
class _Sign:
    text: str
    finds: frozenset[str]
    mistakes: int

    def worth(self, known: frozenset[str]) -> float:
        return (len(self.finds - known) - _MISTAKE * self.mistakes) / (len(self.text) + _COST)


def plain_signs(book: RuleBook) -> tuple[str, ...]:
    """Signs of an emergency, each enough alone, in order of the alphabet: so they pack best.

    A sign is words in order: ` ` before the very next one, `~` before one up to four words further; `|` between words
    that will do, `_` within a phrase, `&` between parts in any order. Words of four letters and more may have endings.
    `shows_sign` reads them here, and `emergency.mjs` of the widget in the browser.
    """
    rules = emergency_rules(book)
    yes = {text: fold_plainly(text) for rule in rules for text in rule.yes}
    no = [fold_plainly(text) for rule in rules for text in rule.no]
    texts = dict.fromkeys(text for rule in rules for text in _texts(rule, book.words))
    return tuple(sorted(sign.text for sign in _fewest([_sign(text, yes, no) for text in texts])))


def emergency_rules(book: RuleBook) -> list[Rule]:
    """The rules whose signs are looked for: the emergencies in the languages that the widget speaks."""
    return [rule for rule in book.rules if rule.label is Label.EMERGENCY and _ELSEWHERE not in rule.id]


def fold_plainly(text: str) -> str:
    """Small letters without accents and apostrophes, one space before and after each word."""
    marked = unicodedata.normalize("NFD", text)
    bare = "".join(one for one in marked if unicodedata.category(one)[0] != "M" and one not in "'’")
    words = re.sub(r"[\W_]+", " ", f" {bare} ".lower())
    return re.sub("can ?not ", "cant ", words)


def shows_sign(text: str, folded: str) -> bool:
    """Whether a sign stands in a folded text."""
    return all(part.search(folded) for part in _expressions(text))


@cache
def _expressions(text: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, map(_expression, text.split("&"))))


def _expression(part: str) -> str:
    exact = re.sub("[^ ~|_]+", lambda word: word[0] + "(?=_)" * (len(word[0]) <= _EXACT), part)
    steps = exact.replace(" ", ")[^ ]* (").replace("~", ")[^ ]*( [^ ]+){0,4} (")
    return f" ({steps})".replace("_", " ")


def _sign(text: str, yes: Mapping[str, str], no: Iterable[str]) -> _Sign:
    finds = frozenset(example for example, folded in yes.items() if shows_sign(text, folded))
    return _Sign(text, finds, sum(shows_sign(text, folded) for folded in no) if finds else 0)


def _fewest(signs: list[_Sign]) -> Iterator[_Sign]:
    """Signs that together find what all do: each time the one that is worth most."""
    known: frozenset[str] = frozenset()
    while signs and (best := max(signs, key=lambda sign: sign.worth(known))).worth(known) > _LEAST_WORTH:
        yield best
        known |= best.finds
        signs = [sign for sign in signs if sign.finds - known]


def _texts(rule: Rule, words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Each way to meet a rule as a sign: one of its patterns, with one of each other group."""
    used = "".join(map(fold_plainly, rule.yes))
    groups = ([text for pattern in group if (text := _text(pattern, words, used))] for group in (rule.any, *rule.with_))
    for parts in product(*groups):
        yield "&".join(dict.fromkeys(parts))


def _text(pattern: str, words: Mapping[str, tuple[str, ...]], used: str) -> str:
    """A pattern as a part of a sign; empty where it counts, or hangs on a message's beginning or end."""
    text, joint = "", ""
    for step in pattern.split():
        if step in {"^", "$"} or step.endswith("*"):
            return ""
        if step == "~" or step.endswith("?"):
            joint = "~"
            continue
        choices = _choices(step, words, used)
        if not choices:
            return ""
        text += (text and (joint or " ")) + "|".join(choices)
        joint = ""
    return text


def _choices(alternatives: str, words: Mapping[str, tuple[str, ...]], used: str) -> tuple[str, ...]:
    """The words of a step that an example uses, without those that a stem among them takes in."""
    entries: dict[str, None] = {}
    for alternative in alternatives.split("|"):
        name = alternative.removeprefix("@")
        if name in NUMBER_SETS:
            continue
        entries |= dict.fromkeys(words[name] if name != alternative else (alternative,))
    found = dict.fromkeys(_phrase(entry) for entry in entries)
    there = [one for one in found if re.search(_expression(one), used)]
    stems = [one for one in there if len(one) > _EXACT and "_" not in one]
    return tuple(one for one in there if not any(one != stem and one.startswith(stem) for stem in stems))


def _phrase(entry: str) -> str:
    return "_".join(
        fold_plainly(word).strip().replace(" ", "_") for word in entry.replace("=", "").replace("_", " ").split()
    )
