"""What visitors typed last, for those who keep the text. Nothing is copied: what is erased or purged is gone from here."""

from __future__ import annotations

from sqlalchemy import and_, select

from kb.labels import Label
from server.core.editing.gaps import InVain
from server.core.reply import Decision
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.talks.events import Author, Kind


class Asked:
    """Visitors' questions of every site, newest first. They are whole: whoever shows them takes out who is meant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, site: str, limit: int) -> list[str]:
        """The messages that the assistant judged last."""
        event = schema.event
        newest = _judged(site).order_by(event.c.at.desc()).limit(limit)
        rows = await self._database.read(lambda transaction: transaction.all(newest))
        return [text for row in rows if (text := row.body.get("text"))]

    async def in_vain(self, site: str, limit: int) -> list[InVain]:
        """The last questions that the page did not answer, and those whose quote a visitor said did not help."""
        return await self._database.read(lambda transaction: _in_vain(transaction, site, limit))


def _judged(site: str):  # type: ignore[no-untyped-def]  # SQLAlchemy's own, long type
    event = schema.event
    is_message = and_(event.c.author == Author.VISITOR, event.c.kind == Kind.MESSAGE, event.c.label.is_not(None))
    return select(event).where(event.c.site == site, is_message)


def _in_vain(transaction: Transaction, site: str, limit: int) -> list[InVain]:
    event, feedback = schema.event, schema.feedback
    outside = _judged(site).where(event.c.label == Label.OUT_OF_KB).order_by(event.c.at.desc()).limit(limit)
    found = [InVain(row.body.get("text", ""), row.at, _nearest(row.trace)) for row in transaction.all(outside)]
    # The message before a reply stands one number earlier in its conversation.
    same = and_(
        event.c.site == feedback.c.site,
        event.c.conversation_id == feedback.c.conversation_id,
        event.c.seq == feedback.c.seq - 1,
    )
    said_no = (
        select(event.c.body, feedback.c.at, feedback.c.passage_id)
        .join(event, same)
        .where(feedback.c.site == site, feedback.c.helpful.is_(False), event.c.author == Author.VISITOR)
        .order_by(feedback.c.at.desc())
        .limit(limit)
    )
    found += [InVain(row.body.get("text", ""), row.at, row.passage_id, True) for row in transaction.all(said_no)]
    return sorted((one for one in found if one.text), key=lambda one: one.at, reverse=True)


def _nearest(trace: object) -> str | None:
    candidates = Decision.from_json(trace).candidates if isinstance(trace, dict) else ()
    return candidates[0].passage_id if candidates else None
