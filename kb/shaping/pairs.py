"""Joins questions to their answers where only style marks them: a bold or numbered line, Q: and A:, a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kb.shaping.blocks import Block, is_laid_out, text_of
from kb.shaping.words import ANSWERS, ASKS, is_question, reads_as_title, without_number


def with_pairs(blocks: Iterable[Block]) -> list[Block]:
    """Join questions that are marked by style only, or by Q: and A:, to the blocks that answer them."""
    waiting = list(blocks)
    kept: list[Block] = []
    while waiting:
        one = waiting.pop(0)
        if one.passage_id or one.kind not in {"paragraph", "heading", "list"} or is_laid_out(one.text):
            kept.append(one)
        else:
            kept.append(_labelled_pair(one, waiting) or _styled_pair(one, waiting) or one)
    return kept


def _labelled_pair(one: Block, waiting: list[Block]) -> Block | None:
    """A pair whose question and answer are marked `Q:` and `A:`; takes the answer from `waiting`."""
    if one.kind == "list" or (found := ASKS.match(one.text)) is None:
        return None
    first, *lines = found["text"].split("\n")
    if (at := next((at for at, line in enumerate(lines) if ANSWERS.match(line)), None)) is not None:
        question = " ".join([first, *lines[:at]])
        answer = [_after(ANSWERS, "\n".join(lines[at:]))]
    else:
        at = 0 if first else 1
        if len(waiting) <= at or waiting[at].kind != "paragraph" or not ANSWERS.match(waiting[at].text):
            return None
        question = " ".join([first, *lines]) if first else waiting[0].text
        answer = [words] if (words := _after(ANSWERS, waiting[at].text)) else []
        del waiting[: at + 1]
    while waiting and _goes_on(waiting[0], answer):
        answer.append(text_of([waiting.pop(0)]))
    return _pair(one, question, answer)


def _goes_on(block: Block, answer: Sequence[str]) -> bool:
    """Whether a block goes on with an answer: a paragraph, or a list that the answer's last words introduce."""
    if block.passage_id or _ends_answer(block):
        return False
    return block.kind == "paragraph" or bool(block.kind == "list" and answer and answer[-1].endswith(":"))


def _styled_pair(one: Block, waiting: list[Block]) -> Block | None:
    """A pair whose question is a bold or numbered line, a line of its own, or the first line of the answer."""
    if one.kind == "heading":
        return None
    first, _, rest = one.text.partition("\n")
    if one.kind == "paragraph" and rest and is_question(first):
        answer = [rest]
        while waiting and rest.endswith(":") and waiting[0].kind == "list" and not waiting[0].passage_id:
            answer.append(text_of([waiting.pop(0)]))
            break
        return _pair(one, first, answer)
    question = one.items[0] if one.kind == "list" and len(one.items) == 1 and not one.text else one.text
    if not is_question(question) or not waiting or _ends_answer(waiting[0]):
        return None
    is_marked = one.is_strong or one.kind == "list" or question != without_number(question)
    end = _end_of_answer(waiting, to_the_next=is_marked or _is_one_of_several(waiting))
    answer = [text_of(waiting[:end])]
    if not answer[0]:
        return None
    del waiting[:end]
    return _pair(one, question, answer)


def _end_of_answer(waiting: Sequence[Block], *, to_the_next: bool) -> int:
    """How many blocks answer: up to the next question or heading; to a plain line of its own only the first answers."""
    end = 0
    while end < len(waiting) and not _ends_answer(waiting[end]) and not waiting[end].passage_id:
        end += 1
        if not to_the_next and not waiting[end - 1].text.endswith(":"):
            break
    return end


def _is_one_of_several(waiting: Sequence[Block]) -> bool:
    """Whether another plain question follows before the next heading, as in a list of them."""
    for one in waiting:
        if one.kind == "heading" or one.under is not None:
            return False
        if one.kind == "paragraph" and is_question(one.text):
            return True
    return False


def _ends_answer(block: Block) -> bool:
    is_asking = block.kind != "faq" and (
        is_question(block.text.partition("\n")[0]) or (len(block.items) == 1 and is_question(block.items[0]))
    )
    is_title = block.kind in {"heading", "faq"} or (block.is_strong and reads_as_title(block.text))
    return is_title or block.under is not None or is_asking or bool(ASKS.match(block.text))


def _pair(one: Block, question: str, answer: Iterable[str]) -> Block:
    asked = without_number(_after(ASKS, question) or question)
    return Block("faq", "\n\n".join(filter(None, answer)), question=" ".join(asked.split()), under=one.under)


def _after(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found["text"].strip() if found else text
