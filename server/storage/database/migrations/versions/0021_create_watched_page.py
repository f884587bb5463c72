"""Create the pages that are compared with the clinic's own website: where each stands, and how it went last."""

import sqlalchemy as sa
from alembic import op

revision = "0021_create_watched_page"
down_revision = "0020_add_digests_of_rows"


def upgrade() -> None:
    op.create_table(
        "watched_page",
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("page_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "page_id"),
    )


def downgrade() -> None:
    op.drop_table("watched_page")
