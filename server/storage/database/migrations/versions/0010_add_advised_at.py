"""Add to handovers when emergency care was advised."""

import sqlalchemy as sa
from alembic import op

revision = "0010_add_advised_at"
down_revision = "0009_create_note"


def upgrade() -> None:
    op.add_column("handover", sa.Column("advised_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("handover", "advised_at")
