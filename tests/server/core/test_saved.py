"""Which saved replies may be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from server.core.handing.saved import MAX_TEXT, SavedRefused, SavedReply, with_reply, without_reply

TODAY = date(2026, 3, 2)
HOURS = SavedReply("a" * 32, "Hours", "We open at eight.", "b" * 32, "Pat Cashen", TODAY + timedelta(days=30))


def test_a_reply_is_kept_tidy_by_title_and_comes_back_as_it_was():
    second = replace(HOURS, reply_id="c" * 32, title="  after   hours ", text=" Ring us.\r\nWe are there. ")
    kept = with_reply(with_reply([], HOURS, seen="", today=TODAY), second, seen="", today=TODAY)
    assert [(one.title, one.text) for one in kept] == [
        ("after hours", "Ring us.\nWe are there."),
        ("Hours", "We open at eight."),
    ]
    assert [SavedReply.from_json(one.as_json()) for one in kept] == kept


def test_it_is_overdue_from_its_day_on():
    assert not HOURS.is_overdue(HOURS.review_on - timedelta(days=1))
    assert HOURS.is_overdue(HOURS.review_on)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "A title has 1 to 80"),
        ({"text": "x" * (MAX_TEXT + 1)}, "this one has 4,001"),
        ({"title": "HOURS"}, "is a saved reply called"),
        ({"review_on": TODAY}, "a day after today"),
        ({"review_on": TODAY + timedelta(days=367)}, "within a year"),
    ],
)
def test_what_will_not_do_is_refused_with_the_way_out(change: dict[str, Any], words: str):
    fresh = replace(replace(HOURS, reply_id="c" * 32, title="New"), **change)
    with pytest.raises(SavedRefused, match=words):
        with_reply([HOURS], fresh, seen="", today=TODAY)


def test_what_somebody_changed_or_removed_meanwhile_is_not_overwritten():
    changed = replace(HOURS, text="We open at nine.")
    with pytest.raises(SavedRefused, match="changed this saved reply meanwhile"):
        with_reply([changed], HOURS, seen=HOURS.digest, today=TODAY)
    with pytest.raises(SavedRefused, match="removed this saved reply meanwhile"):
        without_reply([], HOURS.reply_id, seen=HOURS.digest)
    assert without_reply([changed], HOURS.reply_id, seen=changed.digest) == []
