"""Gives each block the words that give it its sense: the label above a list, the question above an answer.

A visitor reads “Don't” above a list and a bold line above a paragraph. Quoted without them, the words below say
something else; so they become one passage with what labels them, or are left out and listed. Blocks that have an id
were put together by a person, or by an earlier import, and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kb.reading.sentences import sentence_spans
from kb.shaping.blocks import Block, goes_on_with, is_fragment, is_list, joined_tags, text_of
from kb.shaping.notes import with_marked_notes
from kb.shaping.pairs import with_pairs
from kb.shaping.reach import with_labels
from kb.shaping.statements import is_statement
from kb.shaping.words import GLYPHS, is_cut, is_label, is_polar, is_question, is_turning_title, leads_on, reads_as_title

# A line between two lists that have one introduction.
_JOINS = re.compile(r"(?:and|or|and/or|and also|or if|or when|also|plus|as well as)[:,…]?", re.IGNORECASE)
_WHOLE_COMMAND = re.compile(r"(?:please )?(?:do not|don['’]t|never) (?:eat|drink|come|drive)", re.IGNORECASE)
_MARK = re.compile(r"^\s*(?:(?P<glyph>[•●▪◦■□‣∙·○])|(?P<dash>[-–*+])|(?P<number>\d{1,3})[.)])\s+(?=\S)")


def with_sense(blocks: Iterable[Block], dropped: list[str]) -> list[Block]:
    """The blocks with labels, introductions and questions joined to what they belong to.

    What would say nothing by itself (a colon with nothing after it, a question nobody answers) goes to `dropped`.
    """
    asked = with_pairs(_with_lists(_with_glyphs(with_marked_notes(blocks))))
    labelled = with_labels(_with_headings(asked))
    return list(_without_fragments(_with_introductions(labelled), dropped))


def _with_glyphs(blocks: Iterable[Block]) -> Iterator[Block]:
    """Put a sign that stands alone, as in a coloured box, before the words that it belongs to."""
    glyph: Block | None = None
    for block in blocks:
        if glyph is not None:
            is_its = block.kind != "faq" and not block.passage_id and block.under is None
            if is_its and block.kind == "list" and not block.text:
                block = replace(block, items=tuple(f"{glyph.text} {item}" for item in block.items), under=glyph.under)
            elif is_its:
                block = replace(block, text=f"{glyph.text} {block.text}", under=glyph.under)
            else:
                yield glyph
            glyph = None
        if block.kind == "paragraph" and not block.passage_id and GLYPHS.fullmatch(block.text):
            glyph = block
        else:
            yield block
    if glyph is not None:
        yield glyph


def _with_lists(blocks: Iterable[Block]) -> Iterator[Block]:
    """Make lists of lines that were typed with a bullet, a dash or a number."""
    waiting = list(blocks)
    while waiting:
        one = waiting.pop(0)
        if one.kind != "paragraph" or one.passage_id or is_list(one):
            yield one
            continue
        lines = one.text.split("\n")
        count = 1
        if _MARK.match(lines[-1]):  # each line may be a paragraph of its own
            while waiting and waiting[0].under is None and _is_marked_line(waiting[0]):
                lines.append(waiting.pop(0).text)
                count += 1
        yield from _listed(replace(one, is_strong=one.is_strong and count == 1), lines)


def _is_marked_line(block: Block) -> bool:
    return block.kind == "paragraph" and not block.passage_id and bool(_MARK.match(block.text))


def _listed(one: Block, lines: Sequence[str]) -> Iterator[Block]:
    """The lines of a paragraph: those with a mark as lists, the others as they stand."""
    marks = [_MARK.match(line) for line in lines]
    has_glyph = any(mark and mark["glyph"] for mark in marks)
    is_led = any(above.endswith(":") and mark for above, mark in zip(lines, marks[1:], strict=False))
    if not has_glyph and not is_led and sum(mark is not None for mark in marks) < 2:
        yield replace(one, text="\n".join(lines))
        return
    under, run, items, first = one.under, list[str](), list[str](), None
    for line, mark in [*zip(lines, marks, strict=True), ("", None)]:
        number = int(mark["number"]) if mark and mark["number"] else None
        is_next = mark is not None and number == (None if first is None else first + len(items))
        if items and not is_next:
            yield Block("list", items=tuple(items), first=first, under=under)
            under, items = None, []
        if mark is None:
            run += [line] if line else []
            continue
        if run:
            yield replace(one, text="\n".join(run), under=under)
            under, run = None, []
        first = first if items else number
        items.append(line[mark.end() :].strip())
    if run:
        yield replace(one, text="\n".join(run), under=under)


def _with_headings(blocks: Sequence[Block]) -> list[Block]:
    """Make headings of short bold lines that stand alone above other text, and label nothing more than that."""
    kept: list[Block] = []
    level = 1  # of the last heading that is one by its mark
    for at, one in enumerate(blocks):
        if one.under is not None:
            level = max(min(level, one.under), 1)
        if one.kind == "heading":
            level = one.level
        if one.kind == "paragraph" and not one.passage_id and _is_heading(blocks, at):
            one = replace(one, kind="heading", level=min(level + 1, 6), is_strong=False)
        kept.append(one)
    return kept


def _is_heading(blocks: Sequence[Block], at: int) -> bool:
    """Whether a bold line is one; above a whole statement also a line that would turn a list: “What isn't included”."""
    line = blocks[at]
    if is_label(line.text):
        is_above_text = at + 1 < len(blocks) and _is_told(blocks[at + 1])
        return is_turning_title(line.text) and is_above_text and line.text[-1] != ":"
    if not (line.is_strong or _is_in_capitals(line.text)) or not reads_as_title(line.text):
        return False
    below = (blocks[number] for number in range(at + 1, len(blocks)))
    return any(later.kind != "heading" and not later.is_strong for later in below)


