"""A link that opens a page at certain words and highlights them: a text fragment (https://wicg.github.io/scroll-to-text-fragment)."""

from __future__ import annotations

import re
from urllib.parse import quote as percent_encode

from kb.reading.sentences import BULLET, Span

# Longer texts are linked by their first and last words: browsers match long fragments less reliably.
WHOLE_FRAGMENT_CHARS = 80
EDGE_WORDS = 4


def link_to(url: str, text: str, span: Span) -> str:
    """A link to the words of a page's text from `span[0]` to `span[1]`, in code points. Empty without an address.

    A browser takes the first place where it finds the words, each end within one line and without its bullet. Where they stand
    more than once, the words beside them say which place is meant.
    """
    if not url:
        return ""
    shown = BULLET.sub(lambda bullet: " " * len(bullet[0]), text)
    lines = [line.split() for line in shown[slice(*span)].split("\n") if line.strip()]
    first, last = _ends(lines, shown)
    before, after = _beside(shown, span, first, is_whole=not last)
    pieces = (
        before and f"{_encoded(before)}-",
        _encoded(first),
        last and _encoded(last),
        after and f"-{_encoded(after)}",
    )
    return f"{url}{'' if '#' in url else '#'}:~:text={','.join(piece for piece in pieces if piece)}"


def _ends(lines: list[list[str]], shown: str) -> tuple[list[str], list[str]]:
    """The words at the beginning and at the end, as many as tell where that is; a short line is whole in the first."""
    head, *others = lines
    if not others and (len(" ".join(head)) <= WHOLE_FRAGMENT_CHARS or len(head) <= 2 * EDGE_WORDS):
        return head, []
    most = len(head) if others else len(head) - EDGE_WORDS
    size = next((size for size in range(EDGE_WORDS, most) if _count(head[:size], shown) == 1), min(EDGE_WORDS, most))
    rest = [head[size:], *others]
    between = "\n".join(" ".join(words) for words in rest)
    tail = rest[-1]
    sizes = range(min(EDGE_WORDS, len(tail)), len(tail))
    return head[:size], tail[-next((size for size in sizes if _count(tail[-size:], between) == 1), len(tail)) :]


def _beside(shown: str, span: Span, first: list[str], *, is_whole: bool) -> tuple[list[str], list[str]]:
    """The last words of the line before and, where those are not enough, the first after: none for words that stand once."""
    if _count(first, shown) == 1:
        return [], []
    before = shown[: span[0]].rstrip().rsplit("\n", 1)[-1].split()[-EDGE_WORDS:]
    after = shown[span[1] :].lstrip().split("\n", 1)[0].split()[:EDGE_WORDS]
    return before, after if is_whole and _count(before + first, shown) > 1 else []


def _count(words: list[str], text: str) -> int:
    """How often a browser could find the words in a text: whatever their case and signs."""
    letters = r"\W+".join(re.findall(r"\w+", " ".join(words)))
    return len(re.findall(rf"(?<!\w){letters}(?!\w)", text, re.IGNORECASE))


def _encoded(words: list[str]) -> str:
    return percent_encode(" ".join(words), safe="").replace("-", "%2D")
