"""How far a label such as “Don't” reaches: all that it colours is one passage with it, and begins with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kb.shaping.blocks import Block, goes_on_with, is_fragment, is_list, joined_tags, text_of
from kb.shaping.statements import is_statement
from kb.shaping.words import is_label, is_polar, is_question, is_turning_title


def with_labels(blocks: Sequence[Block]) -> list[Block]:
    """Join a label such as “Don't” or “Not safe if” to all that it colours: one passage, which begins with the label."""
    kept: list[Block] = []
    at = 0
    while at < len(blocks):
        end = _end_of_reach(blocks, at)
        if end == at + 1:
            kept.append(blocks[at])
        else:
            kept.append(_one_of(blocks[at:end]))
        at = end
    return kept


def _one_of(blocks: Sequence[Block]) -> Block:
    """Blocks as one; a label with a list stays a list with its introduction. It stands where a heading of its level would."""
    label, first, *more = _with_whole_lists(blocks)
    if label.kind == "heading":
        label = replace(label, under=min(label.level - 1, 6 if label.under is None else label.under))
    if not more and first.kind == "list" and not first.text:
        return replace(first, text=label.text, tags=joined_tags(label, first, label.text), under=label.under)
    return Block("paragraph", text_of([label, first, *more]), under=label.under)


def _with_whole_lists(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with lists that follow each other, and are of one kind, as one."""
    last: Block | None = None
    for block in blocks:
        if last is not None and last.kind == block.kind == "list" and not block.text and goes_on_with(last, block):
            last = replace(last, items=(*last.items, *block.items))
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _end_of_reach(blocks: Sequence[Block], at: int) -> int:
    """Where what a label colours ends; at + 1 when the block is no label, or colours nothing."""
    label = blocks[at]
    is_bare = is_label(label.text)
    if not _may_label(label) or at + 1 >= len(blocks):
        return at + 1
    if is_bare and label.kind == "paragraph" and blocks[at + 1].kind == "heading" and blocks[at + 1].under is None:
        return _end_of_parts(blocks, at + 1)
    end = at + 1
    while end < len(blocks) and _stands_below(blocks[end], label, is_bare):
        end += 1
    below = blocks[at + 1 : end]
    if below and below[0].passage_id:
        is_ours = label.kind == "paragraph" and below[0].kind == "list" and not below[0].text
        return at + 2 if is_ours else at + 1
    with_id = next((number for number, one in enumerate(below) if one.passage_id), len(below))
    if label.kind == "heading" and with_id < len(below):
        return at + 1
    end = at + 1 + with_id
    while end > at + 1 and blocks[end - 1].kind == "heading":  # a heading that nothing follows is none of it
        end -= 1
    below = blocks[at + 1 : end]
    if not below:
        return at + 1
    if is_bare and label.kind == "paragraph" and (is_list(below[0]) or is_fragment(below[0])):
        return at + 1 + _count_lines(below)
    if is_turning_title(label.text) or (is_bare and is_list(below[0])):
        return at + 1 + _count_turned(below)
    if is_bare:
        return end
    if not is_polar(label.text) or not _is_line(below[0]):
        return at + 1
    return at + 1 + next((n for n, one in enumerate(below) if is_statement(one.text)), len(below))


def _count_lines(below: Sequence[Block]) -> int:
    """How many lists, or lines, belong to a label in the text; lines that each have a list are parts of one list."""
    if is_list(below[0]):
        return next((at for at, one in enumerate(below) if not is_list(one)), len(below))
    if len(below) == 1 or not is_list(below[1]):
        return next((at for at, one in enumerate(below) if not is_fragment(one)), len(below))
    end = 0
    while end + 1 < len(below) and is_fragment(below[end]) and is_list(below[end + 1]):
        end += 2
    return end


def _end_of_parts(blocks: Sequence[Block], first: int) -> int:
    """Where a label in the text ends whose list is parted by headings: “Do not:”, “On the first day”, a list."""
    end = at = first
    while at < len(blocks) and blocks[at].kind == "heading" and blocks[at].level >= blocks[first].level:
        start = at + 1
        at = next(
            (n for n in range(start, len(blocks)) if not _is_line(blocks[n]) or not _is_bare(blocks[n])), len(blocks)
        )
        if at == start:
            break
        end = at
    return end


def _is_bare(block: Block) -> bool:
    return block.under is None and not block.passage_id and not is_label(block.text)


def _count_turned(below: Sequence[Block]) -> int:
    """How many blocks, up to the last one that says something else without the title above it, belong to the title.

    In a section that begins with whole statements, headings part the text as they part any other.
    """
    turned, is_text = 0, False
    for number, one in enumerate(below, start=1):
        if one.kind == "heading":
            if is_text and not turned:
                break
        elif is_statement(one.text) or (one.kind == "list" and one.text):  # such a list has a label of its own
            is_text = True
        else:
            turned = number
    return turned


def _may_label(block: Block) -> bool:
    if block.passage_id:
        return False
    if block.kind == "heading":
        return block.level > 1
    return block.kind == "paragraph" and (is_label(block.text) or (block.is_strong and is_polar(block.text)))


def _stands_below(block: Block, label: Block, is_bare: bool) -> bool:
    if block.under is not None or block.kind == "faq" or (block.is_strong and block.text.endswith(":")):
        return False
    if block.kind == "heading":
        return is_bare and label.kind == "heading" and block.level > label.level
    return block.kind != "paragraph" or bool(block.passage_id) or not (is_label(block.text) or is_question(block.text))


def _is_line(block: Block) -> bool:
    return is_list(block) or is_fragment(block)
