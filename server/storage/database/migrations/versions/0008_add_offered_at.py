"""Add to handovers when the visitor was told that nobody came yet, and offered a call back."""

import sqlalchemy as sa
from alembic import op

revision = "0008_add_offered_at"
down_revision = "0007_add_closing_why"


def upgrade() -> None:
    op.add_column("handover", sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("handover", "offered_at")
