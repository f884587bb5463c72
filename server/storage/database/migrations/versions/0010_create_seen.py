"""Create how far each member of staff has read a conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0010_create_seen"
down_revision = "0009_create_note"


def upgrade() -> None:
    op.create_table(
        "seen",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "conversation_id", "user_id"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("seen")
