"""A visitor's words without what tells who they are: numbers, addresses, and the names they give themselves. Pure."""

from __future__ import annotations

import re

LEFT_OUT = "[…]"
MAX_CHARS = 300
_PARTS = (
    re.compile(r"\S+@\S+"),
    re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE),
    re.compile(r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b"),
    re.compile(r"\+?\d[\d\s().-]{5,}\d"),
    re.compile(r"\b\d{4,}\b"),
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\b(?:(?:{_MONTHS})[a-z]*\.? \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}} (?:{_MONTHS})[a-z]*)\b", re.IGNORECASE
)
# What follows is a name when it is written as one, or, after "my name is", whatever it is.
_NAMED = re.compile(
    r"\b((?i:my name is|my name's|name:)\s+)[\w'’-]+(?:\s+[A-Z][\w'’-]*|\s+[\w'’-]+(?=[,.;!?]|$))*"
    r"|\b((?i:i am|i'm|i’m|this is|call me|ask for|dr|mr|mrs|ms|doctor|nurse)\.?\s+)[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*"
)


def redacted(text: str) -> str:
    """The words as staff who do not talk with the visitor may read them, at most MAX_CHARS of them."""
    words = " ".join(text.split())
    for part in (*_PARTS, _DATE):
        words = part.sub(LEFT_OUT, words)
    words = _NAMED.sub(lambda found: f"{found[1] or found[2]}{LEFT_OUT}", words)
    return words if len(words) <= MAX_CHARS else f"{words[:MAX_CHARS].rsplit(' ', 1)[0]} …"
