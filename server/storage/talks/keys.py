"""Idempotency: a key that was used gives what it gave the first time, for as long as its conversation lasts."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from kb.errors import AdvocateError
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.talks.events import Locked

VISITOR = "visitor"


class KeyReused(AdvocateError):
    """An Idempotency-Key that was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a key's first use stored, by number and id: the text itself stays in the events."""

    message_seq: int | None = None
    reply_seq: int | None = None
    handover_id: str | None = None


def recall(
    transaction: Transaction, locked: Locked, key: str, body: Mapping[str, Any], author: str = VISITOR
) -> Stored | None:
    """What this key gave before, or None for a new key. Raises KeyReused if it came with another body."""
    table = schema.used_key
    row = transaction.first(
        select(table).where(
            table.c.site == locked.site,
            table.c.conversation_id == locked.conversation_id,
            table.c.author == author,
            table.c.key == key,
        )
    )
    if row is None:
        return None
    if not hmac.compare_digest(row.body_sha256, _digest(body)):
        raise KeyReused("This Idempotency-Key was used for another message. Send a new message with a new key.")
    return Stored(row.message_seq, row.reply_seq, row.handover_id)


def remember(
    transaction: Transaction,
    locked: Locked,
    key: str,
    body: Mapping[str, Any],
    stored: Stored,
    author: str = VISITOR,
) -> None:
    """Keep what a key gave, in the transaction that gave it."""
    transaction.run(
        schema.used_key.insert().values(
            site=locked.site,
            conversation_id=locked.conversation_id,
            author=author,
            key=key,
            body_sha256=_digest(body),
            message_seq=stored.message_seq,
            reply_seq=stored.reply_seq,
            handover_id=stored.handover_id,
        )
    )


def _digest(body: Mapping[str, Any]) -> str:
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
