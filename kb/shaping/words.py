"""What short lines of a page are, by their words: labels, questions, introductions."""

from __future__ import annotations

import re

from kb.pages import Page, Passage, PassageKind
from kb.reading.sentences import sentence_spans

ASKS = re.compile(r"^\s*(?:Question\s*\d*|Q\s*\d*)\s*[:.]\s*(?P<text>.*)$", re.DOTALL)
ANSWERS = re.compile(r"^\s*(?:Answer\s*\d*|A\s*\d*)\s*[:.]\s*(?P<text>.*)$", re.DOTALL)

# Characters that are signs themselves; many pages hide them from screen readers, and put words beside them.
GLYPHS = re.compile(r"[✓✔✅☑✗✘✕✖×❌❎⛔🚫⚠☒✋👍👎❗‼\ufe0f\s]+")

_SAYS_YES_OR_NO = re.compile(
    r"^(?:(?:green|red)\s+)?(?:tick|check(?:\s?mark)?|cross|x(?:\s?mark)?|yes|no|stop|warning|caution|danger|important)"
    r"(?:\s+(?:icon|sign|mark))?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\s*(?:\(?\d{1,3}[.)]|#\d{1,3})\s+(?=\S)")
_MAX_QUESTION_WORDS = 30
_MAX_TITLE_WORDS = 12
_MAX_LABEL_WORDS = 8
_MAX_POLAR_WORDS = 12

