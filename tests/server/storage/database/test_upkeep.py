import pytest
from sqlalchemy import text

from server.storage import BackupRefused, StorageUnavailable, Store
from tests.server.storage.clinic import claimed, say, start


async def test_a_whole_database_has_no_faults(store):
    handover = await claimed(store)
    await say(store, handover.conversation_id, "Hello?")
    await start(store)
    assert await store.check() == []
    await store.conversations.erase(handover.conversation_id)
    assert await store.check() == []


async def test_an_event_that_is_missing_is_found(store):
    for seq in (1, 3):
        handover = await claimed(store)
        statement = f"DELETE FROM event WHERE conversation_id = '{handover.conversation_id}' AND seq = {seq}"
        await store.database.write(lambda tx, statement=statement: tx.run(text(statement)))
        assert f"conversation {handover.conversation_id}: events are missing" in await store.check()


async def test_a_damaged_file_is_found(tmp_path):
    path = tmp_path / "advocate.db"
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    for _ in range(20):
        handover = await claimed(store)
        await say(store, handover.conversation_id, "x" * 3000)
    await store.close()
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 4096] = bytes(4096)
    path.write_bytes(damaged)
    try:
        store = await Store.open(f"sqlite+aiosqlite:///{path}")
        faults = await store.check()
        await store.close()
    except StorageUnavailable as unavailable:
        faults = [str(unavailable)]
    assert faults


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_backup_made_while_in_use_opens_as_a_store_of_its_own(store, tmp_path):
    handover = await claimed(store)
    copy = tmp_path / "Pat's backup: one.db"
    await store.backup(copy)
    other = await Store.open(f"sqlite+aiosqlite:///{copy}")
    assert await other.conversations.events(handover.conversation_id) == await store.conversations.events(
        handover.conversation_id
    )
    assert await other.check() == []
    await other.close()
    with pytest.raises(BackupRefused, match="exists already"):
        await store.backup(copy)


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_postgresql_is_backed_up_by_its_own_tool(store, tmp_path):
    with pytest.raises(BackupRefused, match="pg_dump"):
        await store.backup(tmp_path / "copy.db")
