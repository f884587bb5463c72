"""Other ways to put a question, offered by rule."""

from __future__ import annotations

import pytest

from server.core.editing.rewording import other_ways


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        (
            "How much does parking cost?",
            ["what is the price of parking", "i would like to know how much does parking cost"],
        ),
        ("Do I need a referral?", ["is a referral needed"]),
        ("Do I have to fast?", ["is it necessary to fast"]),
        ("Will it hurt?", ["does it hurt"]),
        ("What if I hate needles?", ["i hate needles"]),
        ("Parking", []),
        ("", []),
    ],
)
def test_a_question_is_put_otherwise_by_simple_rules(question, offered):
    assert list(other_ways(question))[: len(offered)] == offered
