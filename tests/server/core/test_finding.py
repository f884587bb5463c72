"""What a search among the conversations finds, its words aside and with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kb.labels import Label
from server.core.handing.finding import Search, has_words, parse_search

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"reason": "clinical"}, True),
        ({"reason": "human"}, False),
        ({"owner": "none"}, False),
        ({"owner": "me"}, True),
        ({"owner": "sam"}, False),
        ({"age": "over-hour"}, True),
        ({"age": "day", "owner": "pat"}, True),
        ({"age": "over-day"}, False),
        ({"reason": "clinical", "owner": "sam"}, False),
    ],
)
def test_a_conversation_fits_by_reason_owner_and_age_together(fields: dict[str, str], fits: bool):
    assert parse_search(fields).fits(Label.CLINICAL, "pat", HOUR, me="pat") is fits


def test_what_a_form_never_says_asks_for_nothing():
    fields = {"reason": "smalltalk", "age": "eons", "words": " \n ", "among": "all"}
    assert parse_search(fields) == Search() and not Search().is_on


def test_every_word_must_be_there_whatever_its_capitals():
    assert has_words("KNEE café", ["My knee.", "At the Café"])
    assert not has_words("knee hip", ["My knee."])
