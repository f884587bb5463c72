"""What staff read of a decision."""

import pytest

from server.core.reasons import Reason
from server.web.words.wording import matched_words


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_of_its_own(reason):
    [words] = matched_words([str(reason)], ())
    assert " " in words and words == reason.words
    assert [one for one in Reason if one.words == words] == [reason]


def test_rules_read_as_words_and_passages_are_shown_themselves():
    codes = ["chest_pain", "gate", "p-1, p-2", "gate", "es_chest_pain"]
    assert matched_words(codes, {"chest_pain", "es_chest_pain"}) == (
        "Chest pain",
        "How the message reads as a whole",
        "Chest pain, in Spanish",
    )