def _is_in_capitals(text: str) -> bool:
    return text.isupper() and sum(map(str.isalpha, text)) > 3 and not any(map(str.isdigit, text))


def _is_told(block: Block) -> bool:
    return block.kind == "paragraph" and is_statement(block.text)


def _with_introductions(blocks: Sequence[Block]) -> list[Block]:
    """Give each list what introduces it: the last sentence of the paragraph before it when that ends in a colon, all of
    the paragraph when it leads on without one.

    Lists that follow one with an introduction belong to it too, and so does what follows a sentence with a colon.
    A paragraph with an id of its own stays a passage of its own.
    """
    kept: list[Block] = []
    for block in blocks:
        before = kept[-1] if kept else None
        if before is None or before.passage_id or block.under is not None:
            kept.append(block)
        elif _joins(before, block):
            kept[-1] = Block("paragraph", text_of([before, block]), under=before.under)
        elif is_list(block) and _introduces(before) and not is_list(before):
            rest, last = _last_sentence(before.text) if _opens_a_list(before.text) else ("", before.text)
            kept[-1:] = [replace(before, text=rest)] if rest else []
            tags = joined_tags(before, block, last)
            text = f"{last}\n\n{block.text}" if block.text else last
            kept.append(replace(block, text=text, tags=tags, under=None if rest else before.under))
        elif block.kind == "list" and not block.text and not block.passage_id and _is_open(before):
            kept[-1] = _extended(before, block)
        elif block.kind == "list" and before.kind == "faq" and before.text.endswith(":") and not block.passage_id:
            kept[-1] = replace(before, text=f"{before.text}\n\n{text_of([block])}")
        elif block.kind == "paragraph" and not block.passage_id and _announces(before, block):
            kept += _announced(kept.pop(), block)
        else:
            kept.append(block)
    return kept


def _joins(before: Block, block: Block) -> bool:
    """Whether a line such as “or” goes on with the list before it, or a list with such a line."""
    if block.passage_id or not (is_list(block) or block.kind == "paragraph"):
        return False
    is_link = _is_open(before) and bool(_JOINS.fullmatch(block.text))
    return is_link or (is_list(block) and bool(_JOINS.fullmatch(before.text.rpartition("\n\n")[2])))


def _opens_a_list(text: str) -> bool:
    return text.endswith(":") or is_cut(text)


def _introduces(block: Block) -> bool:
    return block.kind == "paragraph" and not block.passage_id and leads_on(block.text)


def _is_open(block: Block) -> bool:
    return block.kind == "list" and bool(block.text) and leads_on(block.text)


def _extended(before: Block, block: Block) -> Block:
    if goes_on_with(before, block):
        return replace(before, items=(*before.items, *block.items))
    return Block("paragraph", text_of([before, block]), under=before.under)


def _announces(before: Block, block: Block) -> bool:
    """Whether a paragraph ends in a colon that the next one fulfils.

    A paragraph of three sentences and more that closes by announcing whole paragraphs is whole without them.
    """
    if before.kind != "paragraph" or not before.text.endswith(":"):
        return before.kind == "paragraph" and is_fragment(block) and _is_run(before.text)
    spans = sentence_spans(before.text)
    is_whole = len(spans) >= 3 and not is_polar(before.text[spans[-1][0] :])
    return not is_whole or len(sentence_spans(block.text)) < 2


def _is_run(text: str) -> bool:
    """Whether a text is an introduction with lines below it, to which one more line may belong."""
    head, _, below = text.partition("\n\n")
    return bool(below) and head.endswith(":") and all(one[-1:] not in ".!?:" for one in below.split("\n\n"))


def _announced(before: Block, block: Block) -> Iterator[Block]:
    rest, last = _last_sentence(before.text) if before.text.endswith(":") else ("", before.text)
    if rest:
        yield replace(before, text=rest)
    yield replace(block, text=f"{last}\n\n{block.text}", under=None if rest else before.under, is_strong=False)


def _last_sentence(text: str) -> tuple[str, str]:
    """What stands before the last sentence of a text, and that sentence."""
    last = sentence_spans(text)[-1][0]
    rest = text[:last].rstrip()
    return (rest, text[last:]) if rest else ("", text)


def _without_fragments(blocks: Sequence[Block], dropped: list[str]) -> Iterator[Block]:
    """Leave out what says nothing, or something else, when it stands alone."""
    under: int | None = None  # of what was left out
    for at, one in enumerate(blocks):
        why = None if one.passage_id else _why_a_fragment(one, blocks[at + 1 : at + 2])
        if why is None:
            lowest = [level for level in (under, one.under) if level is not None]
            yield replace(one, under=min(lowest, default=None))
            under = None
        else:
            dropped.append(f"{why}: {' '.join(' '.join((one.question or '', one.text, *one.items)).split())}")
            under = one.under if under is None else min(under, one.under or under)


def _why_a_fragment(block: Block, following: Sequence[Block]) -> str | None:
    if block.kind == "faq":
        is_open = block.faq is None and (block.text.endswith(":") or block.text.strip() == block.question)
        return "answer that says nothing" if is_open else None
    if block.kind == "list" and not block.text and all(map(is_question, block.items)):
        return "questions without their answers"
    if block.kind != "paragraph":
        return None
    if is_question(block.text):
        return "question without an answer"
    if is_label(block.text) and not _WHOLE_COMMAND.fullmatch(block.text):
        return "label with nothing below it"
    if is_cut(block.text):
        return "breaks off"
    is_followed = bool(following) and following[0].kind == "paragraph" and len(sentence_spans(block.text)) >= 3
    return "introduces nothing" if block.text.endswith(":") and not is_followed else None
