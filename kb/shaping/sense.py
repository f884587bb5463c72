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
from kb.shaping.blocks import Block, is_laid_out, suggest_tags, text_of
from kb.shaping.pairs import with_pairs
from kb.shaping.words import GLYPHS, is_label, is_polar, is_question, leads_on, reads_as_title

# A heading that only colours what stands below takes all of it along; a longer one at most this many words.
_MAX_WORDS_BELOW = 200
_MAX_ITEM_WORDS = 12
_MARK = re.compile(r"^\s*(?:(?P<glyph>[•●▪◦■□‣∙·○])|(?P<dash>[-–*+])|(?P<number>\d{1,3})[.)])\s+(?=\S)")


def with_sense(blocks: Iterable[Block], dropped: list[str]) -> list[Block]:
    """The blocks with labels, introductions and questions joined to what they belong to.

    What would say nothing by itself (a colon with nothing after it, a question nobody answers) goes to `dropped`.
    """
    asked = with_pairs(_with_lists(_with_glyphs(blocks)))
    labelled = _with_labels(_with_headings(asked))
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
        if one.kind != "paragraph" or one.passage_id or _is_list(one):
            yield one
            continue
        lines = one.text.split("\n")
        count = 1
        if _MARK.match(lines[-1]):  # each line may be a paragraph of its own
            while waiting and waiting[0].under is None and _is_marked_line(waiting[0]):
                lines.append(waiting.pop(0).text)
                count += 1
        yield from _listed(replace(one, is_strong=one.is_strong and count == 1), lines)


def _is_list(block: Block) -> bool:
    """Whether a block is a list without an introduction, also one that is laid out already, with marks of many kinds."""
    if block.kind == "list":
        return not block.text
    return block.kind == "paragraph" and is_laid_out(block.text)


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
        is_title = one.is_strong and not one.passage_id and one.kind == "paragraph" and reads_as_title(one.text)
        if (
            is_title
            and not is_label(one.text)
            and any(later.kind != "heading" and not later.is_strong for later in blocks[at + 1 :])
        ):
            one = replace(one, kind="heading", level=min(level + 1, 6), is_strong=False)
        kept.append(one)
    return kept


def _with_labels(blocks: Sequence[Block]) -> list[Block]:
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
    """Blocks as one; a label with a list stays a list with its introduction."""
    label, first, *more = _with_whole_lists(blocks)
    if not more and first.kind == "list" and not first.text:
        return replace(first, text=label.text, tags=_joined_tags(label, first, label.text), under=label.under)
    return Block("paragraph", text_of([label, first, *more]), under=label.under)


def _with_whole_lists(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with lists that follow each other, and are of one kind, as one."""
    last: Block | None = None
    for block in blocks:
        if last is not None and last.kind == block.kind == "list" and not block.text and _goes_on_with(last, block):
            last = replace(last, items=(*last.items, *block.items))
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _goes_on_with(before: Block, block: Block) -> bool:
    return block.first is None if before.first is None else block.first == before.first + len(before.items)


def _end_of_reach(blocks: Sequence[Block], at: int) -> int:
    """Where what a label colours ends; at + 1 when the block is no label, or colours nothing."""
    label = blocks[at]
    is_bare = is_label(label.text)
    if not _may_label(label) or at + 1 >= len(blocks):
        return at + 1
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
    if is_bare and label.kind == "paragraph" and (_is_list(below[0]) or _is_fragment(below[0])):
        is_other = _is_fragment if _is_list(below[0]) else _is_list
        return at + 1 + next((n for n, one in enumerate(below) if not _is_line(one) or is_other(one)), len(below))
    if is_bare:
        return end
    if not is_polar(label.text) or not _is_line(below[0]):
        return at + 1
    if len(text_of(below).split()) <= _MAX_WORDS_BELOW:
        return end
    return at + 1 + next((n for n, one in enumerate(below) if not _is_line(one)), len(below))


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
    return not (block.kind == "paragraph" and is_label(block.text) and not block.passage_id)


def _is_line(block: Block) -> bool:
    return _is_list(block) or _is_fragment(block)


def _is_fragment(block: Block) -> bool:
    """A line that says nothing without what stands above: it is no sentence."""
    is_short = len(block.text.split()) <= _MAX_ITEM_WORDS
    return (
        block.kind == "paragraph"
        and is_short
        and not _is_list(block)
        and block.text[-1:] not in ".!?:"
        and not block.is_strong
    )


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
        elif _is_list(block) and _introduces(before) and not _is_list(before):
            rest, last = _last_sentence(before.text) if before.text.endswith(":") else ("", before.text)
            kept[-1:] = [replace(before, text=rest)] if rest else []
            tags = _joined_tags(before, block, last)
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


def _introduces(block: Block) -> bool:
    return block.kind == "paragraph" and not block.passage_id and leads_on(block.text)


def _is_open(block: Block) -> bool:
    return block.kind == "list" and bool(block.text) and leads_on(block.text)


def _extended(before: Block, block: Block) -> Block:
    if _goes_on_with(before, block):
        return replace(before, items=(*before.items, *block.items))
    return Block("paragraph", text_of([before, block]), under=before.under)


def _announces(before: Block, block: Block) -> bool:
    """Whether a paragraph ends in a colon that the next one fulfils.

    A paragraph of three sentences and more that closes by announcing whole paragraphs is whole without them.
    """
    if before.kind != "paragraph" or not before.text.endswith(":"):
        return before.kind == "paragraph" and _is_fragment(block) and _is_run(before.text)
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


def _joined_tags(introduction: Block, block: Block, words: str) -> frozenset[str] | None:
    """Tags of a list with its introduction: what a person gave to either is kept; without any they are suggested."""
    if not introduction.tags:
        return block.tags
    suggested = suggest_tags(f"{words} {' '.join(block.items)}")
    return introduction.tags | (suggested if block.tags is None else block.tags)


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
    if is_label(block.text):
        return "label with nothing below it"
    is_followed = bool(following) and following[0].kind == "paragraph" and len(sentence_spans(block.text)) >= 3
    return "introduces nothing" if block.text.endswith(":") and not is_followed else None
