"""Add to handovers the number of the message that made them urgent, so that the inbox shows that one."""

import sqlalchemy as sa
from alembic import op

revision = "0003_add_urgent_seq_to_handovers"
down_revision = "0002_forbid_changes_to_audit"


def upgrade() -> None:
    op.add_column("handover", sa.Column("urgent_seq", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("handover", "urgent_seq")
