import pytest

from server.core.editing.publication import (
    Refusal,
    TextStanding,
    golden_fault,
    refuse_draft,
    refuse_return,
    refuse_text,
)

LIVE, DRAFT, OLD = "l" * 64, "d" * 64, "o" * 64
READY = TextStanding(has_pages=True, built=DRAFT, current=LIVE)


@pytest.mark.parametrize(
    ("standing", "refusal"),
    [
        (READY, None),
        (TextStanding(has_pages=True, built=DRAFT, current=None), None),
        (TextStanding(has_pages=True, built=DRAFT, current=LIVE, is_rebuilding=True), None),
        (TextStanding(has_pages=True, built=LIVE, current=LIVE), Refusal.LIVE),
        (TextStanding(has_pages=True, built=None, current=LIVE, is_rebuilding=True), Refusal.REBUILDING),
        (TextStanding(has_pages=True, built=None, current=LIVE), Refusal.NOT_REBUILT),
        (TextStanding(has_pages=True, built=None, current=None), Refusal.NOT_REBUILT),
        (TextStanding(has_pages=False, built=None, current=None), Refusal.NO_PAGES),
    ],
)
def test_a_text_is_published_once_it_is_built_as_it_stands_and_not_live_yet(standing, refusal):
    assert refuse_text(standing) is refusal


def test_only_the_draft_that_was_looked_through_is_published():
    assert refuse_draft(READY, seen=DRAFT) is None
    assert refuse_draft(READY, seen=OLD) is Refusal.MOVED_ON


def test_a_text_that_cannot_be_published_says_so_before_it_speaks_of_what_was_seen():
    assert refuse_draft(TextStanding(has_pages=True, built=LIVE, current=LIVE), seen=OLD) is Refusal.LIVE


@pytest.mark.parametrize(
    ("to", "seen", "refusal"),
    [(OLD, LIVE, None), (OLD, OLD, Refusal.BUSY), (OLD, None, Refusal.BUSY), (DRAFT, LIVE, Refusal.NEVER_LIVE)],
)
def test_one_goes_back_only_to_what_was_live_and_from_what_one_saw(to, seen, refusal):
    assert refuse_return(to, seen=seen, current=LIVE, published={OLD, LIVE}) is refusal


def test_golden_questions_that_go_right_hold_nothing_against_a_build():
    assert golden_fault([], total=3) == golden_fault([], total=0) == ""


def test_golden_questions_that_go_wrong_are_named_on_one_line():
    assert golden_fault(["Does it\nhurt?"], total=3) == "1 of 3 golden questions goes wrong: “Does it hurt?”."
    assert golden_fault(["a", "b"], total=2) == "2 of 2 golden questions go wrong: “a”; “b”."


def test_golden_questions_that_could_not_be_asked_are_a_fault_too():
    assert golden_fault([], total=0, problem="the model is gone.").endswith("could not be asked: the model is gone.")
