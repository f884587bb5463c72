from contextlib import closing
from datetime import timedelta

import pytest

from kb.labels import Label
from server.core.handing.handover import Closing, Closure, Step
from server.core.reply import Decision
from server.storage import Letter, Store, Words
from server.storage.database.engine import find_sqlite
from tests.server.storage.clinic import PAT, TurnedClock, claimed, kinds, say, start

CANARY = "canary-7c1e"
LETTER = Letter(f"Jo {CANARY}", CANARY, f"Call {CANARY}", share_earlier=True)


async def spoken_with(store):
    """A conversation whose every text field holds the canary."""
    handover = await claimed(store)
    for number in range(30):
        await say(store, handover.conversation_id, f"{CANARY} {number} " + "x" * 300)
    await store.conversations.complete_letter(handover.conversation_id, LETTER)
    await store.conversations.write(handover.conversation_id, PAT, Words(f"About {CANARY}"), seen_seq=999, key=CANARY)
    return handover


async def close(store, handover):
    await store.handovers.step(handover.handover_id, Step.CLOSE, version=2, user=PAT, closure=Closure(Closing.ANSWERED))


async def test_erased_words_are_gone_and_the_fact_stays(store):
    handover = await spoken_with(store)
    before = await store.conversations.get(handover.conversation_id)
    await close(store, handover)
    await store.conversations.erase(handover.conversation_id)
    after = await store.conversations.get(handover.conversation_id)
    assert after.is_erased and after.page_url is None and after.created_at == before.created_at
    [event] = await store.conversations.events(handover.conversation_id, after=before.last_seq)
    assert (event.kind, event.body) == ("reset", {"reason": "erased"})
    assert await kinds(store, handover.conversation_id) == ["system reset"]
    now = await store.handovers.get(handover.handover_id)
    assert (now.letter, now.decision, now.first_text, now.closing) == (None, Decision(), "", Closing.ANSWERED)
    assert await store.conversations.decisions(handover.conversation_id) == {}
    await store.conversations.erase(handover.conversation_id)  # again: nothing to do
    assert (await store.conversations.get(handover.conversation_id)).last_seq == event.seq
    assert [one.action for one in await store.audits("kneecare")].count("erased") == 1


async def test_an_open_handover_stays_in_the_inbox_when_its_words_are_erased(store):
    handover = await claimed(store)
    await store.conversations.erase(handover.conversation_id)
    [row] = await store.handovers.inbox(["*"])
    assert (row.handover_id, row.first_line) == (handover.handover_id, "")
    await close(store, handover)
    assert await store.handovers.inbox(["*"]) == []


@pytest.mark.parametrize("way", ["erase", "purge"])
async def test_no_file_of_sqlite_holds_an_erased_word(tmp_path, way):
    clock = TurnedClock()
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/advocate.db", clock=clock)
    handover = await spoken_with(store)
    await close(store, handover)
    if way == "erase":
        await store.conversations.erase(handover.conversation_id)
    else:
        assert await store.conversations.purge(clock.now + timedelta(days=1)) == 1
    held = [path.name for path in tmp_path.iterdir() if CANARY.encode() in path.read_bytes()]
    await store.close()
    assert held == []
    assert not [path.name for path in tmp_path.iterdir() if CANARY.encode() in path.read_bytes()]


async def test_words_that_a_backup_still_reads_are_overwritten_once_it_is_done(tmp_path):
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/advocate.db")
    handover = await spoken_with(store)
    await close(store, handover)
    with closing(find_sqlite().connect(tmp_path / "advocate.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        await store.conversations.erase(handover.conversation_id)
        waiting = [store.conversations.is_overwritten]
        assert CANARY.encode() in (tmp_path / "advocate.db-wal").read_bytes()
        await store.conversations.finish_erasing()
        waiting.append(store.conversations.is_overwritten)
        reader.execute("ROLLBACK")
    await store.conversations.finish_erasing()
    assert [*waiting, store.conversations.is_overwritten] == [False, False, True]
    assert not [path.name for path in tmp_path.iterdir() if CANARY.encode() in path.read_bytes()]
    await store.close()


async def test_what_rested_long_enough_is_purged_but_nobody_who_waits(database_url):
    clock = TurnedClock()
    store = await Store.open(database_url, clock=clock)
    closed, waiting, quiet = await claimed(store), await start(store), await start(store)
    await close(store, closed)
    await say(store, waiting.conversation_id, "My knee is swollen.")
    elsewhere = await start(store, site="other")
    clock.turn(days=30)
    recent = await start(store)
    await say(store, recent.conversation_id, "How long is a visit?", Label.ANSWER)
    assert await store.conversations.purge(clock.now - timedelta(days=1), site="kneecare") == 2
    assert await store.conversations.find(quiet.conversation_id, quiet.token) is None
    for started in (waiting, elsewhere, recent):
        assert await store.conversations.find(started.conversation_id, started.token)
    [entry] = [one for one in await store.audits("kneecare") if one.action == "purged"]
    assert entry.detail["conversations"] == 2
    await store.close()
