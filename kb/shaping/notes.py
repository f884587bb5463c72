"""Footnotes of Markdown: taken out of a text before it is parsed, and put below the words that they belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from kb.shaping.blocks import Block

_DEFINED = re.compile(r"^ {0,3}\[\^([\w.-]+)\]:[ \t]*(.*(?:\n(?:[ \t]+\S.*))*)\n?", re.MULTILINE)
_REFERRED = re.compile(r"(?<!\\)\[\^([\w.-]+)\]")
# Private characters hold the place of a reference while Markdown is parsed.
_PLACE = re.compile("\ue000([^\ue001]*)\ue001")


def take_notes(body: str) -> tuple[str, Mapping[str, str]]:
    """The text without its footnotes, their references marked for `put_notes`, and the footnotes by name."""
    notes = {name: " ".join(words.split()) for name, words in _DEFINED.findall(body)}
    return _REFERRED.sub("\ue000\\1\ue001", _DEFINED.sub("", body)), notes


def put_notes(block: Block, notes: Mapping[str, str]) -> Block:
    """The block with each footnote that it refers to: below a paragraph on a line of its own, after an item."""
    if not _PLACE.search(" ".join((block.text, block.question or "", *block.items))):
        return block
    return replace(
        block,
        text=_with_notes(block.text, notes, "\n"),
        items=tuple(_with_notes(one, notes, " ") for one in block.items),
        question=_PLACE.sub("", block.question) if block.question else block.question,
    )


def _with_notes(text: str, notes: Mapping[str, str], between: str) -> str:
    below = [notes[name] for name in _PLACE.findall(text) if notes.get(name)]
    return between.join([_PLACE.sub("", text), *below])
