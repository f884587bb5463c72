"""Slips of the finger: which known word a mistyped one may stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reading.slips import LONG, SHORTEST, Slips

KNOWN = ["knee", "needle", "trigger", "injection", "insurance"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("neddle", ["needle"]),  # one letter wrong
        ("triger", ["trigger"]),  # one missing
        ("triggger", ["trigger"]),  # one too many
        ("nedele", ["needle"]),  # two in each other's place
        ("injecsion", ["injection"]),
        ("ijnecsion", ["injection"]),  # two slips in a long word
        ("neddel", []),  # two in a short one
        ("kne", []),  # too short to tell
        ("injecti0n", []),  # letters only
        ("needle", ["needle"]),
    ],
)
def test_what_a_mistyped_word_may_stand_for(typed, meant):
    assert Slips(KNOWN).near(typed) == meant


def test_words_equally_near_are_all_named_and_those_further_off_are_not():
    assert Slips(["tested", "rested", "vested"]).near("nested") == ["rested", "tested", "vested"]
    assert Slips(["treating", "creation"]).near("creatin") == ["creation"]
    assert Slips(["creating", "creations"]).near("creatinn") == ["creating"]


def test_who_is_careful_takes_two_slips_only_between_long_words_that_begin_alike():
    bold, careful = Slips(["swollen", "overdose"]), Slips(["swollen", "overdose"], is_careful=True)
    assert bold.near("swooolen") == ["swollen"] and careful.near("swooolen") == []
    assert bold.near("averdosse") == ["overdose"] and careful.near("averdosse") == []
    assert bold.near("ovverdosse") == careful.near("ovverdosse") == ["overdose"]
    assert careful.near("averdose") == ["overdose"]  # one slip may be the first letter's


letters = st.text("abc", min_size=3, max_size=12)


@given(letters, st.lists(letters, max_size=30), st.booleans())
def test_nothing_within_the_slips_allowed_is_missed(typed, known, is_careful):
    most = 0 if len(typed) < SHORTEST else 1 if len(typed) < LONG else 2

    def may_stand_for(word: str) -> bool:
        slips = slips_between(typed, word)
        is_kept = not is_careful or slips < 2 or (len(word) >= LONG and word[0] == typed[0])
        return len(word) >= SHORTEST and slips <= most and is_kept

    near = [word for word in sorted({*known}) if may_stand_for(word)] if most else []
    fewest = min((slips_between(typed, word) for word in near), default=0)
    expected = [word for word in near if slips_between(typed, word) == fewest]
    assert Slips(known, is_careful=is_careful).near(typed) == expected


def slips_between(one: str, other: str) -> int:
    """The distance letter by letter, as the textbook has it."""
    rows: list[list[int]] = [[*range(len(other) + 1)]]
    for i, mine in enumerate(one, start=1):
        row = [i]
        for j, theirs in enumerate(other, start=1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (mine != theirs)))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == theirs:
                row[-1] = min(row[-1], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
