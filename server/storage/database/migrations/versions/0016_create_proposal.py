"""Create the answers that staff marked wrong, proposed as golden questions until an editor decides."""

import sqlalchemy as sa
from alembic import op

revision = "0016_create_proposal"
down_revision = "0015_add_browser_to_sessions"


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("site", "conversation_id", "seq"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("proposal")
