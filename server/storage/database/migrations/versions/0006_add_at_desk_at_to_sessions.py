"""Add to staff sessions when a page of the desk last gave a sign of life, which is not the same as a person's doing."""

import sqlalchemy as sa
from alembic import op

revision = "0006_add_at_desk_at_to_sessions"
down_revision = "0005_add_ladder_to_handovers"


def upgrade() -> None:
    op.add_column("staff_session", sa.Column("at_desk_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("staff_session", "at_desk_at")
