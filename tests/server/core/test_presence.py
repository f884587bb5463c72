"""When a claim goes back by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from server.core.handing.presence import PRESENT_FOR, QUIET_AFTER, Claim, goes_back

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JUST_NOW, GONE, QUIET = NOW, NOW - PRESENT_FOR, NOW - QUIET_AFTER
BEFORE = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("urgent", "sign", "act", "waits", "back"),
    [
        (False, None, None, None, True),  # signed out, whoever waits or not
        (False, JUST_NOW, JUST_NOW, QUIET, False),
        (False, JUST_NOW, QUIET, QUIET, True),
        (False, JUST_NOW, QUIET, QUIET + BEFORE, False),  # the visitor has not waited that long
        (False, JUST_NOW, QUIET + BEFORE, QUIET, False),  # and they did something meanwhile
        (False, GONE, QUIET, None, False),  # nobody waits: a closed laptop may come back
        (False, GONE, GONE, JUST_NOW, True),
        (False, GONE + BEFORE, GONE, JUST_NOW, False),
        (True, GONE, GONE, None, True),
        (True, GONE + BEFORE, GONE, None, False),
    ],
)
def test_a_claim_goes_back_when_whoever_has_it_is_gone_or_lets_a_visitor_wait(urgent, sign, act, waits, back):
    assert goes_back(Claim(urgent, sign, act, waits), NOW) is back
