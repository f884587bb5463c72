"""The policy as data: its fixed replies and its rules, loaded from a folder such as `policies/default`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from kb.rules import PolicyError, RuleBook, load_rules

DEFAULT_POLICY = Path(__file__).parent / "policies" / "default"
_SENTENCE_END = re.compile(r"(?<=[.]) ")
Language = Literal["en", "es"]


class FixedText(BaseModel):
    """One fixed reply in both languages, as approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    en: str
    es: str


class FixedReplies(BaseModel):
    """Every text the assistant may say that is not a quote (policy, fixed replies)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    emergency: FixedText
    emergency_sent: FixedText
    clinical: FixedText
    outside: FixedText
    human: FixedText
    sent: FixedText
    other_language: FixedText
    answer_line: FixedText
    standing_note: FixedText
    greeting: FixedText
    thanks: FixedText
    not_passed_on: FixedText

    @property
    def crisis_line(self) -> FixedText:
        """The sentence of the emergency reply that names 988, where it stands alone. Empty if none does."""
        return FixedText(en=_sentence_of(self.emergency.en, "988"), es=_sentence_of(self.emergency.es, "988"))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Policy:
    """A loaded policy: its version (sha256 of its files), its fixed replies, and its rules."""

    version: str
    replies: FixedReplies
    rules: RuleBook


def load_policy(folder: Path = DEFAULT_POLICY) -> Policy:
    """Read `replies.yaml` and `rules/*.yaml` of a policy folder. Raises PolicyError, naming the file at fault."""
    path = folder / "replies.yaml"
    try:
        replies = FixedReplies.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise PolicyError(f"{path}: expected the twelve fixed replies, each with `en` and `es`; {error}") from error
    rules = load_rules(folder / "rules")
    return Policy(version=policy_version(folder), replies=replies, rules=rules)


def policy_version(folder: Path = DEFAULT_POLICY) -> str:
    """sha256 over the names and bytes of the policy's files, so that any change of policy shows in every build."""
    digest = sha256()
    for path in sorted(folder.rglob("*.yaml")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sentence_of(text: str, word: str) -> str:
    return next((one for one in _SENTENCE_END.split(text) if word in one), "")
