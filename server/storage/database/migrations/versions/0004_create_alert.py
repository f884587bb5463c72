"""Create the outbox of alerts, written with the handover they tell of."""

import sqlalchemy as sa
from alembic import op

revision = "0004_create_alert"
down_revision = "0003_add_urgent_seq_to_handovers"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("alert_id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("handover_id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site", "alert_id"),
        sa.ForeignKeyConstraint(
            ["site", "conversation_id"], ["conversation.site", "conversation.conversation_id"], ondelete="CASCADE"
        ),
    )
    op.create_index("alert_by_conversation", "alert", ["site", "conversation_id"])
    op.create_index("alert_by_state", "alert", ["state", "next_try_at"])


def downgrade() -> None:
    op.drop_table("alert")
