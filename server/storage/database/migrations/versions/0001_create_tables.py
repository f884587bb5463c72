"""Create the tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001_create_tables"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("receipt_sha256", sa.String(64), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("page_url", sa.String(), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("handover_id", sa.String(32), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("site", "conversation_id"),
    )
    op.create_index("conversation_by_change", "conversation", ["site", "changed_at"])
    op.create_index("conversation_by_id", "conversation", ["conversation_id"])
    op.create_index("conversation_by_receipt", "conversation", ["receipt_sha256"])
    op.create_table(
        "event",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("label", sa.String(32), nullable=True),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("site", "conversation_id", "seq"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )
    op.create_index("event_by_time", "event", ["site", "at"])
    op.create_table(
        "handover",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("handover_id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=False),
        sa.Column("message_seq", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("alerted_at", MOMENT, nullable=False),
        sa.Column("claimed_by", sa.String(32), nullable=True),
        sa.Column("claimed_by_name", sa.String(), nullable=True),
        sa.Column("first_claimed_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("closing", sa.String(32), nullable=True),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("letter_seq", sa.Integer(), nullable=True),
        sa.Column("suspected_spam", sa.Boolean(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "handover_id"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )
    op.create_index("handover_by_conversation", "handover", ["site", "conversation_id"])
    op.create_index("handover_by_id", "handover", ["handover_id"])
    op.create_index("handover_by_status", "handover", ["site", "status"])
    op.create_table(
        "used_key",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("author", sa.String(48), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("message_seq", sa.Integer(), nullable=True),
        sa.Column("reply_seq", sa.Integer(), nullable=True),
        sa.Column("handover_id", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("site", "conversation_id", "author", "key"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )
    op.create_table(
        "feedback",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("passage_id", sa.String(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("site", "conversation_id", "seq", "passage_id"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )
    op.create_table(
        "staff",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
        sa.ForeignKeyConstraint(["user_id"], ["staff.user_id"], ondelete="CASCADE"),
    )
    op.create_index("staff_session_by_user", "staff_session", ["user_id"])
    op.create_table(
        "sign_in_try",
        sa.Column("email_sha256", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("email_sha256"),
    )
    op.create_table(
        "document",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("last_revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "document"),
    )
    op.create_table(
        "revision",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("site", "document", "revision"),
    )
    op.create_table(
        "audit",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("site", "number"),
    )
    op.create_table(
        "audit_head",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("last_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )


def downgrade() -> None:
    for table in (
        "used_key",
        "staff_session",
        "handover",
        "feedback",
        "event",
        "staff",
        "sign_in_try",
        "revision",
        "document",
        "conversation",
        "audit_head",
        "audit",
    ):
        op.drop_table(table)
