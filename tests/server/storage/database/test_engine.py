import asyncio
import logging
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from sqlalchemy import text

from kb.labels import Label
from server.storage import DatabaseUrlRefused, SqliteTooOld, StorageUnavailable, Store, VisitorMessage
from server.storage.database import engine as engine_module
from server.storage.database.engine import check_sqlite_version, find_sqlite
from tests.server.storage.clinic import claimed, handed_over, kinds, reply, say, start

LOCK_FOR = """
import sys, time
sys.path.insert(0, '.')
from server.storage.database.engine import find_sqlite
connection = find_sqlite().connect(sys.argv[1], isolation_level=None)
connection.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
time.sleep(float(sys.argv[2]))
connection.execute('COMMIT')
"""
CUT_EVERY_LINE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL
"""


@pytest.fixture
async def on_sqlite(tmp_path):
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/advocate.db")
    yield store
    await store.close()


def locked_for(path, seconds):
    """Another process that holds the database's write lock."""
    process = subprocess.Popen([sys.executable, "-c", LOCK_FOR, str(path), str(seconds)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"locked\n"
    return process


@pytest.mark.parametrize("version", ["3.51.3", "3.52.0", "3.53.4", "4.0.0", "3.50.7", "3.50.9", "3.44.6"])
def test_a_sqlite_without_the_wal_reset_bug_is_used(version):
    check_sqlite_version(version)


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.44.5", "3.45.0", "3.50.6", "3.51.0", "3.51.2"])
def test_a_sqlite_with_the_wal_reset_bug_is_refused(version):
    with pytest.raises(SqliteTooOld, match=version):
        check_sqlite_version(version)


async def test_a_store_does_not_open_with_an_unsafe_sqlite(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "is_safe_sqlite", lambda _version: False)
    with pytest.raises(SqliteTooOld):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/advocate.db")


async def test_without_the_pysqlite3_wheel_pythons_own_sqlite_is_looked_at(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)
    assert find_sqlite().__name__ == "sqlite3.dbapi2"


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite+aiosqlite://", "sqlite:///:memory:", "nonsense"])
async def test_other_databases_are_refused_and_no_password_is_told(url):
    with pytest.raises(DatabaseUrlRefused, match="ADVOCATE_DATABASE_URL"):
        await Store.open(url)


async def test_every_sqlite_connection_is_durable_and_overwrites_what_is_erased(on_sqlite):
    def pragmas(transaction):
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return [transaction.value(text(f"PRAGMA {name}")) for name in names]

    found = await asyncio.gather(*(on_sqlite.database.read(pragmas) for _ in range(5)))
    assert found == [["wal", 2, 1, 1]] * 5


async def test_a_database_that_others_could_read_is_closed_to_them(tmp_path):
    path = tmp_path / "advocate.db"
    path.touch(mode=0o644)
    path.chmod(0o644)
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600
    await store.close()


async def test_a_database_locked_for_three_seconds_makes_one_wait_and_nothing_else(on_sqlite, tmp_path):
    started = await start(on_sqlite)
    with locked_for(tmp_path / "advocate.db", 3) as locker:
        begun = time.monotonic()
        sent = asyncio.create_task(say(on_sqlite, started.conversation_id, "Hello?"))
        await asyncio.sleep(0.2)
        assert await on_sqlite.conversations.events(started.conversation_id) == []  # reading goes on
        assert time.monotonic() - begun < 2
        await sent
        assert time.monotonic() - begun > 2
        locker.wait()
    assert len(await on_sqlite.conversations.events(started.conversation_id)) == 2


async def test_a_database_locked_for_longer_is_unavailable_and_then_works_again(on_sqlite, tmp_path, monkeypatch):
    monkeypatch.setattr("server.storage.database.transactions.PATIENCE_S", 0.5)
    await on_sqlite.database.maintain("PRAGMA busy_timeout=200")
    started = await start(on_sqlite)
    message = VisitorMessage("Hello?", "key")
    with locked_for(tmp_path / "advocate.db", 60) as locker:
        copies = [
            on_sqlite.conversations.receive(started.conversation_id, message, reply(Label.HUMAN)) for _ in range(3)
        ]
        outcomes = await asyncio.gather(*copies, return_exceptions=True)
        locker.kill()
    assert [type(one) for one in outcomes] == [StorageUnavailable] * 3
    await on_sqlite.conversations.receive(started.conversation_id, message, reply(Label.HUMAN))
    assert await kinds(on_sqlite, started.conversation_id) == ["visitor message", "assistant handover"]


async def test_a_full_disk_loses_nothing_that_was_acknowledged(on_sqlite):
    started = await start(on_sqlite)
    pages = await on_sqlite.database.read(lambda tx: tx.value(text("PRAGMA page_count")))
    await on_sqlite.database.maintain(f"PRAGMA max_page_count={pages + 20}")
    stored = []

    async def say_until_it_is_full():
        for number in range(1000):
            await say(on_sqlite, started.conversation_id, f"{number} " + "x" * 2000, Label.SMALLTALK)
            stored.append(number)

    with pytest.raises(StorageUnavailable, match="SQLITE_FULL"):
        await say_until_it_is_full()
    assert stored
    events = await on_sqlite.conversations.events(started.conversation_id, limit=5000)
    assert [int(event.body["text"].split()[0]) for event in events[::2]] == stored
    await on_sqlite.database.maintain("PRAGMA max_page_count=1000000")
    await say(on_sqlite, started.conversation_id, "There is room again.", Label.SMALLTALK)


async def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "advocate.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageUnavailable, match="SQLITE_NOTADB"):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/advocate.db")


async def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told(monkeypatch):
    monkeypatch.setattr("server.storage.database.transactions.PATIENCE_S", 0.3)
    with pytest.raises(StorageUnavailable) as unavailable:
        await Store.open("postgresql://pat:secret@127.0.0.1:1/advocate")
    assert "secret" not in str(unavailable.value)


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_connections_that_the_server_closed_are_replaced(database_url):
    store = await Store.open(database_url)
    started = await start(store)
    for _ in range(2):
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute(CUT_EVERY_LINE)
        await say(store, started.conversation_id, "Still there?", Label.SMALLTALK)
    assert len(await store.conversations.events(started.conversation_id)) == 4
    await store.close()


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_transactions_that_stand_in_each_others_way_are_repeated(store):
    one, other = await handed_over(store), await handed_over(store)
    met, survived = threading.Barrier(2, timeout=30), threading.Event()
    tries = []

    def lock_both(transaction, first, second):
        again = first in tries
        tries.append(first)
        lock = "SELECT 1 FROM conversation WHERE conversation_id = '{}' FOR UPDATE"
        if again:  # else it might take its first lock back before the survivor woke, and both stand again
            survived.wait(30)
        transaction.value(text(lock.format(first)))
        if not again:
            met.wait()
        transaction.value(text(lock.format(second)))
        survived.set()

    await asyncio.gather(
        store.database.write(lambda tx: lock_both(tx, one.conversation_id, other.conversation_id)),
        store.database.write(lambda tx: lock_both(tx, other.conversation_id, one.conversation_id)),
    )
    assert len(tries) == 3  # a deadlock: one of the two went again


async def test_requests_that_were_given_up_leave_the_store_in_order(store):
    handover = await claimed(store)
    for pause in (0, 0.001, 0.002, 0.005, 0.01):
        given_up = [asyncio.create_task(say(store, handover.conversation_id, "Hello?")) for _ in range(5)]
        await asyncio.sleep(pause)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
    await say(store, handover.conversation_id, "Hello?")
    events = await store.conversations.events(handover.conversation_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_no_log_holds_a_visitors_words_even_when_all_of_it_is_told(store, caplog):
    caplog.set_level(logging.DEBUG)
    handover = await handed_over(store, "canary words")
    await store.conversations.erase(handover.conversation_id)
    assert "canary" not in caplog.text
