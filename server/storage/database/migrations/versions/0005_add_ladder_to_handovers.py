"""Add to handovers how far their alerts have come: which ladder, since when, the next rung and when it is due."""

import sqlalchemy as sa
from alembic import op

revision = "0005_add_ladder_to_handovers"
down_revision = "0004_create_alert"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("handover", sa.Column("ladder", sa.String(32), nullable=True))
    op.add_column("handover", sa.Column("ladder_since", MOMENT, nullable=True))
    op.add_column("handover", sa.Column("ladder_rung", sa.Integer(), nullable=True))
    op.add_column("handover", sa.Column("ladder_due_at", MOMENT, nullable=True))
    op.create_index("handover_by_ladder", "handover", ["ladder_due_at"])


def downgrade() -> None:
    op.drop_index("handover_by_ladder", "handover")
    for name in ("ladder_due_at", "ladder_rung", "ladder_since", "ladder"):
        op.drop_column("handover", name)
