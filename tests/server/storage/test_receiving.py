import asyncio
import json

import pytest

from kb.labels import Label
from server.core.handing.alerts import Reach
from server.core.handing.handover import Closing, Closure, Status, Step
from server.core.reply import Trace
from server.storage import Erased, KeyReused, NotFound, VisitorMessage
from server.storage.database.transactions import Transaction
from tests.server.storage.clinic import PAT, claimed, handed_over, keys, kinds, reply, say, start

HOOK = Reach(has_webhook=True)


class Fault(Exception):
    pass


async def test_a_message_its_reply_its_handover_its_alerts_and_its_key_are_stored_together_or_not_at_all(
    store, monkeypatch
):
    started = await start(store)
    message = VisitorMessage("My knee is swollen.", "key")
    plain_run, plain_value = Transaction.run, Transaction.value
    left = 0

    def failing(plain):
        def call(self, *arguments):
            nonlocal left
            left -= 1
            if left < 0:
                raise Fault
            return plain(self, *arguments)

        return call

    monkeypatch.setattr(Transaction, "run", failing(plain_run))
    monkeypatch.setattr(Transaction, "value", failing(plain_value))
    for point in range(7):  # handover, its ladder, alerts, the next rung, numbers, events, key
        left = point
        with pytest.raises(Fault):
            await store.conversations.receive(started.conversation_id, message, reply(Label.CLINICAL), HOOK)
        assert await store.conversations.events(started.conversation_id) == []
        assert await store.handovers.of_conversation(started.conversation_id) is None
        assert (await store.conversations.get(started.conversation_id)).last_seq == 0
    left = 7
    received = await store.conversations.receive(started.conversation_id, message, reply(Label.CLINICAL), HOOK)
    assert left == 0
    assert not received.is_repeat
    monkeypatch.undo()
    assert [one.handover_id for one in await store.alerts.take()] == [received.handover_id]


async def test_a_clinical_message_opens_a_handover_and_says_that_it_was_passed_on(store):
    started = await start(store)
    received = await say(store, started.conversation_id, "My knee is swollen.")
    assert received.message.body == {"text": "My knee is swollen."}
    assert received.reply.reply.handed_over is True
    assert received.reply.reply.message == "The clinical reply. I have passed your message on."
    handover = await store.handovers.of_conversation(started.conversation_id)
    assert (handover.handover_id, handover.reason, handover.urgent) == (received.handover_id, Label.CLINICAL, False)
    assert (handover.status, handover.version, handover.alerts) == (Status.WAITING, 1, 1)
    assert (handover.first_text, handover.page_url) == ("My knee is swollen.", "https://clinic.example/knee")
    assert handover.decision.rules == ("own-symptom",) and handover.decision.candidates[0].passage_id == "p1"
    assert (await store.conversations.get(started.conversation_id)).status == "waiting"


async def test_an_answer_hands_nothing_over(store):
    started = await start(store)
    received = await say(store, started.conversation_id, "How long is a visit?", Label.ANSWER)
    assert await kinds(store, started.conversation_id) == ["visitor message", "assistant quote"]
    assert received.handover_id is None
    assert received.reply.reply == reply(Label.ANSWER)
    assert await store.handovers.inbox(["*"]) == []
    assert (await store.conversations.get(started.conversation_id)).status == "assistant"


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        (Label.EMERGENCY, "emergency"),
        (Label.OTHER_LANGUAGE, "handover"),
        (Label.HUMAN, "handover"),
        (Label.OUT_OF_KB, "handover"),
        (Label.SMALLTALK, "message"),
    ],
)
async def test_each_label_has_its_kind_of_event(store, label, kind):
    started = await start(store)
    received = await say(store, started.conversation_id, "Hello.", label)
    assert (received.reply.kind, received.reply.author) == (kind, "assistant")


async def test_the_visitors_log_holds_no_trace_but_staff_can_explain_each_message(store):
    handover = await handed_over(store)
    for event in await store.conversations.events(handover.conversation_id):
        assert "trace" not in str(event.body) and (event.reply is None or event.reply.trace == Trace())
    decision = (await store.conversations.decisions(handover.conversation_id))[1]
    assert (decision.label, decision.build, decision.gate) == (Label.CLINICAL, "build-1", {"clinical": 0.9})


