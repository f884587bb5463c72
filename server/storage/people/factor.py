"""The second factor: codes of an authenticator app (TOTP, RFC 6238), each good once."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

import pyotp

STEP_S = 30
DRIFT = 1  # steps a telephone's clock may be off, each way
ISSUER = "Patient Advocate"


def new_key() -> str:
    """160 random bits in base32, as apps take them."""
    return pyotp.random_base32()


def address_of(key: str, email: str) -> str:
    """The otpauth:// address that opens an authenticator app."""
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=ISSUER)


def step_of(key: str, code: str, now: datetime, *, used: int | None) -> int | None:
    """The time step whose code this is, if it is a new one: later than `used`. None for a wrong or a used code."""
    typed = "".join(code.split())
    current = int(now.timestamp()) // STEP_S
    for step in range(current - DRIFT, current + DRIFT + 1):
        if compare_digest(pyotp.TOTP(key).at(step * STEP_S).encode(), typed.encode("utf-8", "replace")):
            return step if used is None or step > used else None
    return None
