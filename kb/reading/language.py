"""Whether a message is mostly not in English. Short, misspelled or odd English stays English."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from kb.reading.english import common_words

MAX_CHARS = 2000  # read of a message: plenty to tell its language

# Thresholds set on the lines of tests/kb/reading/test_language.py, where they miss at most 3 % and cry wolf at most 0.5 %.
_SURE = 0.9  # chance from which py3langid's guess counts
_AMBIGUOUS = 0.35  # what a word counts that English has too ("no", "me", "die")
_COMMON = 3000  # rank up to which an English word is as good as one of another language
_ACCENTED = 0.5  # what an unknown word with an accent counts


def is_foreign(text: str) -> bool:
    """True for a message mostly not in English, as the policy means it (another language).

    Other scripts tell by themselves. In Latin script a message is foreign when it has words of one other
    language and these, with the words unknown to English if py3langid agrees, outweigh its English words.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_CHARS])
    if _is_mostly_other_script(text):
        return True
    words = _WORD.findall(_URL.sub(" ", text.casefold()))
    if len(words) < 2:
        return any(_is_foreign_word(word) for word in words)
    return _outweighs_english(text, words)


def _is_mostly_other_script(text: str) -> bool:
    """Whether most of the text is in another script; a Chinese or Japanese sign weighs as much as three letters."""
    counts = Counter(_script(one) for one in text if one.isalpha())
    latin = counts.pop("LATIN", 0)
    other = sum(3 * count if script in _WORD_SIGNS else count for script, count in counts.items())
    return other >= 2 and other > latin


def _is_foreign_word(word: str) -> bool:
    """Whether a message of this one word is foreign: only a common word of another language that English has not."""
    plain = _fold(word)
    return len(plain) >= 5 and plain in _languages_by_word() and plain not in _english() | _BORROWED


def _outweighs_english(text: str, words: list[str]) -> bool:
    english = unknown = accented = 0.0
    foreign: defaultdict[str, float] = defaultdict(float)
    for word in words:
        plain = _fold(word)
        languages = _languages_by_word().get(plain, ())
        is_english = word == plain and plain in (_common_english() if languages else _english())
        for language in languages:
            foreign[language] += _AMBIGUOUS if is_english else 1.0
        if is_english:
            english += _AMBIGUOUS if languages else 1.0
        elif not languages:
            unknown += 1
            accented += _ACCENTED if word != plain else 0
    evidence = max(foreign.values(), default=0.0)
    evidence += accented
    if evidence < 1 and not (evidence and unknown >= 2 and english == 0):
        return False
    if evidence > english + unknown:
        return evidence >= 1.3 or _guess(text)
    return evidence + unknown > english * 1.2 and _guess(text)


def _guess(text: str) -> bool:
    """Whether py3langid is sure that the text is not in English, whichever language it takes it for."""
    guessed, chance = _identifier().classify(text)
    return str(guessed) != "en" and float(chance) >= _SURE


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]


def _fold(word: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFD", word) if not unicodedata.combining(one))
    return plain.translate(_PLAIN).replace("'", "")


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(["en", *(set(_words_by_language()) & set(identifier.labels))])
    return identifier


@cache
def _english() -> frozenset[str]:
    return frozenset(common_words()) | _CHAT_ENGLISH | {"a", "i"}


@cache
def _common_english() -> frozenset[str]:
    """English words common enough to be meant as English even where another language has them too."""
    return frozenset(common_words()[:_COMMON]) | _CHAT_ENGLISH | {"a", "i"}


@cache
def _words_by_language() -> Mapping[str, frozenset[str]]:
    """The commonest words of other languages, and those a clinic hears, without accents.

    Each line of the file is a language and its words: the first of justext's stop lists (BSD licence) and our own.
    """
    lines = Path(__file__).with_name("foreign_words.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: frozenset(line.split()[1:]) for line in lines}


@cache
def _languages_by_word() -> Mapping[str, tuple[str, ...]]:
    languages: dict[str, tuple[str, ...]] = {}
    for language, words in _words_by_language().items():
        for word in words:
            languages[word] = (*languages.get(word, ()), language)
    return languages


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_URL = re.compile(r"\S*(?:://|www\.|@)\S*")
_WORD_SIGNS = frozenset({"CJK", "HIRAGANA", "KATAKANA"})
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "’": "'"})
_BORROWED = frozenset({"adios", "amigo", "aloha", "ciao", "hola", "merci", "senor", "senora", "bueno", "artritis"})
_CHAT_ENGLISH = frozenset({
    "im", "ive", "id", "ill", "dont", "doesnt", "didnt", "cant", "wont", "isnt", "wasnt", "arent", "havent", "youre",
    "whats", "thats", "hows", "wheres", "theres", "lets", "hes", "shes", "its", "pls", "plz", "thx", "thanx", "tysm",
    "ty", "u", "ur", "r", "y", "k", "ok", "okay", "lol", "lmao", "omg", "btw", "idk", "tbh", "imo", "asap", "gonna",
    "wanna", "gotta", "kinda", "sorta", "dunno", "cuz", "bc", "cos", "yall", "yeah", "yep", "nope", "nah", "hey", "hiya",
    "sup", "wut", "wat", "dat", "dis", "da", "de", "teh", "tha", "n", "b", "c", "appt", "doc", "docs", "knee", "knees",
    "injection", "injections", "needle", "needles", "sore", "ouch", "ache", "aches", "swollen", "hurts", "hurting",
    "booking", "parking", "insurance", "refund", "appointment", "appointments", "clinic", "arthritis", "meniscus", "no",
    "hmm", "umm", "um", "uh", "huh", "wow", "yay", "meh", "ugh", "wtf", "wth", "smh", "nvm", "ikr", "fyi", "faq", "mri",
})  # fmt: skip