async def test_the_same_message_again_gets_the_same_reply_and_is_stored_once(store):
    started = await start(store)
    message = VisitorMessage("My knee is swollen.", "key")
    first = await store.conversations.receive(started.conversation_id, message, reply(Label.CLINICAL))
    again = await store.conversations.receive(started.conversation_id, message, reply(Label.HUMAN))
    assert again == first and again.is_repeat
    assert json.dumps(again.reply.reply.as_json()) == json.dumps(first.reply.reply.as_json())
    assert len(await store.conversations.events(started.conversation_id)) == 2
    assert (await store.handovers.get(first.handover_id)).alerts == 1


async def test_the_same_key_for_other_words_is_refused(store):
    started = await start(store)
    await store.conversations.receive(started.conversation_id, VisitorMessage("One", "key"), reply(Label.HUMAN))
    for other in (VisitorMessage("Two", "key"), VisitorMessage("One", "key", choose="p1")):
        with pytest.raises(KeyReused):
            await store.conversations.receive(started.conversation_id, other, reply(Label.HUMAN))
    with pytest.raises(KeyReused):
        await store.conversations.ask_for_person(started.conversation_id, reply(Label.HUMAN), "key")
    assert len(await store.conversations.events(started.conversation_id)) == 2


async def test_a_key_belongs_to_one_conversation(store):
    one, other = await start(store), await start(store)
    for started in (one, other):
        received = await store.conversations.receive(
            started.conversation_id, VisitorMessage("One", "key"), reply(Label.HUMAN)
        )
        assert not received.is_repeat


async def test_twenty_copies_at_once_are_one_message(store):
    started = await start(store)
    message = VisitorMessage("My knee is swollen.", "key")
    copies = [store.conversations.receive(started.conversation_id, message, reply(Label.CLINICAL)) for _ in range(20)]
    received = await asyncio.gather(*copies)
    assert all(one == received[0] for one in received)
    assert [one.is_repeat for one in received].count(False) == 1
    assert len(await store.conversations.events(started.conversation_id)) == 2
    assert len(await store.handovers.inbox(["*"])) == 1


async def test_ten_writers_at_once_leave_no_gap_for_a_reader(store):
    started = await start(store)
    seen: list[int] = []

    async def write(writer):
        for number in range(6):
            await say(store, started.conversation_id, f"{writer}-{number}", Label.SMALLTALK)

    async def read():
        while len(seen) < 120:
            after = seen[-1] if seen else 0
            seen.extend(event.seq for event in await store.conversations.events(started.conversation_id, after=after))

    await asyncio.wait_for(asyncio.gather(read(), *(write(writer) for writer in range(10))), timeout=30)
    assert seen == list(range(1, 121))


async def test_a_reply_stands_right_after_its_message(store):
    started = await start(store)
    received = await asyncio.gather(*(say(store, started.conversation_id, f"{n}") for n in range(10)))
    assert all(one.reply.seq == one.message.seq + 1 for one in received)


async def test_another_gated_message_calls_again_for_the_same_handover(store):
    handover = await handed_over(store, label=Label.OUT_OF_KB)
    received = await say(store, handover.conversation_id, "I can't breathe.", Label.EMERGENCY)
    assert received.handover_id == handover.handover_id
    assert received.reply.reply.handed_over is True
    [row] = await store.handovers.inbox(["kneecare"])
    assert (row.urgent, row.reason, row.alerts, row.version) == (True, Label.EMERGENCY, 2, handover.version)
    assert row.waiting_since == handover.waiting_since
    received = await say(store, handover.conversation_id, "What does it cost?", Label.OUT_OF_KB)
    [row] = await store.handovers.inbox(["kneecare"])
    assert (row.urgent, row.reason, row.alerts) == (True, Label.EMERGENCY, 3)


async def test_while_nobody_has_claimed_the_assistant_still_answers(store):
    handover = await handed_over(store)
    received = await say(store, handover.conversation_id, "How long is a visit?", Label.ANSWER)
    assert received.reply.kind == "quote"
    assert (await store.conversations.get(handover.conversation_id)).status == "waiting"


