"""When staff are told that nothing can be stored, and what."""

from datetime import timedelta

import pytest

from server.core.handing.unstored import NOBODY, Refused, is_due, outage_text, works_again_text

ONE, TWO, ONE_URGENT, TWO_URGENT = Refused(1), Refused(2), Refused(3, 1), Refused(4, 2)


@pytest.mark.parametrize(
    ("refused", "told", "seconds", "due"),
    [
        (NOBODY, None, 59, False),  # a database that starts again
        (NOBODY, None, 60, True),
        (ONE, None, 0, True),
        (ONE, ONE, 86_400, False),  # told already
        (TWO, ONE, 599, False),
        (TWO, ONE, 600, True),
        (ONE_URGENT, TWO, 1, True),  # the first emergency waits for nothing
        (TWO_URGENT, ONE_URGENT, 59, False),
        (TWO_URGENT, ONE_URGENT, 60, True),
    ],
)
def test_staff_are_told_at_once_and_then_of_what_is_new(refused, told, seconds, due):
    assert is_due(refused, told, timedelta(seconds=seconds)) is due


def test_what_is_told_says_what_became_of_visitors_and_what_to_do():
    quiet = outage_text(alert_id="1", refused=NOBODY, nth=1, link="https://chat.example/desk")
    assert "No visitor has written since" in quiet.body and not quiet.is_urgent
    urgent = outage_text(alert_id="1", refused=TWO_URGENT, nth=2, link="https://chat.example/desk")
    assert (
        urgent.is_urgent and "4 messages, chats or calls for a person were refused, 2 with an emergency" in urgent.body
    )
    over = works_again_text(alert_id="2", refused=NOBODY, link="https://chat.example/desk")
    assert "Nothing that visitors sent is missing." in over.body
