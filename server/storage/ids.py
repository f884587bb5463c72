"""Ids, tokens and receipt codes: random, and stored only as digests where they open something."""

from __future__ import annotations

import secrets
from hashlib import sha256

RECEIPT_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none is mistaken for another
RECEIPT_GROUPS = (5, 5, 5, 5, 5)  # 25 letters of 5 bit: 125 bit
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_id() -> str:
    """128 random bits, in hex."""
    return secrets.token_hex(16)


def new_token() -> str:
    """256 random bits, url-safe."""
    return secrets.token_urlsafe(32)


def new_receipt() -> str:
    """A code a person can write down: 125 random bits in groups of five."""
    return "-".join("".join(secrets.choice(RECEIPT_LETTERS) for _ in range(size)) for size in RECEIPT_GROUPS)


def token_digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def receipt_digest(receipt: str) -> str:
    """The same for every way a person may type the code."""
    return token_digest(receipt.strip().upper().translate(_MISREAD))
