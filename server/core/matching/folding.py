"""A message as the rules read it: folded words in clauses, and which known words each may be.

All of it serves matching only; what is stored and shown stays as typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from kb.reading.english import common_words
from kb.reading.slips import Slips

CLAUSE_END = ","
SENTENCE_END = "."
BOUNDARIES = frozenset({CLAUSE_END, SENTENCE_END})


@dataclass(frozen=True, slots=True)
class Reading:
    """A message's words in order, with a boundary word at each end of a clause or sentence.

    `pauses` are positions before which the visitor paused ("i cant... breathe"): words still belong together
    over a pause, but a negation does not reach over it.
    """

    words: tuple[str, ...]
    pauses: frozenset[int] = frozenset()


def read_words(text: str) -> Reading:
    """Fold a text to plain words: script tricks, contractions, accents and spelled-out words undone."""
    words: list[str] = []
    pauses = set()
    for token in _join_spelled(_TOKEN.findall(_fold(text))):
        if token == _PAUSE:
            pauses.add(len(words))
        elif token[0] in _SENTENCE_ENDS:
            words[-1:] = [SENTENCE_END] if words[-1:] == [CLAUSE_END] else [*words[-1:], SENTENCE_END]
        elif token[0] in _CLAUSE_ENDS or token in _CLAUSE_WORDS:
            words += [] if words[-1:] and words[-1] in BOUNDARIES else [CLAUSE_END]
        elif token == "not" and words and words[-1] in _NOT_VERBS:
            words[-1] = _NOT_VERBS[words[-1]]
        else:
            words.extend(_CONTRACTIONS.get(token, (token,)))
    return Reading(tuple(words), frozenset(pauses))


@cache
def fold_word(word: str) -> tuple[str, ...]:
    """The words that one word of a pattern is read as: ("i", "am") for "i'm"."""
    return tuple(one for one in read_words(word).words if one not in BOUNDARIES)


def inflections(word: str) -> frozenset[str]:
    """The word with its forms in -s, -es, -ed, -ing and -er, or its irregular ones. Over-generates; that does no harm."""
    irregular = _IRREGULAR.get(word, ())
    if len(word) < 3 or not word.isascii() or not word.isalpha() or word in _UNINFLECTED:
        return frozenset({word, *irregular})
    forms = {word, *irregular, word + "s"}
    if word in _NOUNS:
        return frozenset(forms)
    if word.endswith("e"):
        forms |= {word + "d", word[:-1] + "ing", word + "r"}
    elif word.endswith("y") and word[-2] not in _VOWELS:
        forms |= {word[:-1] + "ies", word[:-1] + "ied", word + "ing", word[:-1] + "ier"}
    else:
        forms |= {stem + ending for stem in _stems(word) for ending in ("ed", "ing", "er")} | {word + "es"}
    return frozenset(forms - _NOT_INFLECTIONS | {word})


class Lexicon:
    """Which known words a word of a message may be: the same, inflected, drawn out, or mistyped."""

    def __init__(self, words: Iterable[tuple[str, bool]], look_alikes: Iterable[str]) -> None:
        """words: (word, is exact) pairs; an exact word has no inflections and no typos.

        look_alikes: words that are never a typo of another one, beside the commonest English ones.
        """
        self._never_typos = frozenset(common_words()) | frozenset(look_alikes)
        known: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        bendable: set[str] = set()
        for word, is_exact in words:
            forms = frozenset({word}) if is_exact else inflections(word)
            bendable |= frozenset() if is_exact else forms
            for form in forms:
                known[form].append((word, is_exact))
        self._known: Mapping[str, tuple[tuple[str, bool], ...]] = {form: tuple(found) for form, found in known.items()}
        self._slips = Slips((form for form in bendable if form.isalpha()), is_careful=True)

    def find(self, word: str, *, is_typo_tried: bool = True) -> tuple[tuple[str, bool], ...]:
        """The known words that this word of a message may be, as the pairs given."""
        found: list[tuple[str, bool]] = []
        for spelling in _spellings(word):
            if known := self._known.get(spelling):
                found += known
            elif is_typo_tried and spelling not in self._never_typos:
                found += (one for form in self._slips.near(spelling) for one in self._known[form] if not one[1])
        return tuple(dict.fromkeys(found))


def _spellings(word: str) -> tuple[str, ...]:
    """The word itself, or what a drawn-out one stands for: "helllp" for "hellp" or "help"."""
    if not _DRAWN_OUT.search(word) or word[0].isdigit():
        return (word,)
    return (_DRAWN_OUT.sub(r"\1\1", word), _DRAWN_OUT.sub(r"\1", word))


_TOKEN = re.compile(
    r"…|[.!?\n]+|[,;:()\[\]|]|"
    r"[\u3040-\u30ff\u3400-\u9fff]|"  # Chinese and Japanese are read sign by sign
    r"\d+(?:[.,]\d+)*|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+"
)
_PAUSE = "…"
_SENTENCE_ENDS = frozenset(".!?\n")
_CLAUSE_ENDS = frozenset(",;:()[]|")
_CLAUSE_WORDS = frozenset({"but", "though", "however", "although", "except", "pero"})
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_VOWELS = "aeiou"

_NOT_VERBS = {
    "can": "cant", "could": "couldnt", "do": "dont", "does": "doesnt", "did": "didnt", "is": "isnt", "are": "arent",
    "was": "wasnt", "were": "werent", "have": "havent", "has": "hasnt", "had": "hadnt", "will": "wont",
    "would": "wouldnt", "should": "shouldnt", "cannot": "cant",
}  # fmt: skip
_CONTRACTIONS: Mapping[str, tuple[str, ...]] = {
    "im": ("i", "am"), "ive": ("i", "have"), "hes": ("he", "is"), "shes": ("she", "is"), "its": ("it", "is"),
    "theyre": ("they", "are"), "youre": ("you", "are"), "whats": ("what", "is"), "thats": ("that", "is"),
    "theres": ("there", "is"), "hows": ("how", "is"), "cannot": ("cant",), "u": ("you",), "ur": ("your",),
    "gonna": ("going", "to"), "wanna": ("want", "to"), "gotta": ("got", "to"), "dunno": ("dont", "know"),
    "cuz": ("because",), "mum": ("mom",), "mums": ("moms",),
}  # fmt: skip
_IRREGULAR: Mapping[str, tuple[str, ...]] = {
    "be": ("am", "is", "are", "was", "were", "been", "being"), "have": ("has", "had", "having"),
    "do": ("does", "did", "done", "doing"), "go": ("goes", "went", "gone", "going"),
    "feel": ("felt",), "get": ("got", "gotten"), "fall": ("fell", "fallen"), "lose": ("lost",), "bleed": ("bled",),
    "swell": ("swollen", "swelled"), "break": ("broke", "broken"), "take": ("took", "taken"), "die": ("dying",),
    "throw": ("threw", "thrown"), "drink": ("drank", "drunk"), "eat": ("ate", "eaten"), "give": ("gave", "given"),
    "shake": ("shook", "shaken"), "speak": ("spoke", "spoken"), "wake": ("woke", "woken"), "see": ("saw", "seen"),
    "say": ("said",), "tell": ("told",), "keep": ("kept",), "come": ("came",), "think": ("thought",), "buy": ("bought",),
    "stand": ("stood",), "sit": ("sat",), "lie": ("lying", "lay"), "burn": ("burnt",), "tear": ("tore", "torn"),
    "make": ("made",), "hang": ("hung",), "stick": ("stuck",), "sting": ("stung",), "leave": ("left",), "run": ("ran",),
    "begin": ("began", "begun"), "become": ("became",), "bring": ("brought",), "hold": ("held",), "find": ("found",),
    "know": ("knew", "known"), "write": ("wrote", "written"), "spin": ("spun",), "bite": ("bit", "bitten"),
    "freeze": ("froze", "frozen"), "choke": ("chocking",), "foot": ("feet",), "calf": ("calves",), "knife": ("knives",),
    "breathe": ("breath", "breaths"), "child": ("children",), "woman": ("women",), "man": ("men",),
    "put": ("putting",), "cut": ("cutting",), "hit": ("hitting",), "slit": ("slitting",), "can": ("could",),
}  # fmt: skip

_UNINFLECTED = frozenset(
    {"the", "one", "are", "was", "for", "out", "off", "but", "her", "his", "she", "not", "all", "any"}
)
_NOUNS = frozenset({"calf", "knee", "foot", "chest", "throat", "tongue", "knife", "child", "woman", "man", "skull"})
# Words of their own that an ending would make of another one: "numb" is not "number", nor "live" "liver".
_NOT_INFLECTIONS = frozenset({
    "number", "liver", "shoulder", "letter", "butter", "shower", "former", "homer", "tones", "planes", "fisher",
    "turner", "rating", "seed", "chester", "themes", "themed", "shining", "officer", "aires", "manner", "liner",
    "lesser", "poster", "lover", "walker", "driver", "stranger", "tender", "beer", "caring", "cared", "thing", "offer",
    "better", "matter", "summer", "temper", "corner", "meter", "later", "latter", "winner", "dinner", "member", "ladder",
    "bother", "even", "evening", "ruler", "other", "mother", "father", "lighter", "layer", "paper", "cater", "tester",
})  # fmt: skip

# Letters of other scripts, and odd Latin ones, that look like a plain letter.
_LATIN_FOR = str.maketrans(
    "аеорсухіјѕһԁԛԝкмтвнгαεορτυνικχημβσςγıłøđɑɡɩ",
    "aeopcyxijshdqwkmtbhraeoptuvikxnmbssyilodagi",
)
_LOOK_ALIKE_DIGITS = str.maketrans("013457@$", "oieastas")
_PUNCTUATION = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "。": ".", "、": ",", "؟": "?", "،": ",",
                              "¿": " ", "¡": " ", "&": " and ", "+": " and ", "/": " ", "–": " - ", "—": " - ",
                              "।": ".", "؛": ";", "“": " ", "”": " ", '"': " "})  # fmt: skip
# Said without a word.
_SIGNS = str.maketrans({"👋": " hello ", **dict.fromkeys("👍👌👏🙏🙌❤💕💖💗🥰😍😊☺🙂😀😃😄😁😉🤗✅💯", " thanks ")})
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGIT_IN_WORD = re.compile(r"(?<=[a-z])[013457@$]+(?=[a-z])")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")
_ENDING = re.compile(r"'(ll|re|ve|d|m)\b")
_ENDING_WORDS = {"ll": " will", "re": " are", "ve": " have", "d": " would", "m": " am"}


def _fold(text: str) -> str:
    """Lower case, plain letters and quotes, no accents and nothing invisible; a pause is one "…"."""
    text = unicodedata.normalize("NFKC", text.translate(_PUNCTUATION)).casefold().translate(_PUNCTUATION)
    text = text.translate(_SIGNS)
    if not text.isascii():
        plain = (one for one in unicodedata.normalize("NFD", text) if unicodedata.category(one) not in _INVISIBLE)
        text = unicodedata.normalize("NFC", "".join(plain))
        text = _fold_look_alikes(text)
    text = _DIGIT_IN_WORD.sub(lambda found: found[0].translate(_LOOK_ALIKE_DIGITS), text)
    text = _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", text)
    text = re.sub(r"\.{2,}", " … ", text)
    text = re.sub(r"(?<=\s)-+(?=\s)", " , ", text)
    return _ENDING.sub(lambda found: _ENDING_WORDS[found[1]], text).replace("'", "")


_INVISIBLE = frozenset({"Mn", "Mc", "Me", "Cf"})  # marks, accents, and format signs such as a zero-width space


def _fold_look_alikes(text: str) -> str:
    """Letters of another script made Latin, in words that mix them with Latin ones; in all words of a text when
    none of them is truly of another script.
    """
    letters = "".join(_LETTERS.findall(text))
    is_all_disguise = letters.translate(_LATIN_FOR).isascii() and any("a" <= one <= "z" for one in letters)

    def plain(found: re.Match[str]) -> str:
        word = found[0]
        is_disguised = is_all_disguise or any("a" <= one <= "z" for one in word)
        return word if word.isascii() or not is_disguised else word.translate(_LATIN_FOR)

    return _LETTERS.sub(plain, text)


def _join_spelled(tokens: Iterable[str]) -> Iterator[str]:
    """Three or more single letters in a row ("s u i c i d e") are one word spelled out."""
    for is_letter, group in groupby(tokens, key=lambda token: len(token) == 1 and "a" <= token <= "z"):
        letters = tuple(group)
        yield from ("".join(letters),) if is_letter and len(letters) >= 3 else letters


def _stems(word: str) -> tuple[str, ...]:
    """The word, and with its last letter doubled where that may be so: "stop" and "stopp", but only "need"."""
    may_double = word[-1] not in "aeiouwxyhs" and word[-2] in _VOWELS and word[-3] not in _VOWELS
    return (word, word + word[-1]) if may_double else (word,)
