import pytest

from kb.labels import Label
from server.core.handing.handover import Step
from server.storage import KeyReused, Letter, NotClaimed, NotFound, StaleView, Words
from tests.server.storage.clinic import PAT, SAM, claimed, handed_over, kinds, say, start

LETTER = Letter("Jo", "jo@home.example", "Please call after five.", share_earlier=False)


async def test_a_conversation_is_found_by_its_token_alone(store):
    one, other = await start(store), await start(store)
    found = await store.conversations.find(one.conversation_id, one.token)
    assert (found.conversation_id, found.site, found.status, found.last_seq) == (
        one.conversation_id,
        "kneecare",
        "assistant",
        0,
    )
    assert await store.conversations.find(one.conversation_id, other.token) is None
    assert await store.conversations.find(one.conversation_id, "") is None
    assert await store.conversations.find(one.conversation_id, "\ud800") is None
    for unknown in ("0" * 32, "\0", "\ud800", "x" * 5000):
        assert await store.conversations.find(unknown, one.token) is None


async def test_a_receipt_is_found_however_it_is_typed(store):
    started = await start(store)
    for typed in (started.receipt, started.receipt.lower(), f" {started.receipt.replace('-', ' ')}\n"):
        assert (await store.conversations.find_by_receipt(typed)).conversation_id == started.conversation_id
    assert await store.conversations.find_by_receipt("") is None
    assert await store.conversations.find_by_receipt(started.receipt[:-1]) is None


async def test_ids_and_tokens_are_long_and_never_alike(store):
    started = [await start(store) for _ in range(20)]
    assert len({one.token for one in started} | {one.receipt for one in started}) == 40
    assert all(len(one.conversation_id) == 32 and len(one.token) == 43 and len(one.receipt) == 29 for one in started)


async def test_the_assistant_is_given_the_latest_messages_of_the_visitor(store):
    started = await start(store)
    conversation_id = started.conversation_id
    received = await say(store, conversation_id, "My knee is swollen.")
    await store.handovers.step(received.handover_id, Step.CLAIM, version=1, user=PAT)
    for number in range(8):
        await say(store, conversation_id, str(number))
    await store.conversations.write(conversation_id, PAT, Words("Hello"), seen_seq=99, key="key")
    await store.conversations.complete_letter(conversation_id, LETTER)
    heard = await store.conversations.hear(conversation_id, started.token)
    assert heard.texts == ("2", "3", "4", "5", "6", "7")
    assert heard.conversation == await store.conversations.get(conversation_id)
    assert await store.conversations.hear(conversation_id, "another token") is None


@pytest.mark.parametrize(("after", "seqs"), [(0, [1, 2]), (1, [2]), (2, []), (-5, [1, 2]), (10**30, [])])
async def test_a_reader_gets_what_came_after_any_number(store, after, seqs):
    handover = await handed_over(store)
    read = await store.conversations.events(handover.conversation_id, after=after)
    assert [event.seq for event in read] == seqs
    assert [event.seq for event in await store.conversations.events(handover.conversation_id, limit=1)] == [1]


async def test_an_advocate_writes_in_a_claimed_conversation(store):
    handover = await claimed(store)
    event = await store.conversations.write(handover.conversation_id, PAT, Words("I am here."), seen_seq=3, key="key")
    assert (event.kind, event.author, event.body) == ("message", "advocate", {"name": "Pat", "text": "I am here."})
    again = await store.conversations.write(handover.conversation_id, PAT, Words("I am here."), seen_seq=3, key="key")
    assert again == event
    with pytest.raises(KeyReused):
        await store.conversations.write(handover.conversation_id, PAT, Words("Other words."), seen_seq=3, key="key")


async def test_only_who_has_claimed_writes(store):
    handover = await handed_over(store)
    with pytest.raises(NotClaimed):
        await store.conversations.write(handover.conversation_id, PAT, Words("Hello"), seen_seq=9, key="key")
    await store.handovers.step(handover.handover_id, Step.CLAIM, version=1, user=PAT)
    with pytest.raises(NotClaimed):
        await store.conversations.write(handover.conversation_id, SAM, Words("Hello"), seen_seq=9, key="key")


