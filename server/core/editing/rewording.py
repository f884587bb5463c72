"""Other ways to put a question, by simple rules: offered to an editor, who takes or leaves each. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RULES: tuple[tuple[str, str], ...] = (
    (r"^(?:how long|how much time) (?:does|do|will|is) (.+?)(?: take| last)?$", r"how many minutes or days is \1"),
    (r"^how much (?:does|do) (.+?) cost$", r"what is the price of \1"),
    (r"^do (?:i|we) need (an?|the|my) (.+)$", r"is \1 \2 needed"),
    (r"^do (?:i|we) (?:have|need) to (.+)$", r"is it necessary to \1"),
    (r"^(?:can|may) i (.+)$", r"am i allowed to \1"),
    (r"^(?:do|can) you (.+)$", r"is it possible that you \1"),
    (r"^are there any (.+)$", r"what \1 are there"),
    (r"^(?:is|are) (.+) covered(.*)$", r"will my plan pay for \1\2"),
    (r"^what if i (.+)$", r"i \1"),
    (r"^what (?:can|should) i expect (.+)$", r"what happens \1"),
    (r"^where (?:can|do) i (.+)$", r"what is the place to \1"),
    (r"^will it (.+)$", r"does it \1"),
    (r"^does it (.+)$", r"will it \1"),
)
_POLITE = re.compile(r"^(?:please|could you tell me|tell me)\s+", re.IGNORECASE)


def other_ways(question: str) -> tuple[str, ...]:
    """At most three other ways to ask a question, each once, none of them the question itself."""
    plain = _POLITE.sub("", " ".join(question.split()).rstrip("?!. ")).casefold()
    return tuple(dict.fromkeys(one for one in _found(plain) if one != plain))[:3] if plain else ()


def _found(plain: str) -> Iterator[str]:
    for pattern, other in _RULES:
        if re.match(pattern, plain):
            yield re.sub(pattern, other, plain).strip()
    words = plain.split()
    if (
        len(words) > 3
        and words[0] in {"what", "how", "where", "when", "is", "are", "do", "does", "can", "will"}
        and words[1] != "if"
    ):
        yield f"i would like to know {plain}"
