"""What visitors typed last, and in vain: read, never kept."""

from __future__ import annotations

from kb.labels import Label
from server.core.reply import Candidate, Reply, Trace
from server.storage import Store, VisitorMessage
from tests.server.web.stand_in import BUILD, StandIn

SITE = "kneecare"


async def say(store: Store, conversation_id: str, text: str, reply: Reply) -> None:
    await store.conversations.receive(conversation_id, VisitorMessage(text, f"key of {text}"), reply)


def outside(nearest: str) -> Reply:
    return Reply(Label.OUT_OF_KB, "Not here.", BUILD, trace=Trace(candidates=(Candidate(nearest, None, 0.2),)))


async def test_the_last_questions_of_a_site_are_read_newest_first_and_erased_ones_never(store: Store):
    first, second = [await store.conversations.start(SITE, language="en", page_url=None) for _ in range(2)]
    other = await store.conversations.start("hipcare", language="en", page_url=None)
    for started, text in ((first, "one"), (second, "two"), (first, "three"), (other, "of hips")):
        await say(store, started.conversation_id, text, outside("p-1"))
    assert await store.asked.last(SITE, 2) == ["three", "two"]
    await store.conversations.erase(first.conversation_id)
    assert await store.asked.last(SITE, 9) == ["two"]
    assert [one.text for one in await store.asked.in_vain(SITE, 9)] == ["two"]


async def test_in_vain_is_what_the_page_did_not_answer_and_what_did_not_help(store: Store):
    started = await store.conversations.start(SITE, language="en", page_url=None)
    answers = StandIn()
    quoted = await answers.reply(SITE, "What is a trigger point?")
    await say(store, started.conversation_id, "Do you take Visa?", outside("p-7"))
    await say(store, started.conversation_id, "What is a trigger point?", quoted)
    events = await store.conversations.events(started.conversation_id)
    seq = next(one.seq for one in events if one.reply and one.reply.quotes)
    passage = quoted.quotes[0].passage_id
    await store.conversations.leave_feedback(started.conversation_id, seq, passage, False, "k")
    found = await store.asked.in_vain(SITE, 9)
    assert [(one.text, one.nearest, one.is_unhelpful) for one in found] == [
        ("What is a trigger point?", passage, True),
        ("Do you take Visa?", "p-7", False),
    ]
