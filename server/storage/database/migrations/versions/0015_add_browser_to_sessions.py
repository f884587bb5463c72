"""Add to sessions in which browser they are, for the person who looks them over."""

import sqlalchemy as sa
from alembic import op

revision = "0015_add_browser_to_sessions"
down_revision = "0014_add_second_factor"


def upgrade() -> None:
    op.add_column("staff_session", sa.Column("browser", sa.String(80), nullable=True))


def downgrade() -> None:
    op.drop_column("staff_session", "browser")
