"""Add to handovers when emergency care was advised."""

import sqlalchemy as sa
from alembic import op

revision = "0011_add_advised_at"
down_revision = "0010_create_seen"


def upgrade() -> None:
    op.add_column("handover", sa.Column("advised_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("handover", "advised_at")
