"""Clock travel: weekly hours, days that differ, and the nights the clocks change, where the clinic is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kb.sites import Hours, Site, SpecialDay
from server.core.handing.hours import is_open, last_shown, openings, reply_by

CHICAGO = ZoneInfo("America/Chicago")
WEEKDAYS = tuple(Hours(day=day, opens="09:00", closes="17:00") for day in range(5))


def clinic(hours=WEEKDAYS, special_days=(), zone="America/Chicago"):
    names = {"site": "knees", "clinic": "Knees", "topic": "knees", "advocate": "Pat", "url": "/"}
    return Site(**names, zone=zone, hours=hours, special_days=special_days)


def at(year, month, day, hour=0, minute=0, zone=CHICAGO):
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "open_now", "by"),
    [
        (at(2026, 3, 2, 9, 0), True, at(2026, 3, 2, 17)),  # Monday, to the minute
        (at(2026, 3, 2, 8, 59), False, at(2026, 3, 2, 17)),
        (at(2026, 3, 2, 16, 59), True, at(2026, 3, 2, 17)),
        (at(2026, 3, 2, 17, 0), False, at(2026, 3, 3, 17)),
        (
            at(2026, 3, 6, 21, 0),
            False,
            at(2026, 3, 9, 17),
        ),  # Friday at nine in the evening; the clocks change on Sunday
        (at(2026, 10, 30, 21, 0), False, at(2026, 11, 2, 17)),  # and back
    ],
)
def test_an_answer_comes_by_the_end_of_the_present_or_next_opening(now, open_now, by):
    assert (is_open(clinic(), now), reply_by(clinic(), now)) == (open_now, by)


def test_the_hours_are_the_clinics_own_whatever_the_season():
    winter, summer = reply_by(clinic(), at(2026, 1, 5, 12)), reply_by(clinic(), at(2026, 7, 6, 12))
    assert (winter.hour, summer.hour) == (17, 17)
    assert (winter.astimezone(UTC).hour, summer.astimezone(UTC).hour) == (23, 22)


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    nights = clinic((Hours(day=6, opens="00:00", closes="06:00"),))
    lengths = [
        (opening := openings(nights, at(*sunday))[0]).closes - opening.opens
        for sunday in ((2026, 3, 1), (2026, 3, 8), (2026, 11, 1))
    ]
    assert lengths == [timedelta(hours=6), timedelta(hours=5), timedelta(hours=7)]


def test_an_hour_that_spring_skips_begins_with_the_one_after_it():
    early = clinic((Hours(day=6, opens="02:30", closes="06:00"),))
    [opening, *_] = openings(early, at(2026, 3, 8))
    assert opening.opens == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)  # 03:30 by the new clock


def test_a_closed_date_is_skipped():
    christmas = clinic(special_days=(SpecialDay(date=date(2026, 12, 25)), SpecialDay(date=date(2026, 12, 24))))
    now = at(2026, 12, 23, 18)  # Wednesday evening
    assert is_open(christmas, at(2026, 12, 25, 12)) is False
    assert reply_by(christmas, now) == at(2026, 12, 28, 17)


def test_a_date_with_its_own_hours_has_only_those():
    short = clinic(
        special_days=(
            SpecialDay(date=date(2026, 12, 24), opens="09:00", closes="12:00"),
            SpecialDay(date=date(2026, 12, 26), opens="10:00", closes="11:00"),  # a Saturday
        )
    )
    assert reply_by(short, at(2026, 12, 24, 8)) == at(2026, 12, 24, 12)
    assert is_open(short, at(2026, 12, 24, 13)) is False
    assert is_open(short, at(2026, 12, 26, 10, 30)) is True


def test_an_opening_may_end_at_midnight():
    late = clinic((Hours(day=0, opens="18:00", closes="24:00"),))
    assert reply_by(late, at(2026, 3, 2, 23, 59)) == at(2026, 3, 3)
    assert is_open(late, at(2026, 3, 3)) is False


def test_without_hours_nothing_is_known():
    assert is_open(clinic(()), at(2026, 3, 2, 12)) is None
    assert reply_by(clinic(()), at(2026, 3, 2, 12)) is None


def test_minute_by_minute_over_both_changes_of_the_clock_it_agrees_with_a_plain_reading_of_the_wall():
    site = clinic(tuple(Hours(day=day, opens="01:15", closes="16:45") for day in range(7)))
    for start in (at(2026, 3, 7, 20), at(2026, 10, 31, 20)):
        for minutes in range(0, 36 * 60, 5):
            now = start + timedelta(minutes=minutes)
            wall = now.astimezone(CHICAGO)
            if wall.hour != 1:  # the hour that comes twice is counted from its first time on
                assert is_open(site, now) is ((1, 15) <= (wall.hour, wall.minute) < (16, 45)), wall


def test_a_time_on_a_clock_is_the_last_time_it_showed_it():
    now = datetime(2026, 3, 7, 6, 10, tzinfo=UTC)  # ten past midnight in Chicago
    assert last_shown("00:05", "America/Chicago", now) == datetime(2026, 3, 7, 6, 5, tzinfo=UTC)
    assert last_shown("23:50", "America/Chicago", now) == datetime(2026, 3, 7, 5, 50, tzinfo=UTC)
    assert last_shown("half past", "America/Chicago", now) is None
