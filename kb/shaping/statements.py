"""Tells a whole statement (“The price covers your visit.”) from words that only a label completes (“Drive a car.”)."""

from __future__ import annotations

import re
from itertools import pairwise

from kb.reading.sentences import sentence_spans

_PRONOUN = r"(?:we|you|they|it|he|she|i|there|this|that|these|those)"
_DETERMINER = r"(?:the|an?|our|your|their|his|her|my|its|most|some|many|each|every|both|no|none|all|few)"
_PREPOSITION = r"(?:of|in|on|at|for|with|from|to|by|after|before|during|about|and|or)"
# Begins a clause inside another one: the verb after it is not the sentence's own.
_CLAUSE = rf"(?:{_PRONOUN}|which|who|whom|whose|what|where|when|while|until|till|if|because|since|unless|than)"
_FIRM = r"(?:will|would|can|could|may|might|must|should|needs?|cannot|\w+n't)"
_VERB = rf"(?:is|are|was|were|has|have|had|do|does|did|{_FIRM})"
# Of verbs that clinics use of things; as first words they would be plural nouns, but an article stands before those.
_VERB_OF_THINGS = (
    r"(?:includes|covers|costs|takes|gives|comes|means|helps|makes|keeps|lasts|works|starts|begins|ends|pays|goes|hurts|"
    r"feels|happens|shows|depends|requires|varies|applies|holds|stays|sends|bills|charges|asks|tells|lets|uses)"
)
# Another clause or phrase before the sentence's own: “If you feel unwell, …”, “For blood tests, …”.
_OPENING = re.compile(
    r"^(?:(?:if|when|after|before|while|once|until|since|because|as|in|on|at|for|with|during|without|yes|no|also|however|"
    r"sometimes|usually|normally|often)\b[^,.]{0,80},|yes\.|no\.)\s*",
    re.IGNORECASE,
)
_MAX_SUBJECT_WORDS = 6
_MAX_CONDITION_WORDS = 6


def is_statement(text: str) -> bool:
    """Whether a paragraph says the same with and without the label above it.

    Its first sentence, and half of all at least, have a subject and a verb of their own. “You have a fever.” is none:
    below “When not to come” it is a condition. Where it cannot be told the answer is no.
    """
    spans = sentence_spans(text)
    if not spans or text.rstrip()[-1] not in ".!":
        return False
    told = [_states(text[slice(*span)]) for span in spans]
    return told[0] and 2 * sum(told) >= len(told)


def _states(sentence: str) -> bool:
    words = re.findall(r"[\w'-]+", _OPENING.sub("", sentence).casefold().replace("’", "'"))
    is_firm = any(re.fullmatch(_FIRM, word) for word in words)
    if not words or (not is_firm and (words[0] == "you" or len(words) <= _MAX_CONDITION_WORDS)):
        return False
    if re.fullmatch(_PRONOUN, words[0].partition("'")[0]):
        return len(words) > 2
    return _has_verb_of_its_own(words)


def _has_verb_of_its_own(words: list[str]) -> bool:
    """Whether a verb follows words that can be its subject: no article within them, as after “Use the …”."""
    start = 1 if re.fullmatch(_DETERMINER, words[0]) else 0
    verb = f"{_VERB}|{_VERB_OF_THINGS}" if start else _VERB
    for before, word in pairwise(words[start : start + 1 + _MAX_SUBJECT_WORDS]):
        is_after_preposition = re.fullmatch(_PREPOSITION, before)
        if re.fullmatch(verb, word) and not is_after_preposition:
            return True
        if re.fullmatch(_CLAUSE, word) or (re.fullmatch(_DETERMINER, word) and not is_after_preposition):
            return False
    return False
