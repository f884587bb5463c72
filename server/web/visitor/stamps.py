"""Proof of when a form was made, so that one filled in faster than a person can is sorted as suspected spam.

The conversation's token is the key: every process knows it from the cookie, and no stamp fits another conversation.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

LEAST_S = 3.0


def make_stamp(token: str, now_s: float) -> str:
    made = f"{now_s:.1f}"
    return f"{made}.{_seal(token, made)}"


def is_too_fast(stamp: str, token: str, now_s: float) -> bool:
    """Whether the form came back too soon, or with a stamp that is not ours."""
    made, _, seal = stamp.rpartition(".")
    if not hmac.compare_digest(seal.encode(), _seal(token, made).encode()):
        return True
    return now_s - float(made) < LEAST_S


def _seal(token: str, made: str) -> str:
    return hmac.new(token.encode(), made.encode(), sha256).hexdigest()[:32]
