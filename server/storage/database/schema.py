"""The tables, as SQLAlchemy Core, and the three kinds of column that differ from what an engine offers.

Keys start with the site. Ids are random, so an index on an id alone finds its row without knowing the site.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware time, in UTC on every engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value}: a stored time is aware; this one names no zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Json(TypeDecorator[Any]):
    """JSON as ASCII text: keeps the order of keys, and any character a visitor can send, NUL included."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, ensure_ascii=True, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class Plain(TypeDecorator[str]):
    """Text from anywhere, an address's ids included. What PostgreSQL cannot hold becomes U+FFFD: see `plain`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and plain(value)


def plain(value: str) -> str:
    """Text as a `Plain` column gives it back: NUL and half surrogate pairs are replaced."""
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


ID = Plain(32)
SITE = Plain(64)
DIGEST = String(64)
WORD = String(32)
UNDECIDED, FAILED = text("decided_at IS NULL"), text("failed_at IS NOT NULL")
DRILLED, LABELLED = text("drill_due_at IS NOT NULL"), text("label IS NOT NULL")

metadata = MetaData()

conversation = Table(
    "conversation",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("token_sha256", DIGEST, nullable=False),
    Column("receipt_sha256", DIGEST, nullable=False),
    Column("language", Plain, nullable=False),
    Column("page_url", Plain, nullable=True),
    Column("status", WORD, nullable=False),
    Column("handover_id", ID, nullable=True),
    Column("last_seq", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("erased_at", Moment, nullable=True),
    Index("conversation_by_id", "conversation_id"),
    Index("conversation_by_receipt", "receipt_sha256"),
    Index("conversation_by_change", "changed_at", "conversation_id"),
)


def _of_conversation() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
    )


event = Table(
    "event",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", WORD, nullable=False),
    Column("author", WORD, nullable=False),
    Column("body", Json, nullable=False),
    Column("label", WORD, nullable=True),  # what the gate called a visitor's message
    Column("trace", Json, nullable=True),  # why: for staff and replay, never shown to visitors
    Column("at", Moment, nullable=False),
    Column("sha256", DIGEST, nullable=True),  # of the row as it was written (written.py)
    _of_conversation(),
    Index("event_by_time", "site", "at"),
    Index("event_by_moment", "at"),  # of all sites: who may see every one names none
    Index("event_by_label", "site", "label", "at", sqlite_where=LABELLED, postgresql_where=LABELLED),
)

handover = Table(
    "handover",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("handover_id", ID, primary_key=True),
    Column("conversation_id", ID, nullable=False),
    Column("status", WORD, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("waiting_since", Moment, nullable=False),
    Column("message_seq", Integer, nullable=False),
    Column("urgent_seq", Integer, nullable=True),  # the message that made it urgent, when it was not from the first
    Column("alerts", Integer, nullable=False),
    Column("alerted_at", Moment, nullable=False),
    Column("claimed_by", ID, nullable=True),
    Column("claimed_by_name", Plain, nullable=True),
    Column("first_claimed_at", Moment, nullable=True),
    Column("closed_at", Moment, nullable=True),
    Column("version", Integer, nullable=False),
    Column("closing", WORD, nullable=True),
    Column("closing_why", Plain, nullable=True),  # staff's own words
    Column("advised_at", Moment, nullable=True),  # when they advised emergency care
    Column("letter", Json, nullable=True),
    Column("letter_seq", Integer, nullable=True),
    Column("suspected_spam", Boolean, nullable=False),
    Column("trace", Json, nullable=False),
    Column("offered_at", Moment, nullable=True),  # the visitor was told that nobody came yet
    Column(
        "ladder", WORD, nullable=True
    ),  # the call it makes (core/handing/alerts.py); none of before there were alerts
    Column("ladder_since", Moment, nullable=True),
    Column("ladder_rung", Integer, nullable=True),  # the next one
    Column("drill_due_at", Moment, nullable=True),  # of a drill alone: when it was to begin
    Column("ladder_due_at", Moment, nullable=True),  # when it is due; none once taken, or past the last
    _of_conversation(),
    Index("handover_by_id", "handover_id"),
    Index("handover_by_conversation", "site", "conversation_id"),
    Index("handover_by_status", "status"),
    Index("handover_by_wait", "waiting_since"),
    Index("handover_by_ladder", "ladder_due_at"),
    Index("handover_by_drill", "drill_due_at", "site", unique=True, sqlite_where=DRILLED, postgresql_where=DRILLED),
)

note = Table(  # what staff tell each other of a conversation: apart from its log, so that no visitor can be sent it
    "note",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("note_id", ID, primary_key=True),
    Column("conversation_id", ID, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("author", Plain, nullable=False),
    Column("to_name", Plain, nullable=True),  # whom the conversation went to with it
    Column("text", Plain, nullable=False),
    Column("at", Moment, nullable=False),
    _of_conversation(),
    Index("note_by_conversation", "conversation_id"),
)

seen = Table(  # how far each member of staff has read a conversation
    "seen",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("user_id", ID, primary_key=True),
    Column("seq", Integer, nullable=False),
    _of_conversation(),
)

proposal = Table(  # an answer that staff marked wrong: proposed as a golden question until an editor decides
    "proposal",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of the answer
    Column("text", Plain, nullable=False),  # what the visitor asked
    Column("label", WORD, nullable=False),  # what it was taken for
    Column("shown", Json, nullable=False),  # the quotes that were shown
    Column("author", Plain, nullable=False),
    Column("at", Moment, nullable=False),
    Column("decided_at", Moment, nullable=True),
    _of_conversation(),
    Index("proposal_undecided", "site", "at", sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
)

alert = Table(
    "alert",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("alert_id", ID, primary_key=True),
    Column("conversation_id", ID, nullable=False),
    Column("handover_id", ID, nullable=False),
    Column("channel", WORD, nullable=False),
    Column("contact", Plain, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("about", WORD, nullable=True),  # none of before there were drills: a visitor
    Column("nth", Integer, nullable=False),
    Column("state", WORD, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("sent_at", Moment, nullable=True),
    Column("failed_at", Moment, nullable=True),  # the latest try that failed
    Column("error", Plain, nullable=True),
    _of_conversation(),
    Index("alert_by_conversation", "site", "conversation_id"),
    Index("alert_by_state", "state", "next_try_at"),
    Index("alert_by_handover", "handover_id"),
    Index("alert_by_sent", "channel", "contact", "sent_at"),
    Index("alert_by_failed", "channel", "contact", "failed_at", sqlite_where=FAILED, postgresql_where=FAILED),
)

visitor_mail = Table(  # visitors who want a mail when a person answers
    "visitor_mail",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("address", Plain, nullable=False),
    Column("seen_seq", Integer, nullable=False),  # how far they have read
    Column("mailed_seq", Integer, nullable=False),  # how far the last mail told of
    Column("mailed_at", Moment, nullable=True),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("error", Plain, nullable=True),  # why the last try failed, in words for staff
    _of_conversation(),
)

return_link = Table(  # links of such mails
    "return_link",
    metadata,
    Column("token_sha256", DIGEST, primary_key=True),
    Column("site", SITE, nullable=False),
    Column("conversation_id", ID, nullable=False),
    Column("ends_at", Moment, nullable=False),
    _of_conversation(),
    Index("return_link_by_conversation", "site", "conversation_id"),
)

used_key = Table(
    "used_key",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("author", String(48), primary_key=True),  # "visitor", or an advocate's id: their keys never meet
    Column("key", Plain, primary_key=True),
    Column("body_sha256", DIGEST, nullable=False),
    Column("message_seq", Integer, nullable=True),
    Column("reply_seq", Integer, nullable=True),
    Column("handover_id", ID, nullable=True),
    _of_conversation(),
)

feedback = Table(
    "feedback",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("conversation_id", ID, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("passage_id", Plain, primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    _of_conversation(),
    Index("feedback_by_time", "site", "at"),
)

staff = Table(
    "staff",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("email", Plain, nullable=False, unique=True),
    Column("name", Plain, nullable=False),
    Column("role", WORD, nullable=False),
    Column("sites", Json, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),  # a one-time password: the desk asks for a new one
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("factor_key", DIGEST, nullable=True),  # of the second factor, in base32; none: a password is enough
    Column("factor_used", BigInteger, nullable=True),  # the time step of the last code: each is good once
)

password_reset = Table(
    "password_reset",
    metadata,
    Column("token_sha256", DIGEST, primary_key=True),
    Column("user_id", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    ForeignKeyConstraint(["user_id"], ["staff.user_id"], ondelete="CASCADE"),
    Index("password_reset_by_user", "user_id"),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("token_sha256", DIGEST, primary_key=True),
    Column("user_id", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),  # the person did something
    Column("at_desk_at", Moment, nullable=True),  # a page of the desk was open and awake
    Column(
        "needs_code", Boolean, nullable=False, server_default=false()
    ),  # the password was right; the code is to come
    Column("browser", Plain(80), nullable=True),  # in words
    ForeignKeyConstraint(["user_id"], ["staff.user_id"], ondelete="CASCADE"),
    Index("staff_session_by_user", "user_id"),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("email_sha256", DIGEST, primary_key=True),  # of what is counted: an account from a network, a browser
    Column("failures", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("document", Plain, primary_key=True),
    Column("last_revision", Integer, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("document", Plain, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("body", Json, nullable=False),
    Column("author", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("at", Moment, nullable=False),
    Column("sha256", DIGEST, nullable=True),  # of the row as it was written (written.py)
)

audit = Table(
    "audit",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("action", String(64), nullable=False),
    Column("about", Plain, nullable=False),
    Column("detail", Json, nullable=False),
    Column("previous_sha256", DIGEST, nullable=False),
    Column("sha256", DIGEST, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    Column("last_sha256", DIGEST, nullable=False),
)

build = Table(  # builds as they travel between replicas that have data folders of their own
    "build",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("build", DIGEST, primary_key=True),
    Column("manifest", Json, nullable=False),
    Column("kept_at", Moment, nullable=False),
)

build_file = Table(  # their files, each once, whichever builds hold it
    "build_file",
    metadata,
    Column("sha256", DIGEST, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

publication = Table(
    "publication",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("build", DIGEST, nullable=False),
    Column("by", Plain, nullable=False),
    Column("at", Moment, nullable=False),
)

replica = Table(  # server processes, and the build each answers from, by site
    "replica",
    metadata,
    Column("replica_id", ID, primary_key=True),
    Column("host", Plain, nullable=False),
    Column("serves", Json, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

watched_page = Table(  # pages that are compared with the clinic's own website
    "watched_page",
    metadata,
    Column("site", SITE, primary_key=True),
    Column("page_id", Plain, primary_key=True),
    Column("address", Plain, nullable=False),
    Column("looked_at", Moment, nullable=False),  # a process that begins to look takes it by setting this
    Column("problem", Plain, nullable=False),
)
