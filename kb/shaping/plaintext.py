"""Reads a page pasted as plain text: finds headings, bullets and question-and-answer pairs by how they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from kb.shaping.blocks import Block, list_text
from kb.shaping.words import ANSWERS, ASKS

_BULLET = re.compile(r"^\s*(?:[•▪◦*–-]|(?P<number>\d{1,3})[.)])\s+(?P<text>\S.*)$")

# What a visitor comes for and no heading holds: a telephone number, an hour, an address for mail, "Parking: free".
_DETAIL = re.compile(r"\d[\d\s().–-]{5,}\d|\d\s*[ap]\.?m\b|\d:\d\d|\S@\S|:\s", re.IGNORECASE)

_SMALL_WORDS = frozenset(["a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or"])
_SMALL_WORDS |= {"the", "to", "we", "with"}
_MAX_HEADING_WORDS = 10
_MAX_TITLE_WORDS = 15

# A text that was broken into lines has lines of about this many characters.
_MIN_WIDTH, _MAX_WIDTH = 50, 120


def parse_text(text: str, title: str = "") -> tuple[str, list[Block]]:
    """The title and the blocks of a page of plain text, in order, copies and form lines included.

    Without a `title` the first line is the title, unless it reads like a sentence; with one, only if it repeats it.
    """
    lines = list(_unbroken(text))
    if lines and _is_title(lines[0].strip(), title):
        title = title or lines[0].strip()
        return title, [Block("heading", title, level=1), *_with_levels(list(_group(lines[1:])))]
    return title, _with_levels(list(_group(lines)))


def _is_title(line: str, title: str) -> bool:
    if title:
        return line.casefold() == title.casefold()
    is_mark = _BULLET.match(line) or ASKS.match(line)
    return not is_mark and line[-1] not in ".:;," and len(line.split()) <= _MAX_TITLE_WORDS


def _unbroken(text: str) -> Iterator[str]:
    """The lines that hold something, those joined again that were broken because the next word did not fit."""
    run: list[str] = []
    for line in [*text.splitlines(), ""]:
        line = line.replace("\u00a0", " ").rstrip()
        if line.strip():
            run.append(line)
        elif run:
            yield from _joined(run)
            run = []


def _joined(run: list[str]) -> list[str]:
    width = max(map(len, run))
    if not _MIN_WIDTH <= width <= _MAX_WIDTH:
        return run
    joined = [run[0]]
    for line, above in zip(run[1:], run, strict=False):
        has_mark = _BULLET.match(line) or ASKS.match(line) or ANSWERS.match(line)
        if not has_mark and len(above) + 1 + len(line.split()[0]) > width:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def _group(lines: list[str]) -> Iterator[Block]:
    """Turn non-empty lines into blocks; headings get their level later."""
    position = 0
    while position < len(lines):
        line = lines[position]
        bullet = _BULLET.match(line)
        if ASKS.match(line) and _finds_answer(lines, position):
            position, block = _read_pair(lines, position)
        elif bullet and bullet["text"].endswith("?") and _is_indented(lines, position + 1):
            position, block = _read_bullet_pair(lines, position, bullet["text"])
        elif bullet:
            position, block = _read_list(lines, position)
        elif reads_as_heading(line):
            position, block = position + 1, Block("heading", line.strip(), level=2)
        else:
            position, block = position + 1, Block("paragraph", line.strip())
        yield block


def _finds_answer(lines: list[str], position: int) -> bool:
    """Whether the question at `position`, on its own line or the next, is followed by a line that answers."""
    has_words = bool(_matched(ASKS, lines[position]))
    answer = position + (1 if has_words else 2)
    return answer < len(lines) and bool(ANSWERS.match(lines[answer]))


def _read_pair(lines: list[str], position: int) -> tuple[int, Block]:
    """A pair written as `Question:`, the question, `Answer:`, the answer's lines; the words may follow the colon."""
    question = _matched(ASKS, lines[position])
    if not question:
        position += 1
        question = lines[position].strip()
    position += 1
    answer = [words] if (words := _matched(ANSWERS, lines[position])) else []
    position += 1
    while position < len(lines) and not _ends_answer(lines, position, bool(answer)):
        if _BULLET.match(lines[position]):
            position, bullets = _read_list(lines, position)
            answer.append(list_text(bullets.items, bullets.first))
        else:
            answer.append(lines[position].strip())
            position += 1
    return position, Block("faq", "\n\n".join(answer), question=question)


def _matched(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found["text"].strip() if found else ""


def _read_bullet_pair(lines: list[str], position: int, question: str) -> tuple[int, Block]:
    """A pair written as a bullet with the question and indented lines with the answer."""
    position += 1
    answer = []
    while _is_indented(lines, position):
        answer.append(lines[position].strip())
        position += 1
    return position, Block("faq", "\n\n".join(answer), question=question.strip())


def _read_list(lines: list[str], position: int) -> tuple[int, Block]:
    items: list[str] = []
    bullet = _BULLET.match(lines[position])
    first = int(bullet["number"]) if bullet and bullet["number"] else None
    while position < len(lines) and (bullet := _BULLET.match(lines[position])):
        expected = None if first is None else first + len(items)
        if (int(bullet["number"]) if bullet["number"] else None) != expected:
            break
        items.append(bullet["text"].strip())
        position += 1
    return position, Block("list", items=tuple(items), first=first)


def _is_indented(lines: list[str], position: int) -> bool:
    return position < len(lines) and lines[position].startswith("    ") and not _BULLET.match(lines[position])


def _ends_answer(lines: list[str], position: int, has_words: bool) -> bool:
    """An answer ends at the next question or heading, and at bullets that no sentence of the answer introduces."""
    if ASKS.match(lines[position]) or (has_words and reads_as_heading(lines[position])):
        return True
    return bool(_BULLET.match(lines[position])) and not lines[position - 1].rstrip().endswith(":")


def reads_as_heading(line: str) -> bool:
    """A short line in title case that does not end like a sentence and holds no detail a visitor may ask for."""
    text = line.strip()
    words = text.split()
    if not words or len(words) > _MAX_HEADING_WORDS or text[-1] in ".:;," or _DETAIL.search(text):
        return False
    return all(not word[0].islower() or word in _SMALL_WORDS for word in words)


def _with_levels(blocks: list[Block]) -> list[Block]:
    """Give headings levels: one followed at once by a heading is a section, and the short ones after it its parts."""
    levelled: list[Block] = []
    inside = 0  # longest heading, in words, that still belongs to the open section
    for position, block in enumerate(blocks):
        if block.kind != "heading":
            levelled.append(block)
            continue
        following = blocks[position + 1] if position + 1 < len(blocks) else None
        words = len(block.text.split())
        if following is not None and following.kind == "heading":
            inside = max(3, len(following.text.split()))
            levelled.append(block)
        elif inside and words <= inside:
            levelled.append(replace(block, level=3))
        else:
            inside = 0
            levelled.append(block)
    return levelled
