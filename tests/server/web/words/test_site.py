"""What a handover form says of when an answer comes."""

from datetime import UTC, date, datetime

from kb.sites import Hours, Site, SpecialDay
from server.web.words.site import answer_by

WEEKDAYS = tuple(Hours(day=day, opens="09:00", closes="17:00") for day in range(5))
NAMES = {"site": "knees", "clinic": "Knees", "topic": "knees", "advocate": "Pat", "url": "/"}
OPEN = Site(**NAMES, zone="America/Chicago", hours=WEEKDAYS)
FRIDAY_NOON, FRIDAY_NIGHT = datetime(2026, 3, 6, 18, tzinfo=UTC), datetime(2026, 3, 7, 3, tzinfo=UTC)


def test_while_open_it_names_when_an_answer_comes():
    assert answer_by(OPEN, FRIDAY_NOON, "en") == "You can expect an answer by Friday, 17:00."


def test_closed_it_says_so_first_in_either_language():
    told = "The clinic is closed now. You can expect an answer by Monday, 17:00."
    assert answer_by(OPEN, FRIDAY_NIGHT, "en") == told
    assert answer_by(OPEN, FRIDAY_NIGHT, "es").startswith("La clínica está cerrada ahora. ")


def test_a_day_far_away_is_told_with_its_date():
    shut = tuple(SpecialDay(date=date(2026, 3, day)) for day in range(9, 21))
    site = OPEN.model_copy(update={"special_days": shut})
    assert "by Monday, 23 March 2026, 17:00." in answer_by(site, FRIDAY_NIGHT, "en")


def test_a_promise_stays_what_it_was_and_is_not_made_again_once_it_is_over():
    monday_noon, tuesday = datetime(2026, 3, 9, 17, tzinfo=UTC), datetime(2026, 3, 10, 18, tzinfo=UTC)
    told = "You can expect an answer by Monday, 17:00."
    assert answer_by(OPEN, monday_noon, "en", asked_at=FRIDAY_NIGHT) == told
    assert answer_by(OPEN, tuesday, "en", asked_at=FRIDAY_NIGHT) == ""


def test_without_hours_no_time_is_named():
    assert answer_by(OPEN.model_copy(update={"hours": ()}), FRIDAY_NOON, "en") == ""
