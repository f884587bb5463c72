"""Reads the cells of an XLSX workbook as text, in the process that `child.py` is."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock


@dataclass(slots=True)
class Grid:
    """One sheet: its filled rows with their numbers, and what of it is not among them."""

    name: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_workbook(data: bytes) -> list[Grid]:
    """The shown sheets of a workbook. Formulas stand as they are written, with their `=`."""
    book = load_workbook(BytesIO(data), rich_text=True)
    return [_grid(sheet) for sheet in book.worksheets]


def _grid(sheet: Any) -> Grid:
    grid = Grid(sheet.title)
    if sheet.sheet_state != "visible":
        grid.notes.append(f"sheet “{sheet.title}” is hidden and was not read")
        return grid
    hidden = {letter for letter, one in sheet.column_dimensions.items() if one.hidden}
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        place = f"sheet “{sheet.title}”, row {number}"
        row = [_text(cell, place, grid.notes) if cell.column_letter not in hidden else "" for cell in cells]
        if any(row) and sheet.row_dimensions[number].hidden:
            grid.notes.append(f"{place} is hidden and was not read: {' '.join(filter(None, row))[:200]}")
        elif any(row):
            grid.rows.append((number, row))
    return grid


def _text(cell: Any, place: str, notes: list[str]) -> str:
    """What a cell shows, as far as it is text; what else it may be, or is struck out, is noted."""
    value = cell.value
    if value is None:
        return ""
    struck = ""
    if isinstance(value, CellRichText):
        runs = [(str(one), isinstance(one, TextBlock) and bool(one.font.strike)) for one in value]
        value, struck = "".join(text for text, is_struck in runs if not is_struck), "".join(t for t, s in runs if s)
    elif cell.font.strike:
        value, struck = "", str(value)
    if struck.strip():
        notes.append(f"{place}: struck out and not read: {struck.strip()}")
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and cell.number_format == "General":
        return str(value)
    notes.append(f"{place}: {value} is shown as a number, date or mark of its own; it was not read. Type it as text.")
    return ""
