"""How soon people were helped, against a slow count by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from kb.labels import Label
from server.core.handing.measuring import Case, figures_of, of_hour

NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)  # in Chicago


def case(came: datetime, claim_s: float | None, answer_s: float | None, promise_s: float | None = None) -> Case:
    after = [None if one is None else came + timedelta(seconds=one) for one in (claim_s, answer_s, promise_s)]
    return Case("kneecare", Label.CLINICAL, came, *after)


def test_half_waited_no_longer_than_the_median_and_nine_of_ten_no_longer_than_the_slow_time():
    dice = Random(7)
    for number in range(1, 60):
        waits = [dice.uniform(1, 9000) for _ in range(number)]
        claim = figures_of([case(NOON, one, None) for one in waits], NOON).claim
        assert claim is not None
        for time, share in ((claim.median_s, 0.5), (claim.slow_s, 0.9)):
            assert min(abs(time - one) for one in waits) < 1e-3
            assert sum(one <= time + 1e-3 for one in waits) / number >= share
            assert sum(one < time - 1e-3 for one in waits) / number < share


def test_a_promise_counts_once_it_is_kept_or_broken():
    now = NOON + timedelta(hours=2)
    cases = [
        case(NOON, 60, 90, 3600),  # kept
        case(NOON, 60, 3601, 3600),  # answered late
        case(NOON, None, None, 3600),  # broken
        case(NOON, None, None, 3 * 3600),  # there is still time
        case(NOON, 60, 90),  # none was made
    ]
    figures = figures_of(cases, now)
    assert (figures.came, figures.promises, figures.kept) == (5, 3, 1)
    assert figures_of([], now).claim is None and figures_of([], now).response is None


def test_hours_are_those_of_the_clinics_clock_over_the_change_of_time():
    summer = datetime(2026, 3, 9, 17, tzinfo=UTC)  # the clocks in Chicago went forward on the 8th
    assert of_hour([case(NOON, None, None), case(summer, None, None)], 12, "America/Chicago") == [
        case(NOON, None, None),
        case(summer, None, None),
    ]
