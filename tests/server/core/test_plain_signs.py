"""The policy's emergency rules as a short list for the browser: which words are kept, and how a sign reads."""

from __future__ import annotations

import pytest

from kb.labels import Label
from kb.rules import Rule, RuleBook
from server.core.matching.plain_signs import fold_plainly, plain_signs, shows_sign

WORDS = {"joint": ("knee", "hip joint"), "number": ()}


def signs_of(
    *patterns: str, yes: tuple[str, ...], label: Label = Label.EMERGENCY, with_: tuple[tuple[str, ...], ...] = ()
) -> tuple[str, ...]:
    rule = Rule("one", label, "policy", any=patterns, yes=yes, with_=with_)
    return plain_signs(RuleBook((rule,), WORDS))


def test_a_sign_keeps_the_words_that_the_rules_examples_use():
    assert signs_of("@joint|leg ~ fell=|gone off", yes=("my knee fell off",)) == ("knee~fell off",)


def test_a_word_that_may_be_missing_is_a_gap_and_parts_of_a_compound_stand_anywhere():
    assert signs_of("short of? breath", yes=("short of breath",)) == ("short~breath",)
    assert signs_of("fever", yes=("hot knee and a fever",), with_=(("hot",),)) == ("fever&hot",)


def test_what_counts_or_stands_at_an_end_and_what_is_no_emergency_gives_no_sign():
    assert signs_of("^ knee $", "knee @number", yes=("knee", "knee 3")) == ()
    assert signs_of("knee", yes=("knee",), label=Label.HUMAN) == ()


def test_of_two_signs_for_the_same_the_shorter_is_kept():
    assert signs_of("knee really gone", "knee ~ gone", yes=("my knee really gone",)) == ("knee~gone",)


@pytest.mark.parametrize(
    ("sign", "text", "is_shown"),
    [
        ("chest~hurt|pain", "My CHEST really hurts", True),
        ("chest~hurt|pain", "pain in the chest", False),
        ("chest~pain", "chest one two three four five pain", False),
        ("heart attack", "a heart-attack!", True),
        ("hot&fever", "Féver. It is hot", True),
        ("hot", "the hotel", False),
        ("cant breath", "I can not breathe", True),
        ("cant breath", "I can’t breathe", True),
        ("an_infarto", "an infarto", True),
    ],
)
def test_a_sign_reads_words_in_order_in_any_form_but_the_shortest(sign, text, is_shown):
    assert shows_sign(sign, fold_plainly(text)) is is_shown
