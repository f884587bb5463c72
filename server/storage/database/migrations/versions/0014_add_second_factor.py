"""Add the second factor: its key and last use to accounts; to sessions, that the code is still asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0014_add_second_factor"
down_revision = "0013_create_password_reset"


def upgrade() -> None:
    op.add_column("staff", sa.Column("factor_key", sa.String(64), nullable=True))
    op.add_column("staff", sa.Column("factor_used", sa.BigInteger, nullable=True))
    op.add_column("staff_session", sa.Column("needs_code", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("staff_session", "needs_code")
    op.drop_column("staff", "factor_used")
    op.drop_column("staff", "factor_key")
