"""When a drill is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.core.handing.drills import LATE, Weekly, due_drill, parse_drills

CHICAGO = "America/Chicago"
MONDAY_10 = datetime(2026, 3, 2, 16, tzinfo=UTC)  # in Chicago, still winter time
MONDAYS = parse_drills("Mon 10:00")


@pytest.mark.parametrize(
    ("after", "is_due"),
    [(-timedelta(seconds=1), False), (timedelta(0), True), (LATE, True), (LATE + timedelta(seconds=1), False)],
)
def test_a_drill_is_due_at_its_time_and_a_little_later_but_not_for_ever(after: timedelta, is_due: bool):
    assert (due_drill(MONDAYS, CHICAGO, MONDAY_10 + after) == MONDAY_10) is is_due


def test_it_begins_at_the_same_time_on_the_clinics_clock_when_the_clocks_change():
    summer = datetime(2026, 3, 9, 15, tzinfo=UTC)
    assert due_drill(MONDAYS, CHICAGO, summer + timedelta(minutes=1)) == summer


def test_one_just_before_midnight_is_still_due_after_it():
    late = parse_drills("Sun 23:50")
    assert due_drill(late, CHICAGO, datetime(2026, 3, 2, 6, 5, tzinfo=UTC)) == datetime(2026, 3, 2, 5, 50, tzinfo=UTC)


def test_a_schedule_is_days_and_times():
    assert parse_drills("mon 9:05, Thursday 14:00") == (Weekly(0, "09:05"), Weekly(3, "14:00"))
    assert parse_drills(" ") == ()


@pytest.mark.parametrize("text", ["Monday", "10:00", "Mon 25:00", "Noday 10:00", "Mon 10"])
def test_what_is_no_time_of_the_week_is_refused_in_words(text: str):
    with pytest.raises(ValueError, match="expected a day and a time, such as “Mon 10:00”"):
        parse_drills(text)