@pytest.mark.parametrize("label", sorted(set(Label) - {Label.EMERGENCY}))
async def test_after_a_claim_the_assistant_is_silent(store, label):
    handover = await claimed(store)
    received = await say(store, handover.conversation_id, "Hello?", label)
    assert received.reply is None
    assert (await kinds(store, handover.conversation_id))[-2:] == ["system claimed", "visitor message"]
    assert (await store.handovers.get(handover.handover_id)).alerts == 1


async def test_after_a_claim_an_emergency_shows_its_card_and_calls_all_staff(store):
    handover = await claimed(store)
    message = VisitorMessage("I can't breathe.", "key")
    received = await store.conversations.receive(handover.conversation_id, message, reply(Label.EMERGENCY))
    assert (received.reply.kind, received.reply.author) == ("emergency", "system")
    assert received.reply.reply.handed_over is True
    now = await store.handovers.get(handover.handover_id)
    assert (now.status, now.claimed_by_name, now.urgent, now.alerts) == (Status.CLAIMED, "Pat", True, 2)
    again = await store.conversations.receive(handover.conversation_id, message, reply(Label.EMERGENCY))
    assert again == received


async def test_no_reply_of_the_assistant_stands_after_a_claim_however_close_they_come(store):
    for _ in range(10):
        handover = await handed_over(store)
        await asyncio.gather(
            *(say(store, handover.conversation_id, "And?", Label.ANSWER) for _ in range(3)),
            store.handovers.step(handover.handover_id, Step.CLAIM, version=1, user=PAT),
            *(say(store, handover.conversation_id, "And now?", Label.CLINICAL) for _ in range(3)),
        )
        told = await kinds(store, handover.conversation_id)
        after = told[told.index("system claimed") + 1 :]
        assert set(after) <= {"visitor message"}


async def test_after_a_close_the_assistant_answers_again_and_may_open_a_new_handover(store):
    handover = await claimed(store)
    await store.handovers.step(handover.handover_id, Step.CLOSE, version=2, user=PAT, closure=Closure(Closing.ANSWERED))
    assert (await store.conversations.get(handover.conversation_id)).status == "closed"
    await say(store, handover.conversation_id, "How long is a visit?", Label.ANSWER)
    assert (await store.conversations.get(handover.conversation_id)).status == "assistant"
    received = await say(store, handover.conversation_id, "It hurts again.", Label.CLINICAL)
    assert received.handover_id != handover.handover_id
    assert (await store.handovers.of_conversation(handover.conversation_id)).handover_id == received.handover_id
    assert (await store.conversations.get(handover.conversation_id)).status == "waiting"


async def test_a_person_can_be_asked_for_without_a_word(store):
    started = await start(store)
    received = await store.conversations.ask_for_person(started.conversation_id, reply(Label.HUMAN), "key")
    assert received.message is None and received.reply.reply.handed_over is True
    [row] = await store.handovers.inbox(["*"])
    assert (row.reason, row.first_line) == (Label.HUMAN, "")
    again = await store.conversations.ask_for_person(started.conversation_id, reply(Label.HUMAN), "key")
    assert again == received and again.is_repeat
    with pytest.raises(ValueError, match="hands nothing over"):
        await store.conversations.ask_for_person(started.conversation_id, reply(Label.SMALLTALK), "key")


async def test_asking_for_a_person_who_is_there_already_changes_nothing(store):
    handover = await claimed(store)
    received = await store.conversations.ask_for_person(handover.conversation_id, reply(Label.HUMAN), next(keys))
    assert (received.message, received.reply) == (None, None)


@pytest.mark.parametrize("text", ["\0", "\ud800 half", "🦵🏽 ¿duele?", "'; DROP TABLE event; --", "x" * 4000])
async def test_any_text_comes_back_as_it_was_typed(store, text):
    started = await start(store)
    handed = await say(store, started.conversation_id, text)
    [typed] = (await store.conversations.hear(started.conversation_id, started.token)).texts
    assert typed == text == (await store.handovers.get(handed.handover_id)).first_text


async def test_an_unknown_conversation_takes_no_message(store):
    with pytest.raises(NotFound):
        await say(store, "0" * 32, "Hello?")


async def test_an_erased_conversation_takes_no_message(store):
    started = await start(store)
    await store.conversations.erase(started.conversation_id)
    with pytest.raises(Erased):
        await say(store, started.conversation_id, "Hello?")
