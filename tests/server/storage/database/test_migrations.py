import asyncio
import shutil
import sys

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from server.storage import SchemaTooNew, Store
from server.storage.database.migrate import MIGRATIONS, known_revisions, migrate, migrate_down
from server.storage.database.schema import metadata
from tests.server.storage.clinic import handed_over

OPEN_ONE = """
import asyncio, sys
from server.storage import Store
async def main():
    store = await Store.open(sys.argv[1])
    await store.ping()
    await store.close()
asyncio.run(main())
"""


@pytest.fixture
def bare_url(engine_name, tmp_path, request):
    """A database without a single table."""
    if engine_name == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/new/folder/advocate.db"
        return
    url = request.getfixturevalue("postgresql_server")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
    yield url.replace("/postgres?", "/bare?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE bare WITH (FORCE)")


async def test_a_new_database_is_made_at_the_newest_schema(bare_url):
    store = await Store.open(bare_url)

    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    assert await store.database.call(differences) == []
    await store.close()


async def test_up_down_and_up_again_with_data_keeps_every_row(store):
    handover = await handed_over(store)
    before = await store.conversations.events(handover.conversation_id)
    await store.database.call(lambda connection: migrate_down(connection, "0001_create_tables"))
    await store.database.call(migrate)
    assert await store.conversations.events(handover.conversation_id) == before
    assert await store.handovers.get(handover.handover_id) == handover


async def test_down_to_nothing_and_up_again_works(bare_url):
    store = await Store.open(bare_url)
    await store.database.call(lambda connection: migrate_down(connection, "base"))
    left = await store.database.call(lambda connection: inspect(connection).get_table_names())
    assert left == ["alembic_version"]
    await store.database.call(migrate)
    await handed_over(store)
    await store.close()


async def test_three_processes_that_start_at_once_make_one_schema(bare_url):
    starts = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN_ONE, bare_url, stderr=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    for process in starts:
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")


async def test_a_database_of_a_later_version_is_refused(bare_url):
    store = await Store.open(bare_url)
    await store.database.write(lambda tx: tx.run(text("UPDATE alembic_version SET version_num = '9999_later'")))
    await store.close()
    with pytest.raises(SchemaTooNew, match=f"9999_later.*{known_revisions()[-1]}"):
        await Store.open(bare_url)


async def test_opening_again_changes_nothing(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path}/advocate.db"
    await (await Store.open(url)).close()
    shutil.copy(tmp_path / "advocate.db", tmp_path / "copy.db")
    await (await Store.open(url)).close()
    assert (tmp_path / "advocate.db").read_bytes() == (tmp_path / "copy.db").read_bytes()


def test_changes_stand_in_the_order_of_their_files():
    newest_first = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    assert [script.revision for script in newest_first] == [*reversed(known_revisions())]
