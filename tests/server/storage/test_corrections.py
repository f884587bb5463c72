import pytest

from kb.labels import Label
from server.storage import NotFound
from tests.server.storage.clinic import PAT, SAM, TEXT, answered, kinds, say, start


def word(question):
    return f"Not right: {question}"


async def test_an_answer_marked_wrong_is_corrected_once_and_proposed_with_what_was_shown(store):
    conversation_id, seq = await answered(store)
    for user in (PAT, SAM):
        await store.corrections.mark_wrong(conversation_id, user, seq, word)
    assert (await kinds(store, conversation_id)).count("system correction") == 1
    told = (await store.conversations.events(conversation_id))[-1]
    assert told.body == {"text": "Not right: How long is a visit?"}
    [proposal] = await store.corrections.proposed("kneecare")
    assert (proposal.text, proposal.label, proposal.shown) == ("How long is a visit?", Label.ANSWER, (TEXT,))
    assert proposal.author == "Pat" and await store.corrections.proposed("other") == []
    await store.corrections.decide(proposal)
    assert await store.corrections.proposed("kneecare") == []
    await store.corrections.mark_wrong(conversation_id, PAT, seq, word)
    assert await store.corrections.proposed("kneecare") == []


async def test_only_an_answer_that_staff_may_read_can_be_marked_wrong(store):
    conversation_id, seq = await answered(store)
    for wrong in (seq - 1, seq + 1, 1, 2):
        with pytest.raises(NotFound, match="Only an answer"):
            await store.corrections.mark_wrong(conversation_id, PAT, wrong, word)
    unshared = (await start(store)).conversation_id
    received = await say(store, unshared, "How long is a visit?", Label.ANSWER)
    await say(store, unshared, "My knee is swollen.")
    with pytest.raises(NotFound, match="Only an answer"):
        await store.corrections.mark_wrong(unshared, PAT, received.reply.seq, word)


async def test_what_is_erased_is_proposed_no_more(store):
    conversation_id, seq = await answered(store)
    await store.corrections.mark_wrong(conversation_id, PAT, seq, word)
    await store.conversations.erase(conversation_id)
    assert await store.corrections.proposed("kneecare") == []
