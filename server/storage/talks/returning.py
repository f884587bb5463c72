"""Visitors who asked for a mail when a person answers: what they have seen, what is to be sent, the links back.

At least once, as alerts are: a mail is leased for a try, and comes back when nobody says how the try went.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, select, update

from server.core.handing.alerts import next_try_at
from server.core.handing.returning import GIVEN_UP_AFTER_TRIES, GONE_AFTER, LINK_GOOD_FOR, Unread, is_mail_due
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.handing.alerts import LEASE
from server.storage.ids import new_token, token_digest
from server.storage.talks.events import Author, Kind, Locked, NotFound, lock


@dataclass(frozen=True, slots=True)
class VisitorMail:
    """A mail to try now: to whom, in which language, and up to which event it tells of."""

    site: str
    conversation_id: str
    address: str
    language: str
    upto_seq: int
    tries: int


@dataclass(frozen=True, slots=True)
class Wish:
    """That a visitor wants a mail when a person answers, and how that went last."""

    address: str
    mailed_at: datetime | None
    error: str


class Returning:
    """What reaches a visitor who left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self) -> list[VisitorMail]:
        """Mails to try now, leased."""
        rows = await self._database.read(lambda tx: tx.all(_due(tx)))
        found = [await self._take_one(row.conversation_id) for row in rows]
        return [one for one in found if one is not None]

    async def settle(self, mail: VisitorMail, error: str | None) -> None:
        """Keep how a try went. Given up, it counts as sent, and staff read why it was not."""
        await self._database.write(lambda transaction: _settle(transaction, mail, error))

    async def make_link(self, mail: VisitorMail) -> str:
        """A new link's token, stored as a digest alone. Links made before stay good for their time."""
        return await self._database.write(lambda transaction: _make_link(transaction, mail))

    async def of_link(self, token: str) -> str | None:
        """The id of the conversation a link opens; None where it is over, or never was."""
        table = schema.return_link
        found = select(table.c.conversation_id).where(table.c.token_sha256 == token_digest(token))
        row = await self._database.read(lambda tx: tx.first(found.where(table.c.ends_at > tx.now)))
        return row and row.conversation_id

    async def saw(self, conversation_id: str, seq: int) -> None:
        """The visitor has seen everything up to this event. Nothing happens where they asked for no mail."""
        table, talk = schema.visitor_mail, schema.conversation
        seen = select(func.min(talk.c.last_seq)).where(talk.c.conversation_id == conversation_id)
        last_seq = await self._database.read(lambda tx: tx.value(seen))
        upto = min(seq, last_seq or 0)
        it = table.c.conversation_id == conversation_id, table.c.seen_seq < upto
        if await self._database.read(lambda tx: tx.first(select(table.c.site).where(*it))):
            await self._database.write(lambda tx: tx.run(update(table).where(*it).values(seen_seq=upto)))

    async def wish_of(self, conversation_id: str) -> Wish | None:
        """For staff: whether the visitor is told by mail."""
        table = schema.visitor_mail
        found = select(table).where(table.c.conversation_id == conversation_id)
        row = await self._database.read(lambda tx: tx.first(found))
        return row and Wish(row.address, row.mailed_at, row.error or "")

    async def stop(self, conversation_id: str) -> None:
        """No more mails for this conversation."""
        table = schema.visitor_mail
        await self._database.write(lambda tx: tx.run(delete(table).where(table.c.conversation_id == conversation_id)))

    async def _take_one(self, conversation_id: str) -> VisitorMail | None:
        with contextlib.suppress(NotFound):  # purged meanwhile
            return await self._database.write(lambda tx: _take(tx, conversation_id))
        return None


def wish(transaction: Transaction, locked: Locked, address: str) -> None:
    """The visitor wants a mail at this address when a person answers what they have not seen by now."""
    table = schema.visitor_mail
    fresh = {"address": address, "tries": 0, "next_try_at": transaction.now, "error": None}
    where = {"site": locked.site, "conversation_id": locked.conversation_id}
    new = transaction.insert(table).values(**where, **fresh, seen_seq=locked.last_seq, mailed_seq=0)
    transaction.run(new.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=fresh))


