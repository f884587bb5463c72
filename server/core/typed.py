"""A message as it was typed, and as it is judged: in neither may a broken character hide what was said."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

HEARD = 6  # earlier visitor messages a decision is given


def mended(text: str) -> str:
    """The text with every lone surrogate, which no encoding can store, replaced by U+FFFD; halves that belong together joined.

    A paste cut inside an emoji leaves one: the rest of what was said still counts.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def bare_address(url: str) -> str:
    """The address of a page without what may name the visitor: query, fragment, user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bracket that is never closed
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def judged(text: str) -> str:
    """The text as it is judged: without control characters, which hide words from a reader but not from a rule.

    Those that part words become a space; line breaks and tabs stay. What is stored is the text as typed.
    """
    if text.isprintable():
        return text
    return "".join(_plain(one) for one in mended(text))


def _plain(character: str) -> str:
    is_control = ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0
    if not is_control or character in "\n\t":
        return character
    return " " if character.isspace() else ""
