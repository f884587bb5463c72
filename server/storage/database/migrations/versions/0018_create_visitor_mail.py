"""Create what visitors asked for who want a mail when a person answers, and the links such a mail holds."""

import sqlalchemy as sa
from alembic import op

revision = "0018_create_visitor_mail"
down_revision = "0017_create_build"


def _of_conversation() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "visitor_mail",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("seen_seq", sa.Integer(), nullable=False),
        sa.Column("mailed_seq", sa.Integer(), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site", "conversation_id"),
        _of_conversation(),
    )
    op.create_table(
        "return_link",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
        _of_conversation(),
    )
    op.create_index("return_link_by_conversation", "return_link", ["site", "conversation_id"])


def downgrade() -> None:
    op.drop_table("return_link")
    op.drop_table("visitor_mail")
