"""The rules that label a message, as data: their types, and their loading from a policy's `rules` folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from kb.errors import AdvocateError
from kb.labels import Label

WORDS_FILE = "words.yaml"

# Number classes a pattern may name like a word set; the matcher knows their members.
NUMBER_SETS = frozenset({"number", "year", "fever_degrees", "many", "three_digits", "four_digits", "phone"})

# Word sets the matcher reads contexts from: each of their entries is a pattern of its own.
CONTEXT_SETS = frozenset(
    {"negation", "not_negation", "past", "now", "general", "supposed", "person", "figurative", "look_alikes"}
)

Context = Literal["negation", "past", "general", "figurative"]

_SET_NAME = re.compile(r"@([a-z_]+)")


class PolicyError(AdvocateError):
    """A policy folder that cannot be used as it stands."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to label a message, with where it comes from and examples that prove it.

    Patterns are written as `kb/policies/README.md` says. A rule matches when one of `any` does and each
    group of `with_` matches somewhere too; a sentence in which one of `unless` matches does not count.
    """

    id: str
    label: Label
    source: str
    any: tuple[str, ...]
    with_: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    heeds: frozenset[Context] = frozenset()  # contexts that cancel a match
    backstop: bool = False  # counts beside a gate only where the gate finds its label possible at all
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[str, ...]:
        return (*self.any, *(pattern for group in self.with_ for pattern in group), *self.unless)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of a policy, and the word sets their patterns name."""

    rules: tuple[Rule, ...]
    words: Mapping[str, tuple[str, ...]] = field(hash=False)


def load_rules(folder: Path) -> RuleBook:
    """Read `words.yaml` and the rules in every other `*.yaml` of a folder, files and rules in order.

    Raises PolicyError, naming the file, the rule and the way out.
    """
    words = _load_words(folder / WORDS_FILE)
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != WORDS_FILE)
    if not paths:
        raise PolicyError(f"{folder}: expected files of rules beside {WORDS_FILE}, found none. Copy the default ones.")
    rules: dict[str, Rule] = {}
    for path in paths:
        for rule in _load_rule_file(path):
            if rule.id in rules:
                raise PolicyError(f"{path}: rule {rule.id} is there twice. Rename or remove one of the two.")
            if unknown := _unknown_sets(rule.patterns, words):
                raise PolicyError(f"{path}: rule {rule.id} names @{unknown[0]}. Add that set to {WORDS_FILE}.")
            rules[rule.id] = rule
    return RuleBook(rules=tuple(rules.values()), words=words)


class _RuleEntry(BaseModel):
    """A rule as it stands in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    source: str = Field(min_length=3)
    any: tuple[str, ...] = Field(min_length=1)
    with_: tuple[tuple[str, ...], ...] = Field(default=(), alias="with")
    unless: tuple[str, ...] = ()
    heeds: frozenset[Context] = frozenset()
    backstop: bool = False
    yes: tuple[str, ...] = Field(min_length=2)
    no: tuple[str, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _only_an_emergency_can_be_past(self) -> _RuleEntry:
        if "past" in self.heeds and self.label is not Label.EMERGENCY:
            raise ValueError("only an emergency rule heeds `past`: its past events are clinical")
        return self

    def as_rule(self) -> Rule:
        return Rule(**{name: getattr(self, name) for name in type(self).model_fields})


_RULE_FILE = TypeAdapter(list[dict[str, object]])
_WORDS = TypeAdapter(dict[str, tuple[str, ...]])


def _load_words(path: Path) -> Mapping[str, tuple[str, ...]]:
    try:
        words = _WORDS.validate_python(_read_yaml(path))
    except ValidationError as error:
        raise PolicyError(f"{path}: expected named lists of words; {error}") from error
    if missing := sorted(CONTEXT_SETS - words.keys()):
        raise PolicyError(f"{path}: expected the sets {', '.join(missing)}. Copy them from the default policy.")
    for name, entries in words.items():
        if unknown := _unknown_sets(entries, words):
            raise PolicyError(f"{path}: set {name} names @{unknown[0]}. Add that set to {WORDS_FILE}.")
    return words


def _load_rule_file(path: Path) -> Iterator[Rule]:
    try:
        entries = _RULE_FILE.validate_python(_read_yaml(path))
    except ValidationError as error:
        raise PolicyError(f"{path}: expected a list of rules; {error}") from error
    for number, entry in enumerate(entries, start=1):
        try:
            yield _RuleEntry.model_validate(entry).as_rule()
        except ValidationError as error:
            name = entry.get("id", f"number {number}")
            raise PolicyError(
                f"{path}: rule {name} does not load; {error}. A rule needs id, label, source, any, and at least "
                "two examples each of yes and no; see kb/policies/README.md."
            ) from error


def _read_yaml(path: Path) -> object:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyError(
            f"{path}: expected a readable YAML file; {error}. Restore it from the default policy."
        ) from error


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one reads ten times faster
    """YAML without guesses: `yes`, `no` and `911` are words, as they stand."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is there twice", node.start_mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _unknown_sets(patterns: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> list[str]:
    named = {name for pattern in patterns for name in _SET_NAME.findall(pattern)}
    return sorted(named - words.keys() - NUMBER_SETS)
