"""Create what builds travel by: builds and their files, publications, and the replicas that serve them."""

import sqlalchemy as sa
from alembic import op

revision = "0017_create_build"
down_revision = "0016_create_proposal"


def upgrade() -> None:
    op.create_table(
        "build",
        sa.Column("site", sa.String(64), primary_key=True),
        sa.Column("build", sa.String(64), primary_key=True),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "build_file",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "publication",
        sa.Column("site", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("build", sa.String(64), nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "replica",
        sa.Column("replica_id", sa.String(32), primary_key=True),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("serves", sa.Text, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("replica", "publication", "build_file", "build"):
        op.drop_table(table)
