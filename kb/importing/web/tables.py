"""The cells of a table on a web page, row by row, each in every row and column that it covers."""

from __future__ import annotations

from kb.importing.web.text import Element

_MAX_SPAN = 50


def rows_of(table: Element) -> list[list[Element]]:
    rows: list[list[Element]] = []
    open_cells: dict[int, tuple[Element, int]] = {}  # column: a cell from above, and how many more rows it covers
    for row in table.iter("tr"):
        cells: list[Element] = []
        waiting = [one for one in row if one.tag in {"td", "th"}]
        while waiting or len(cells) in open_cells:
            if len(cells) in open_cells:
                cell, left = open_cells.pop(len(cells))
                if left > 1:
                    open_cells[len(cells)] = (cell, left - 1)
                cells.append(cell)
                continue
            cell = waiting.pop(0)
            for _ in range(_span(cell, "colspan")):
                if (below := _span(cell, "rowspan") - 1) > 0:
                    open_cells[len(cells)] = (cell, below)
                cells.append(cell)
        rows.append(cells)
    return rows


def _span(cell: Element, name: str) -> int:
    given = cell.get(name, "1").strip()
    return min(max(int(given), 1), _MAX_SPAN) if given.isdigit() else 1
