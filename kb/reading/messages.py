"""A visitor's message taken apart: its sentences, which of them ask, and whether it needs the one before."""

from __future__ import annotations

import re

MAX_SENTENCES = 12  # a longer letter is read in as many stretches of neighbouring sentences
SHORT = 4  # words: too few to stand alone
_END = re.compile(
    r"(?<=[.!?…])[\"')\]]*\s+|\s*\n\s*|(?<=[?!])(?=[^\W\d_])|"
    r"\s+(?=(?:and|but|also|plus|&) (?:what|how|when|where|who|which|why|do|does|can|could|is|are|will|should)\b)",
    re.IGNORECASE,
)
_HAS_WORD = re.compile(r"[^\W_]")
_ASKS = re.compile(
    r"^(?:(?:and|so|but|also|or|then|ok|okay|well|please|hi|hello|um)[ ,]+)*"
    r"(?:what|whats|what's|how|hows|when|where|who|whos|whose|which|why|can|could|do|does|did|is|are|was|were|will|would|"
    r"should|may|might|has|have|any|tell me|explain|wondering|i was wondering|i wonder|curious|anyone know)\b",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"^(?:and|so|but|or|what about|how about|like|then|ok|okay|no|oh)\b|"
    r"\b(?:that|those|them|these|it|one of those|then|else|instead|mine|this|so)\b",
    re.IGNORECASE,
)
# What goes on with what was said before: by how it begins, by a word that stands for it, by asking for advice about oneself.
# "It" stands for nothing in "how long does it take", "how much does it cost".
_GOES_ON = re.compile(
    r"^(?:and|so|but|or|also|plus|then|even|still|yes|yeah|yep|no|nope|because|since|with|without|like|what about|how about)\b|"
    r"\b(?:that|those|them|they|these|this|then|else|instead|mine|one|ones|again|anyway|both|either)\b|"
    r"\bit\b(?! (?:takes?|costs?)\b)|"
    r"\b(?:should|must|may|shall|am|was) i\b|\bdo i (?:need|have)\b",
    re.IGNORECASE,
)
# A question without a verb of its own: "how many days before?", "for how long?".
_BARE_QUESTION = re.compile(
    r"^(?:\w+ )?(?:how (?:many|much|long|often|soon|far)|when|which|why|where)\b", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have|must|may)\b|'(?:s|re|ll|ve)\b",
    re.IGNORECASE,
)
_TIE = re.compile(r"^(?:(?:and|also|plus|but|so|ok|okay|then|oh)\b[ ,]*|&\s*)+(?=\w+ \w)", re.IGNORECASE)
_LEANS = re.compile(r"\b(?:it|that|this|these|those|them|they|then|one|else)\b", re.IGNORECASE)


def sentences_in(text: str) -> list[str]:
    """The sentences of a message that holds several; none when it holds only one. At most MAX_SENTENCES."""
    found = [one.strip() for one in _END.split(text) if _HAS_WORD.search(one)]
    if len(found) < 2:
        return []
    size = -(-len(found) // MAX_SENTENCES)
    return [" ".join(found[start : start + size]) for start in range(0, len(found), size)]


def runs_of(count: int) -> list[range]:
    """Where every two and three neighbouring sentences of a longer message stand, of `count` sentences."""
    return [range(start, start + size) for size in (2, 3) if size < count for start in range(count - size + 1)]


def trimmed(text: str) -> str:
    """A text without the full stop at its end: people leave it out as often as not, and it must not matter."""
    return text.strip().rstrip(".") or text


def bare(text: str) -> str:
    """A sentence without the "and" or "but" that ties it to what was said before."""
    return _TIE.sub("", text.strip()) or text


def asks(text: str) -> bool:
    """Whether a sentence is a question, by its mark or by how it begins."""
    return text.rstrip("\"') ").endswith("?") or bool(_ASKS.match(text.strip()))


def refers_back(text: str) -> bool:
    """Whether a message needs the one before it to be understood."""
    return len(text.split()) <= SHORT or bool(_REFERS_BACK.search(text.strip()))


def leans(text: str) -> bool:
    """Whether a sentence needs the one before it, in the same message, to be understood: "a week?", "will it hurt?"."""
    return len(text.split()) < SHORT or bool(_LEANS.search(text))


def goes_on(text: str) -> bool:
    """Whether a message goes on with what was said before, rather than asks something that stands by itself."""
    words = text.strip()
    is_bare = bool(_BARE_QUESTION.match(words)) and not _VERB.search(words)
    is_scrap = len(words.split()) <= SHORT and not asks(words)
    return bool(_GOES_ON.search(words)) or is_bare or is_scrap


def after(earlier: str, text: str) -> str:
    """A message together with the visitor's message before it, as gate and retrieval read it."""
    return f"{earlier} {text}" if earlier else text
