"""Footnotes: those of Markdown are taken out of a text before it is parsed; all are put below what they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kb.shaping.blocks import Block

_DEFINED = re.compile(r"^ {0,3}\[\^([\w.-]+)\]:[ \t]*(.*(?:\n(?:[ \t]+\S.*))*)\n?", re.MULTILINE)
_REFERRED = re.compile(r"(?<!\\)\[\^([\w.-]+)\]")
# Private characters hold the place of a reference while Markdown is parsed.
_PLACE = re.compile("\ue000([^\ue001]*)\ue001")
# A note that is marked by hand, and where a text refers to one: “You may drive.*”
_MARKED = re.compile(r"^(\*{1,3}|†|‡|[¹²³⁴⁵])\s*(?=[^\s*])")
_MARK_AT_WORD = re.compile(r"(?<=[\w.,;:!?)”’])(\*{1,3}|[†‡¹²³⁴⁵])(?![\w*†‡¹²³⁴⁵])")


def with_marked_notes(blocks: Iterable[Block]) -> list[Block]:
    """Put each paragraph that begins with a mark such as “*” below the words before it that end in that mark."""
    kept: list[Block] = []
    referring: dict[str, list[int]] = {}  # by mark: blocks whose note has not come yet
    for block in blocks:
        found = _MARKED.match(block.text) if block.kind == "paragraph" and not block.passage_id else None
        places = referring.pop(found[1], []) if found else []
        for at in places:
            kept[at] = _noted(kept[at], found[1] if found else "", block.text)
        if places:
            continue
        for mark in () if block.passage_id else _marks_in(block):
            referring.setdefault(mark, []).append(len(kept))
        kept.append(block)
    return kept


def _marks_in(block: Block) -> set[str]:
    return {mark for text in (block.text, *block.items) for mark in _MARK_AT_WORD.findall(text)}


def _noted(block: Block, mark: str, note: str) -> Block:
    items = tuple(f"{one} {note}" if mark in _MARK_AT_WORD.findall(one) else one for one in block.items)
    has_mark = mark in _MARK_AT_WORD.findall(block.text)
    return replace(block, text=f"{block.text}\n{note}" if has_mark else block.text, items=items)


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
