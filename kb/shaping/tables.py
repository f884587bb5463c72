"""Makes blocks of a table, so that no cell is read without the heads of its row and column."""

from __future__ import annotations

from collections.abc import Sequence

from kb.shaping.blocks import Block
from kb.shaping.words import is_label, is_question

# Stands for a cell that is empty, so that the cells after it keep their column.
EMPTY_CELL = "–"


def table_blocks(rows: Sequence[Sequence[str]]) -> list[Block]:
    """The blocks of a table: pairs, if its first column asks; a list for each column, if their heads label them.

    A cell that covers several stands in each row of `rows` that it covers; a cell may have several lines. A row of one cell is a
    title of what stands below it. Any other table is one list, the cells of a row joined by bars.
    """
    filled = _without_empty_columns([[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))])
    if not filled:
        return []
    head, *body = filled
    width = max(map(len, filled))
    if all(map(_is_title, filled)):  # one column
        return [
            _column(
                head[0] if is_label(head[0]) and body else "",
                [row[0] for row in (body if is_label(head[0]) and body else filled)],
            )
        ]
    if width == 2 and (pairs := _pairs(filled)):
        return pairs
    if not body and width > 1 and all(is_label(cell.partition("\n")[0]) and "\n" in cell for cell in head):
        return [_column(label, lines) for label, *lines in (cell.split("\n") for cell in head)]
    if body and len(set(head)) == width > 1 and all(is_label(cell) for cell in head):
        return [_column(head[at], [row[at] for row in body if len(row) > at and row[at]]) for at in range(width)]
    return _titled(filled, width)


def _pairs(rows: Sequence[Sequence[str]]) -> list[Block]:
    """Questions and answers of two columns; a first row that asks nothing is their head, and no answer."""
    start = 0 if is_question(rows[0][0]) else 1
    asked = rows[start:]
    if not asked or not all(len(row) == 2 and is_question(row[0]) and row[1] for row in asked):
        return []
    return [Block("faq", answer, question=question) for question, answer in asked]


def _column(label: str, cells: Sequence[str]) -> Block:
    return Block("list", label, items=tuple(line for cell in cells for line in cell.split("\n")))


def _titled(rows: Sequence[Sequence[str]], width: int) -> list[Block]:
    blocks: list[Block] = []
    title, items = "", list[str]()
    for row in [*rows, None]:
        is_title = row is not None and width > 1 and _is_title(row)
        if items and (row is None or is_title):
            blocks.append(Block("list", title, items=tuple(items)))
            items = []
        if row is None:
            break
        if is_title:
            blocks += [Block("list", items=(title,))] if title and not blocks and not items else []
            title = " ".join(row[0].split("\n"))
        else:
            items.append(" | ".join(" ".join(cell.split("\n")) or EMPTY_CELL for cell in row))
    return blocks


def _is_title(row: Sequence[str]) -> bool:
    """Whether one cell goes right across."""
    return bool(row[0]) and (len(row) == 1 or (len(row) > 1 and len(set(row)) == 1))


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    width = max(map(len, rows), default=0)
    kept = [at for at in range(width) if any(len(row) > at and row[at] for row in rows)]
    return [[row[at] for at in kept if at < len(row)] for row in rows]
