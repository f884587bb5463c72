"""Create staff's notes on a conversation, apart from the log that its visitor reads."""

import sqlalchemy as sa
from alembic import op

revision = "0009_create_note"
down_revision = "0008_add_offered_at"


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("note_id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("to_name", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site", "note_id"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )
    op.create_index("note_by_conversation", "note", ["site", "conversation_id"])


def downgrade() -> None:
    op.drop_table("note")
