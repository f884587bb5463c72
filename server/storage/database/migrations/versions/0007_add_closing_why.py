"""Add to handovers why an emergency was closed without emergency care being advised, in the advocate's words."""

import sqlalchemy as sa
from alembic import op

revision = "0007_add_closing_why"
down_revision = "0006_add_at_desk_at_to_sessions"


def upgrade() -> None:
    op.add_column("handover", sa.Column("closing_why", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("handover", "closing_why")
