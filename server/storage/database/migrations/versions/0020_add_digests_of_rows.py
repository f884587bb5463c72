"""Add to events and revisions the digest of what was written, so that `verify` sees one that was changed."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0020_add_digests_of_rows"
down_revision = "0019_add_indexes_for_all_sites"

DIGESTED = {
    "event": (
        ("site", "conversation_id", "seq"),
        ("site", "conversation_id", "seq", "kind", "author", "body", "label", "trace", "at"),
    ),
    "revision": (
        ("site", "document", "revision"),
        ("site", "document", "revision", "body", "author", "reason", "at"),
    ),
}
JSON = ("body", "trace")


def upgrade() -> None:
    for name, (keys, told) in DIGESTED.items():
        op.add_column(name, sa.Column("sha256", sa.String(64), nullable=True))
        columns = [sa.column(one, sa.DateTime(timezone=True)) if one == "at" else sa.column(one) for one in told]
        table = sa.table(name, *columns, sa.column("sha256"))
        it = [table.c[key] == sa.bindparam(f"the_{key}") for key in keys]
        put = sa.update(table).where(*it).values(sha256=sa.bindparam("digest"))
        rows = op.get_bind().execute(sa.select(*(table.c[one] for one in told))).all()
        digests = [{f"the_{key}": getattr(row, key) for key in keys} | {"digest": _digest(row)} for row in rows]
        if digests:
            op.get_bind().execute(put, digests)


def downgrade() -> None:
    for name in DIGESTED:
        op.drop_column(name, "sha256")


def _digest(row: sa.Row[tuple[object, ...]]) -> str:
    told = dict(row._mapping)
    for name in JSON:
        if told.get(name) is not None:
            told[name] = json.loads(told[name])
    told["at"] = _utc(told["at"]).isoformat(timespec="microseconds")
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
