"""Create the links by which a forgotten password is set anew."""

import sqlalchemy as sa
from alembic import op

revision = "0013_create_password_reset"
down_revision = "0012_add_drills"


def upgrade() -> None:
    op.create_table(
        "password_reset",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
        sa.ForeignKeyConstraint(["user_id"], ["staff.user_id"], ondelete="CASCADE"),
    )
    op.create_index("password_reset_by_user", "password_reset", ["user_id"])


def downgrade() -> None:
    op.drop_table("password_reset")
