"""What teaches: the starter pack, the writers and clinics that ship, and what a site adds of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from kb.asks import load_asks
from kb.clinics import teaching_messages
from kb.content import STARTER, Content, Example, load_content, load_starter
from kb.labels import Label
from kb.reading.messages import sentences_in
from kb.sites import SITES

# The gate cannot tell these apart, and need not: retrieval decides whether a page covers a question.
UP_TO_RETRIEVAL = frozenset({Label.ANSWER, Label.OUT_OF_KB})
UNANSWERED = frozenset({Label.OUT_OF_KB, Label.SMALLTALK})


def shipped_sites() -> list[Path]:
    """The folders of the sites that ship."""
    return sorted(path.parent for path in SITES.glob("*/site.toml"))


@lru_cache(maxsize=1)
def shipped_examples() -> tuple[Example, ...]:
    """Everything that taught the gate that ships: each text once, what outranks first."""
    own = [one for folder in shipped_sites() for one in site_examples(load_content(folder))]
    messages = [one.as_example for one in teaching_messages()]
    asked = [Example(text, Label.ANSWER) for ask in load_asks() for text in ask.phrasings]
    return tuple({one.as_read: one for one in [*asked, *load_starter(), *messages, *own]}.values())


@lru_cache(maxsize=1)
def shipped_version() -> str:
    """sha256 over the names and bytes of the files that `shipped_examples` reads."""
    digest = sha256()
    for folder in (STARTER, *shipped_sites()):
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def site_examples(content: Content) -> list[Example]:
    """A site's own examples, and every question its pages answer."""
    asked = [passage.question for _, passage in content.passages() if passage.question]
    answered = dict.fromkeys([*asked, *(phrasing.text for phrasing in content.phrasings)])
    examples = [*(Example(text, Label.ANSWER) for text in answered), *content.examples]
    return list({one.as_read: one for one in examples}.values())


def new_examples(content: Content) -> list[Example]:
    """A site's examples that the gate that ships has not been taught."""
    known = {one.as_read for one in shipped_examples()}
    return [one for one in site_examples(content) if one.as_read not in known]


def gate_lessons(examples: Iterable[Example]) -> dict[str, str]:
    """The texts that teach the gate, with the label it is to read in each.

    Whether a page covers a question is not the gate's to say: both kinds are `answer` to it. As messages are read
    sentence by sentence too, each sentence of a harmless message is taught as harmless.
    """
    every = list(examples)
    taught: dict[str, str] = {}
    for one in every:
        if one.label in UP_TO_RETRIEVAL:
            sentences = [] if one.history else sentences_in(one.text)
            taught |= dict.fromkeys([one.as_read, *sentences], str(Label.ANSWER))
    return taught | {one.as_read: str(one.label) for one in every if one.label not in UP_TO_RETRIEVAL}


def uncovered_questions(content: Content) -> list[str]:
    """Questions that this site's pages are known not to answer: its own examples, and asks that its checklist says no to."""
    given = [*content.examples, *content.unsaid_examples()]
    return list(dict.fromkeys(one.text for one in given if one.label in UNANSWERED and not one.history))
