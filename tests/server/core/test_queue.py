from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from kb.labels import Label
from server.core.handing.handover import Status
from server.core.handing.queue import place_in_queue, short_name

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def place(reason, status=Status.WAITING, minutes=0, *, spam=False):
    since = NINE - timedelta(minutes=minutes)
    return place_in_queue(reason, status, since, urgent=reason is Label.EMERGENCY, suspected_spam=spam)


def test_danger_comes_before_wait():
    ranked = [
        place(Label.EMERGENCY),
        place(Label.CLINICAL, minutes=4),
        place(Label.OTHER_LANGUAGE, minutes=5),
        place(Label.HUMAN, minutes=6),
        place(Label.OUT_OF_KB, minutes=20),
        place(Label.CLINICAL, Status.CALL_BACK, minutes=60),
        place(Label.CLINICAL, minutes=90, spam=True),
        place(Label.EMERGENCY, Status.CLAIMED, minutes=100),
    ]
    assert all(before < after for before, after in pairwise(ranked))


def test_of_two_alike_the_longer_wait_comes_first():
    assert place(Label.HUMAN, minutes=2) < place(Label.HUMAN, minutes=1)


@pytest.mark.parametrize("other", [{"spam": True}, {"status": Status.CALL_BACK}])
def test_an_emergency_stays_on_top_whatever_else_is_noted_of_it(other):
    assert place(Label.EMERGENCY, **other) < place(Label.CLINICAL, minutes=60)


def test_a_visitor_without_a_name_is_called_the_same_each_time():
    names = {short_name(f"{n:02x}" * 16) for n in range(200)}
    assert len(names) == 200 and all(len(name) == len("Visitor K214") for name in names)
    assert short_name("ab" * 16) == short_name("ab" * 16)
