"""What lint finds on the KneeCare page, in words that say it, and what it lets be."""

from __future__ import annotations

from datetime import date

import pytest

from kb.content import load_content
from kb.lint import Kind, lint
from kb.pages import Page
from kb.shaping.markdown import parse_markdown
from kb.sites import SITES

TODAY = date(2026, 11, 30)
KNEECARE = load_content(SITES / "kneecare").pages


def page_of(*paragraphs: str, reviewed: str = "2026-06-01") -> Page:
    body = "\n\n".join(paragraphs)
    return parse_markdown(f"---\nreviewed: {reviewed}\n---\n# Knees\n\n{body}\n", page_id="knees", where="here")


def kinds(*paragraphs: str, clinic: str = "KneeCare Clinics", **more: str) -> list[Kind]:
    return [one.kind for one in lint([page_of(*paragraphs, **more)], clinic=clinic, today=TODAY)]


def test_the_kneecare_page_says_four_things_in_two_ways():
    found = [one for one in lint(KNEECARE, clinic="KneeCare Clinics", today=TODAY) if one.kind is Kind.CONTRADICTION]
    told = {
        one.what.removeprefix("These do not say the same of ").rstrip("."): [p.words for p in one.places]
        for one in found
    }
    assert list(told) == [
        "when relief starts",
        "how long soreness, numbness or bruising lasts",
        "ice or heat",
        "what numbs",
    ]
    assert any("two to three days" in one for one in told["when relief starts"])
    assert any("after their 2nd" in one for one in told["when relief starts"])
    assert any("persist for some time" in one for one in told["how long soreness, numbness or bruising lasts"])
    assert any("heat and ice" in one for one in told["ice or heat"])
    assert {"nerve block" in one for one in told["what numbs"]} == {True, False}


def test_its_safety_text_never_says_when_to_call_and_nobody_has_reviewed_it():
    found = lint(KNEECARE, clinic="KneeCare Clinics", today=TODAY)
    assert sum(one.kind is Kind.OMISSION for one in found) == sum(
        one.needs_note for page in KNEECARE for one in page.passages
    )
    assert [one.kind for one in found][-1] is Kind.STALE


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("Soreness lasts 24-48 hours. Call us if not.", "It may be sore for 1 to 2 days. Call us if not.", False),
        ("Soreness lasts 24-48 hours. Call us if not.", "It may be sore for a week. Call us if not.", False),
        ("Soreness lasts 24-48 hours. Call us if not.", "It may be sore for 7 days. Call us if not.", True),
        ("The procedure takes 8-12 minutes.", "The whole procedure takes about ten minutes.", True),
        ("The procedure takes 8-12 minutes.", "The consultation takes about an hour.", False),
        ("Use ice for the pain. Call us if it stays.", "Apply ice to the knee. Call us if it stays.", False),
    ],
)
def test_two_figures_for_the_same_thing_contradict_and_the_same_in_other_units_do_not(one, other, contradict):
    assert (Kind.CONTRADICTION in kinds(one, other)) is contradict


@pytest.mark.parametrize(
    ("words", "is_promise"),
    [
        ("Relief is immediate in 100% of patients.", True),
        ("We guarantee that it works.", True),
        ("It cures arthritis.", True),
        ("There are no side effects.", True),
        ("There are no guarantees that it works 100% of the time.", False),
        ("The injections won’t cure the bone.", False),
        ("Around 98 of every 100 operations go without complications.", False),
        ("Parking is free.", False),
    ],
)
def test_a_promise_no_clinic_can_keep_is_found_and_what_denies_one_is_not(words, is_promise):
    assert (Kind.OVERCLAIM in kinds(words)) is is_promise


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Welcome to Knee Care Clinics.", ["Knee Care Clinics"]),
        ("We are the KneeCare Clinic.", ["KneeCare Clinic"]),
        ("We are KneeCare Clinics, in short KneeCare.", []),
        ("The clinics of the city care for knees.", []),
    ],
)
def test_the_clinics_name_in_another_spelling_is_found(words, found):
    said = [
        one.what for one in lint([page_of(words)], clinic="KneeCare Clinics", today=TODAY) if one.kind is Kind.BRAND
    ]
    assert len(said) == len(found) and all(f"“{name}”" in what for name, what in zip(found, said, strict=True))


def test_what_a_web_page_left_over_what_is_too_long_and_what_stands_twice_are_found():
    assert kinds("Click here for our opening hours and more about us.") == [Kind.RESIDUE]
    assert kinds("We are kind. " * 60) == [Kind.LONG]
    assert kinds("You can park behind the clinic.", "You can park behind the clinic!") == [Kind.DUPLICATE]
    assert kinds("You can park behind the clinic.", reviewed="2024-01-31") == [Kind.STALE]
    assert kinds("You can park behind the clinic.", "The bus stops at the door.") == []


def test_a_finding_keeps_its_key_until_its_words_change():
    def key(words: str) -> str:
        [finding] = lint([page_of(words, "And parking is free.")], clinic="KneeCare Clinics", today=TODAY)
        return finding.key

    assert key("It cures arthritis.") == key("It cures arthritis.") != key("It cures all arthritis.")
