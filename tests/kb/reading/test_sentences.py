"""Sentences: exact slices of the text, cut where a reader would cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.reading.sentences import is_question, is_restricting, sentence_spans

HARD_CASES = [
    ["Dr. Smith will see you.", "Bring your card."],
    ["Use 2.5 mg b.i.d. for a week.", "Then stop."],
    ["We open at 9 a.m. and close at 5 p.m.", "Ask us."],
    ["The full procedure takes about 8-12 minutes.", "It is safe to drive."],
    ["Well... it depends.", "Wait … then go."],
    ["“It did not hurt.”", "That is what most say."],
    ["Soreness is gone within 24-48 hrs. after it.", "Rest."],
    ["We treat e.g. arthritis, bursitis, etc. and more.", "Call us."],
    ["Visit us at 12 Main St. in St. Louis.", "Parking is free."],
    ["How long will it take?", "Will it hurt?", "No!", "It costs $1,200.50 per visit."],
    ["Jane Doe, M.D., Ph.D., leads us.", "She is kind."],
]


@pytest.mark.parametrize("sentences", HARD_CASES)
def test_hard_cases_of_a_clinic(sentences):
    text = " ".join(sentences)
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


def test_items_of_a_list_are_whole_and_without_their_marks():
    text = "Bring:\n\n  • A card.\n  • Shorts. Loose ones.\n  1. Sit\n- Rest"
    assert [text[slice(*one)] for one in sentence_spans(text)] == [
        "Bring:",
        "A card.",
        "Shorts. Loose ones.",
        "Sit",
        "Rest",
    ]


def test_a_sentence_said_twice_is_found_twice():
    text = "Ask us. It hurts. Ask us. It hurts."
    assert [text[slice(*one)] for one in sentence_spans(text)] == ["Ask us.", "It hurts."] * 2


MARKS = re.compile(r"[\s•▪◦*.)\d-]")
PIECES = [
    "Dr. ",
    "It hurts. ",
    "2.5 mg ",
    "p.m. ",
    "“No.” ",
    "\n",
    "  • ",
    "1. ",
    "... ",
    "Ask? ",
    "(see Fig. 2) ",
    "é",
    "\u2028",
]


@settings(deadline=None)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=60)))
def test_spans_are_trimmed_and_in_order_and_lose_no_word(text):
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert not MARKS.sub("", text[position:start])
        position = end
    assert not MARKS.sub("", text[position:])


@pytest.mark.parametrize(
    "sentence",
    [
        "After a knee injection, plan to avoid high impact activities.",
        "For two days do not:",
        "Don’t drive until the numbness has gone.",
        "You should not swim.",
        "Wait a week.",
        "Call us if it gets worse.",
        "Keep it dry.",
        "Go to the nearest emergency room.",
    ],
)
def test_what_holds_a_patient_back_or_says_when_to_call_restricts(sentence):
    assert is_restricting(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is safe to drive and continue with most daily activities.",
        "Most patients don’t notice any negative side effects after 1-2 days.",
        "The full procedure takes about 8-12 minutes.",
        "Should I avoid stairs?",
    ],
)
def test_what_says_what_is_or_asks_does_not_restrict(sentence):
    assert not is_restricting(sentence)


@pytest.mark.parametrize(
    ("sentence", "asks"), [("Will it hurt?", True), ("“Will it hurt?” ", True), ("It will not hurt.", False)]
)
def test_a_sentence_that_ends_in_a_question_mark_asks(sentence, asks):
    assert is_question(sentence) is asks