async def test_an_advocate_who_missed_words_of_the_visitor_is_shown_them_first(store):
    handover = await claimed(store)
    said = await say(store, handover.conversation_id, "It got worse.")
    with pytest.raises(StaleView) as stale:
        await store.conversations.write(handover.conversation_id, PAT, Words("Fine then."), seen_seq=3, key="key")
    assert stale.value.missed == (said.message,)
    await store.conversations.write(
        handover.conversation_id, PAT, Words("I see."), seen_seq=said.message.seq, key="key"
    )


async def test_a_letter_completes_the_handover_and_the_visitor_need_not_stay(store):
    handover = await handed_over(store)
    event = await store.conversations.complete_letter(handover.conversation_id, LETTER)
    assert (event.kind, event.author) == ("handover", "visitor")
    assert event.body["letter"]["contact"] == "jo@home.example" and "suspected_spam" not in event.body["letter"]
    now = await store.handovers.get(handover.handover_id)
    assert (now.letter, now.status, now.version) == (LETTER, "call_back", handover.version)
    assert await store.conversations.complete_letter(handover.conversation_id, LETTER) == event
    now = await store.handovers.step(handover.handover_id, Step.CLAIM, version=handover.version, user=PAT)
    assert now.status == "claimed"


async def test_a_letter_without_a_handover_opens_one(store):
    started = await start(store)
    await store.conversations.complete_letter(started.conversation_id, LETTER)
    [row] = await store.handovers.inbox(["*"])
    assert (row.reason, row.has_letter, row.first_line) == (Label.HUMAN, True, "Please call after five.")
    assert await kinds(store, started.conversation_id) == ["visitor handover"]


async def test_a_letter_that_looks_like_spam_is_kept_and_marked(store):
    started = await start(store)
    spam = Letter("Jo", "", "Buy now", share_earlier=False, suspected_spam=True)
    await store.conversations.complete_letter(started.conversation_id, spam)
    [row] = await store.handovers.inbox(["*"])
    assert row.suspected_spam and row.status == "waiting"


async def test_staff_read_from_the_message_that_was_handed_over(store):
    started = await start(store)
    await say(store, started.conversation_id, "How long is a visit?", Label.ANSWER)
    with pytest.raises(NotFound):
        await store.conversations.transcript(started.conversation_id, PAT)
    await say(store, started.conversation_id, "My knee is swollen.")
    transcript = await store.conversations.transcript(started.conversation_id, PAT)
    assert [event.seq for event in transcript.events] == [3, 4] and transcript.hides_earlier
    await store.conversations.complete_letter(
        started.conversation_id, Letter("Jo", "555", "Thanks", share_earlier=True)
    )
    transcript = await store.conversations.transcript(started.conversation_id, PAT)
    assert [event.seq for event in transcript.events] == [1, 2, 3, 4, 5] and not transcript.hides_earlier


async def test_feedback_is_kept_for_a_quote_that_was_sent(store):
    started = await start(store)
    sent = await say(store, started.conversation_id, "How long is a visit?", Label.ANSWER)
    for key, helpful in (("one", True), ("one", True), ("two", False)):
        await store.conversations.leave_feedback(started.conversation_id, sent.reply.seq, "p1", helpful, key)
    with pytest.raises(KeyReused):
        await store.conversations.leave_feedback(started.conversation_id, sent.reply.seq, "p1", True, "two")
    for seq, passage_id in ((sent.message.seq, "p1"), (10**30, "p1"), (sent.reply.seq, "p2")):
        with pytest.raises(NotFound):
            await store.conversations.leave_feedback(started.conversation_id, seq, passage_id, True, "three")


async def test_the_system_can_add_a_line(store):
    started = await start(store)
    event = await store.conversations.append(started.conversation_id, "correction", {"seq": 2}, "system")
    assert await store.conversations.events(started.conversation_id) == [event]
