"""The numbers and letters that a web page shows before the items of its lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.importing.web.text import Element
from kb.importing.word.numbers import written

_TYPES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_STYLES = {"lower-alpha": "lowerLetter", "lower-latin": "lowerLetter", "upper-alpha": "upperLetter"}
_STYLES |= {"upper-latin": "upperLetter", "lower-roman": "lowerRoman", "upper-roman": "upperRoman"}


@dataclass(slots=True)
class Counter:
    """Counts the items of one list. `kind` is None for bullets and "decimal" for plain numbers."""

    kind: str | None
    count: int = 1
    step: int = 1

    @classmethod
    def of(cls, element: Element) -> Counter:
        """The counter of a list; one with a negative start, or a start that is no number, begins at 1."""
        if element.tag != "ol":
            return cls(None)
        style = re.search(r"list-style(?:-type)?\s*:\s*([\w-]+)", element.get("style", ""))
        kind = _STYLES.get(style[1] if style else "", _TYPES.get(element.get("type", ""), "decimal"))
        items = sum(one.tag == "li" for one in element)
        is_reversed = element.get("reversed") is not None
        start = element.get("start", str(items) if is_reversed else "1")
        return cls(kind, int(start) if start.isdigit() else 1, -1 if is_reversed else 1)

    def next(self, item: Element) -> tuple[int | None, str]:
        """The number of the next item, where it is a plain one, and what stands before it otherwise: “a.”."""
        given = item.get("value", "")
        count = int(given) if given.isdigit() else self.count
        self.count = count + self.step
        if self.kind in {None, "decimal"}:
            return (None if self.kind is None else count), ""
        return None, f"{written(count, self.kind or '')}."