def opens(transaction: Transaction, conversation_id: str, token: str) -> bool:
    """Whether a mail's link that is still good holds this token, and leads to this conversation."""
    table = schema.return_link
    it = table.c.token_sha256 == token_digest(token), table.c.conversation_id == conversation_id
    return transaction.first(select(table.c.site).where(*it, table.c.ends_at > transaction.now)) is not None


def forget(transaction: Transaction, locked: Locked) -> None:
    """Take out the address, and end every link."""
    for table in (schema.visitor_mail, schema.return_link):
        it = table.c.site == locked.site, table.c.conversation_id == locked.conversation_id
        transaction.run(delete(table).where(*it))


def _due(transaction: Transaction) -> Select[Any]:
    """Wishes with a person's message unseen long enough, and no mail since the visitor looked."""
    mail, event, talk = schema.visitor_mail, schema.event, schema.conversation
    unseen = and_(
        event.c.site == mail.c.site,
        event.c.conversation_id == mail.c.conversation_id,
        event.c.seq > mail.c.seen_seq,
        event.c.author == Author.ADVOCATE,
        event.c.kind == Kind.MESSAGE,
    )
    same = and_(talk.c.site == mail.c.site, talk.c.conversation_id == mail.c.conversation_id)
    first_at = func.min(event.c.at)
    return (
        select(
            mail,
            talk.c.language,
            first_at.label("first_at"),
            func.max(event.c.seq).label("upto_seq"),
        )
        .select_from(mail.join(event, unseen).join(talk, same))
        .where(mail.c.mailed_seq <= mail.c.seen_seq, mail.c.next_try_at <= transaction.now)
        .group_by(*mail.c, talk.c.language)
        .having(first_at <= transaction.now - GONE_AFTER)
    )


def _take(transaction: Transaction, conversation_id: str) -> VisitorMail | None:
    locked = lock(transaction, conversation_id, even_erased=True)
    mail = schema.visitor_mail
    row: Row[Any] | None = transaction.first(_due(transaction).where(mail.c.conversation_id == conversation_id))
    if row is None or not is_mail_due(Unread(row.first_at, row.seen_seq, row.mailed_seq), transaction.now):
        return None
    _change(transaction, locked.site, conversation_id, tries=row.tries + 1, next_try_at=transaction.now + LEASE)
    return VisitorMail(row.site, conversation_id, row.address, row.language, row.upto_seq, row.tries + 1)


def _settle(transaction: Transaction, mail: VisitorMail, error: str | None) -> None:
    is_over = error is None or mail.tries >= GIVEN_UP_AFTER_TRIES
    values: dict[str, Any] = {"error": error, "next_try_at": next_try_at(mail.tries, transaction.now)}
    if is_over:
        values |= {"tries": 0, "mailed_seq": mail.upto_seq, "next_try_at": transaction.now}
    if error is None:
        values["mailed_at"] = transaction.now
    _change(transaction, mail.site, mail.conversation_id, **values)
    transaction.wake(f"inbox:{mail.site}")


def _make_link(transaction: Transaction, mail: VisitorMail) -> str:
    table, token = schema.return_link, new_token()
    transaction.run(delete(table).where(table.c.ends_at <= transaction.now))
    transaction.run(
        table.insert().values(
            token_sha256=token_digest(token),
            site=mail.site,
            conversation_id=mail.conversation_id,
            ends_at=transaction.now + LINK_GOOD_FOR,
        )
    )
    return token


def _change(transaction: Transaction, site: str, conversation_id: str, **values: Any) -> None:
    table = schema.visitor_mail
    it = table.c.site == site, table.c.conversation_id == conversation_id
    transaction.run(update(table).where(*it).values(values))