_NOT = r"(?:\s+not|n['’]t)"
_MODAL = rf"(?:do|does|should|must|may|can|could|will|would|need to|have to){_NOT}?|cannot"
# A line that only says how to take what stands below it.
_LABEL = re.compile(
    rf"""
    (?:the\ |please\ |things\ to\ |foods?\ to\ |what\ to\ |when\ to\ )?(?:
        (?:do|dos|do['’]s|don['’]?ts?|don['’]t['’]s|do\ nots?|never|always|avoid|try|limit|skip|refrain(?:\ from)?)
      | (?:not\ |un)?(?:safe|ok|okay|allowed|suitable|recommended|permitted|advised|possible|covered|included|needed)
      | (?:forbidden|prohibited|caution|danger|stop|continue|yes|no|good|bad)
      | (?:instead|wrong|right|pros|cons|red\ flags?|not\ for|only\ if|except|unless)
    )(?:\ (?:this|these|it|them|the\ following|any\ of\ (?:these|the\ following)))?
    | (?:please\ )?(?:you|we|patients|children|visitors)\ (?:{_MODAL})(?:\ (?:do|eat|drink|give|take|have|bring|use|wear))?
    | (?:please\ )?(?:do{_NOT}?|never)\ (?:do|eat|give|drink|take|use|bring|wear|come|drive|have|touch)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# A title that turns a list below it, and may as well stand above a text of whole statements: “What isn't included”.
_TURNING_TITLE = re.compile(
    r"(?:the )?(?:who|what|when|things|foods?|drinks?|activities|medicines?|medications?|reasons) "
    r"(?:.{0,30}\b)?(?:not|never|avoid|cannot|\w+n['’]t)\b.{0,30}|"
    r"(?:the )?(?:contraindications?|exceptions?|exclusions?|warnings?)",
    re.IGNORECASE,
)
# A label that stops in the middle of a sentence: "Call us if", "You should not have this if you are".
_HALF = re.compile(
    r"\b(?:if|unless|until|because|in case|(?:not|n['’]t|never|cannot|avoid|call|only) .*\b(?:when|with|after|before|for|to))"
    r"(?: (?:you|your child)(?: (?:are|have|feel|had))?)?$",
    re.IGNORECASE,
)
_POLAR = re.compile(
    r"\b(?:not|never|no|nor|without|cannot|avoid\w*|stop|skip|refrain|unsafe|unsuitable|unless|except|if|only|limit|"
    r"contraindicat\w*|forbidden|prohibited|wrong|warning|danger\w*|emergency|urgent\w*|call|don['’]?ts?|do['’]?s|do|try|"
    r"safe|allowed|instead|against)\b|n['’]t\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:not|never|cannot|avoid\w*|refrain|stop|unsafe|unless|except|forbidden|prohibited|these|following|below)\b|"
    r"n['’]t\b",
    re.IGNORECASE,
)


# The last word of a text that somebody cut, or that a list goes on with.
_CUT = re.compile(r"\b(?:not|and|or|but|the|an?|must|should|your|our|if|because|than|is|are|\w+n['’]t)$")


def is_label(text: str) -> bool:
    """Whether a line only says how to take what stands below it: “Don't”, “Not safe”, “Call us if:”."""
    words = _bare(text)
    if not words or "\n" in words or len(words.split()) > _MAX_LABEL_WORDS or text.rstrip()[-1] in ".?":
        return False
    is_one = _LABEL.fullmatch(words) or _TURNING_TITLE.fullmatch(words) or _HALF.search(words)
    return bool(is_one) and not words.isdigit()


def is_turning_title(text: str) -> bool:
    """Whether a line turns what cannot stand alone below it, and no whole statement: “What isn't included”."""
    words = _bare(text)
    return is_label(text) and bool(_TURNING_TITLE.fullmatch(words)) and not _HALF.search(words)


def is_cut(text: str) -> bool:
    """Whether a line stops in the middle of a sentence: “You may eat, but you must not”."""
    return "\n" not in text and bool(_CUT.search(text))


def is_sign(text: str) -> bool:
    """Whether a picture's words say how to take the words beside it: “cross”, “Do not”, ✗."""
    return bool(text.strip()) and bool(_SAYS_YES_OR_NO.match(text) or is_label(text) or GLYPHS.fullmatch(text))


def is_polar(text: str) -> bool:
    """Whether a short line turns the sense of what stands below it."""
    words = _bare(text)
    return 0 < len(words.split()) <= _MAX_POLAR_WORDS and "\n" not in words and bool(_POLAR.search(words))


def is_question(text: str) -> bool:
    """Whether a text is one question and nothing else."""
    line = text.strip()
    if not line.endswith("?") or "\n" in line or not 1 < len(line.split()) <= _MAX_QUESTION_WORDS:
        return False
    return not re.search(r"[.!?…:]\s", without_number(_unlabelled(line))[:-1])


def leads_on(text: str) -> bool:
    """Whether a paragraph's last words introduce the list below: a colon, a short label, “not … these”."""
    if text.endswith(":") or is_cut(text):
        return True
    spans = sentence_spans(text)
    if not spans:
        return False
    last = text[slice(*spans[-1])]
    is_short = len(spans) == 1 and last[-1:] not in ".!?" and ":" not in last and len(last.split()) <= _MAX_LABEL_WORDS
    return is_short or (last[-1:] != "?" and bool(_NEGATIVE.search(last)))


def label_of(text: str) -> str | None:
    """The label a passage begins with, if it begins with one: it is part of the passage's heading too."""
    first, _, rest = text.partition("\n\n")
    if not rest or "\n" in first:
        return None
    is_short_line = rest.startswith("  ") and len(first.split()) <= _MAX_LABEL_WORDS and first[-1:] not in ".!?:"
    turns = first[-1:] not in ".!" and (is_label(first) or (is_polar(first) and len(first.split()) <= _MAX_LABEL_WORDS))
    return (first.rstrip(":").strip() or None) if is_short_line or turns else None


def section_of(page: Page, passage: Passage) -> tuple[str, ...]:
    """The headings of the section a passage stands in: neither its own question nor its own label is one of them."""
    own = passage.question if passage.kind is PassageKind.FAQ else label_of(page.text_of(passage))
    return passage.heading[:-1] if own and passage.heading[-1:] == (own,) else passage.heading


def without_number(text: str) -> str:
    """A question without the number before it."""
    return _NUMBER.sub("", text)


def _unlabelled(text: str) -> str:
    found = ASKS.match(text)
    return found["text"] if found else text


def _bare(text: str) -> str:
    return " ".join(text.strip().rstrip(":!…").strip().split()) if "\n" not in text.strip() else text


def reads_as_title(text: str) -> bool:
    """Whether a bold line is short enough for a title, and does not end like a sentence or an introduction."""
    return "\n" not in text and text[-1:] not in ".;,:" and len(text.split()) <= _MAX_TITLE_WORDS
