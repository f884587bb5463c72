import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.core.handing.handover import Step
from server.storage import Words
from tests.server.storage.clinic import PAT, claimed, handed_over

DROP_TRIGGERS = {
    "sqlite": ["DROP TRIGGER audit_refuses_update", "DROP TRIGGER audit_refuses_delete"],
    "postgresql": ["ALTER TABLE audit DISABLE TRIGGER audit_is_append_only"],
}
KEEP_TRIGGERS = {
    "sqlite": [],
    "postgresql": ["ALTER TABLE audit ENABLE TRIGGER audit_is_append_only"],
}


async def execute(store, *statements):
    await store.database.write(lambda tx: [tx.run(text(one)) for one in statements])


async def test_staff_actions_and_reads_are_recorded_without_a_word_of_the_visitor(store):
    handover = await handed_over(store, "canary words")
    await store.conversations.transcript(handover.conversation_id, PAT)
    await store.handovers.step(handover.handover_id, Step.CLAIM, version=1, user=PAT)
    await store.conversations.write(handover.conversation_id, PAT, Words("canary too"), seen_seq=3, key="key")
    entries = await store.audits("kneecare")
    assert [(one.number, one.actor, one.action, one.about) for one in reversed(entries)] == [
        (1, PAT.user_id, "read", handover.conversation_id),
        (2, PAT.user_id, "handover claim", handover.handover_id),
        (3, PAT.user_id, "message", handover.conversation_id),
    ]
    assert "canary" not in str(entries)
    assert await store.verify_audit() == []


async def test_an_act_and_its_entry_are_stored_together(store, monkeypatch):
    handover = await handed_over(store)

    def broken(*_arguments, **_named):
        raise OSError("no audit")

    monkeypatch.setattr("server.storage.handing.stepping.audit.record", broken)
    with pytest.raises(Exception, match="OSError"):
        await store.handovers.step(handover.handover_id, Step.CLAIM, version=1, user=PAT)
    assert (await store.handovers.get(handover.handover_id)).status == "waiting"


async def test_each_site_has_its_own_chain(store):
    for site in ("kneecare", "other", "kneecare", ""):
        await store.audit(site, "operator", "export", "all", {"rows": 3})
    assert [one.number for one in await store.audits("kneecare")] == [2, 1]
    assert [one.number for one in await store.audits("other")] == [1]
    assert await store.verify_audit() == []


async def test_entries_cannot_be_changed(store):
    await store.audit("kneecare", "operator", "export", "all")
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="never changed"):
            await execute(store, statement)


@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        (["UPDATE audit SET actor = 'x' WHERE number = 3"], "was altered"),
        (["UPDATE audit SET detail = '{}' WHERE number = 3"], "was altered"),
        (["DELETE FROM audit WHERE number = 3"], "missing"),
        (["DELETE FROM audit WHERE number = 1"], "missing"),
        (["DELETE FROM audit WHERE number = 5"], "does not end"),
        (["DELETE FROM audit"], "does not end"),
        (
            [
                "UPDATE audit SET number = 9 WHERE number = 3",
                "UPDATE audit SET number = 3 WHERE number = 4",
                "UPDATE audit SET number = 4 WHERE number = 9",
            ],
            "does not follow",
        ),
    ],
)
async def test_tampering_behind_our_back_is_found(store, engine_name, tampering, what):
    for number in range(5):
        await store.audit("kneecare", "operator", "export", "all", {"rows": number})
    await execute(store, *DROP_TRIGGERS[engine_name], *tampering, *KEEP_TRIGGERS[engine_name])
    faults = await store.verify_audit()
    assert any(what in fault.what for fault in faults)
    assert {fault.site for fault in faults} == {"kneecare"}


async def test_many_at_once_make_one_whole_chain(store):
    import asyncio

    await asyncio.gather(*(claimed(store) for _ in range(8)))
    assert [one.number for one in await store.audits("kneecare")] == list(range(8, 0, -1))
    assert await store.verify_audit() == []
