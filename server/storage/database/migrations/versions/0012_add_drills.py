"""Add to handovers when a drill was due, none for a visitor's, and to alerts what they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0012_add_drills"
down_revision = "0011_add_advised_at"


def upgrade() -> None:
    op.add_column("handover", sa.Column("drill_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("handover_by_drill", "handover", ["drill_due_at", "site"], unique=True)
    op.add_column("alert", sa.Column("about", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("alert", "about")
    op.drop_index("handover_by_drill", "handover")
    op.drop_column("handover", "drill_due_at")
