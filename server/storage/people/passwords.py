"""Passwords: argon2id, away from the event loop, two at a time, as each takes 64 MiB."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kb.errors import AdvocateError

MIN_CHARS = 8
MAX_CHARS = 200
AT_ONCE = 2

# RFC 9106, section 4, second recommended option; fixed here so that NOBODYS_HASH takes as long as anyone's.
_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$0MrJza70Cx18lMWdoiIQUg$OSGe48PXGyeLqkCnERBLb+eimiHVimT07iTofOMoyO4"


class PasswordRefused(AdvocateError):
    """A new password that is too short or too long."""


class Passwords:
    """Hashes passwords and checks them."""

    def __init__(self) -> None:
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Raises PasswordRefused."""
        if not MIN_CHARS <= len(password) <= MAX_CHARS:
            raise PasswordRefused(
                f"A password has {MIN_CHARS} to {MAX_CHARS} characters (15 or more are better); found {len(password)}."
            )
        async with self._at_once:
            return await asyncio.to_thread(_hasher.hash, password.encode("utf-8", "surrogatepass"))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. An account that does not exist (None) takes as long as one that does."""
        async with self._at_once:
            is_right = await asyncio.to_thread(_verify, password_hash or NOBODYS_HASH, password[: MAX_CHARS + 1])
        return is_right and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
