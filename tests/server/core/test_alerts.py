"""Who is told of a handover, when, and by which channel."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from kb.labels import DUTIES, Label
from server.core.handing.alerts import (
    LADDERS,
    REASON_WORDS,
    RETRY_AFTER,
    Channel,
    Ladder,
    Reach,
    Target,
    Whom,
    alert_text,
    ladder_to_begin,
    next_try_at,
    rung_at,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAT, SAM, ADA = (Target(Channel.EMAIL, f"{name}@clinic.example") for name in ("pat", "sam", "ada"))
HOOK = Target(Channel.WEBHOOK)
THREE = Reach((PAT.contact, SAM.contact, ADA.contact), has_webhook=True)


@pytest.mark.parametrize("ladder", Ladder)
def test_every_ladder_tells_someone_at_once_and_only_ever_climbs(ladder):
    assert rung_at(ladder, 0, NOON) == NOON
    assert all(earlier.after < later.after for earlier, later in pairwise(LADDERS[ladder]))
    assert rung_at(ladder, len(LADDERS[ladder]), NOON) is None


def test_an_emergency_nobody_takes_moves_to_the_next_contact_and_then_to_everyone():
    first, next_one, third, *later = LADDERS[Ladder.EMERGENCY]
    assert THREE.targets(first.whom) == (PAT, HOOK)
    assert THREE.targets(next_one.whom) == (SAM, HOOK) and next_one.after <= timedelta(minutes=3)
    assert {whom for rung in (third, *later) for whom in [rung.whom]} == {Whom.EVERYONE}
    assert THREE.targets(Whom.EVERYONE) == (PAT, SAM, ADA, HOOK)


def test_anything_else_stays_with_the_first_contact():
    assert {rung.whom for rung in LADDERS[Ladder.ORDINARY]} == {Whom.FIRST}


def test_with_one_contact_the_next_is_the_first_again():
    assert Reach((PAT.contact,)).targets(Whom.NEXT) == (PAT,)


def test_with_nothing_set_nobody_is_told():
    assert not Reach().is_set
    assert [Reach().targets(whom) for whom in Whom] == [()] * 3


@pytest.mark.parametrize(
    ("is_open", "is_claimed", "was_urgent", "is_urgent", "begun"),
    [
        (False, False, False, False, Ladder.ORDINARY),
        (False, False, False, True, Ladder.EMERGENCY),
        (True, False, False, False, None),  # they wrote again: who was told knows
        (True, False, False, True, Ladder.EMERGENCY),
        (True, False, True, True, None),  # the ladder is being climbed
        (True, True, False, True, Ladder.UNDER_CLAIM),
        (True, True, True, True, Ladder.UNDER_CLAIM),
        (True, True, True, False, None),
    ],
)
def test_a_message_begins_a_ladder_when_it_opens_a_handover_or_makes_it_urgent(
    is_open, is_claimed, was_urgent, is_urgent, begun
):
    assert ladder_to_begin(is_open=is_open, is_claimed=is_claimed, was_urgent=was_urgent, is_urgent=is_urgent) is begun


def test_a_failed_try_is_repeated_later_each_time_and_for_ever_at_the_longest_pause():
    waits = [next_try_at(tries, NOON) - NOON for tries in range(1, 20)]
    assert waits == sorted(waits) and waits[0] == RETRY_AFTER[0] and waits[-1] == RETRY_AFTER[-1]


def test_every_label_that_alerts_has_a_word_for_why():
    assert set(REASON_WORDS) == {label for label in Label if DUTIES[label].alerts}


def test_an_alert_names_clinic_reason_and_link_and_says_when_nobody_came_yet():
    link = "https://chat.clinic.example/desk/1"
    first, second = (
        alert_text(alert_id="a1", site="kneecare", clinic="KneeCare", label=Label.EMERGENCY, link=link, nth=nth)
        for nth in (1, 2)
    )
    assert first.subject == "Emergency: someone is waiting at KneeCare" and first.is_urgent
    assert link in first.body and "Why: Emergency" in first.body
    assert "still" not in first.subject + first.body
    assert "still" in second.subject and "still" in second.body
