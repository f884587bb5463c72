"""A visitor who left hears by mail that a person answered: a real mail server, a clock that is turned, links that open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.channels import open_channels
from server.core.handing.handover import Step
from server.rounds.returning import WritingToVisitors
from server.settings import Settings
from server.storage import Handover, Letter, Store, Words
from tests.server.channels.receivers import Mailbox, free_port, mail_server
from tests.server.storage.clinic import PAT, TurnedClock, claimed

WALTER = "walter@quill.example"
ANSWER = "A sore calf after a scan is worth a call."
ADDRESS = "https://chat.clinic.example"


class Post:
    """The clinic's mail server, and the worker that writes to visitors."""

    def __init__(self, store: Store) -> None:
        self.store, self.box, self.port = store, Mailbox(), free_port()
        settings = Settings(smtp_url=f"smtp://127.0.0.1:{self.port}", alert_to="pat@clinic.example")
        self.worker = WritingToVisitors(store, open_channels(settings), ADDRESS, lambda _site: "KneeCare")

    def links(self) -> list[str]:
        """The tokens of the links that arrived."""
        bodies = [one.get_content() for one in self.box.messages]
        return [body.split(f"{ADDRESS}/return/")[1].split()[0] for body in bodies]


@pytest.fixture
def post(store: Store) -> Iterator[Post]:
    post = Post(store)
    with mail_server(post.box, post.port):
        yield post


async def asked_for_mail(store: Store, *, mail_me: bool = True) -> Handover:
    """Pat has the conversation of a visitor who left an address, with or without the wish for a mail."""
    handover = await claimed(store)
    letter = Letter("Walter Quill", WALTER, "", share_earlier=False, mail_me=mail_me)
    await store.conversations.complete_letter(handover.conversation_id, letter)
    return handover


async def pat_answers(store: Store, handover: Handover, key: str = "1") -> int:
    last = (await store.conversations.get(handover.conversation_id)).last_seq
    event = await store.conversations.write(handover.conversation_id, PAT, Words(ANSWER), seen_seq=last, key=key)
    return event.seq


async def test_who_left_gets_a_link_and_no_word_of_the_chat(store: Store, clock: TurnedClock, post: Post):
    handover = await asked_for_mail(store)
    await pat_answers(store, handover)
    clock.turn(seconds=59)
    assert await post.worker.work() == 0  # they may be reading it
    clock.turn(seconds=1)
    assert await post.worker.work() == 1 and await post.worker.work() == 0
    [mail] = post.box.messages
    assert post.box.recipients == [WALTER] and "KneeCare" not in mail["subject"]
    for secret in (ANSWER, "My knee is swollen.", "Walter Quill", "Pat", handover.conversation_id):
        assert secret not in mail.as_string()
    [token] = post.links()
    assert await store.returning.of_link(token) == handover.conversation_id
    assert (await store.conversations.find(handover.conversation_id, token)) is not None
    wish = await store.returning.wish_of(handover.conversation_id)
    assert wish is not None and wish.mailed_at == clock.now


async def test_who_saw_it_gets_none_and_one_mail_is_enough_until_they_look(
    store: Store, clock: TurnedClock, post: Post
):
    handover = await asked_for_mail(store)
    seq = await pat_answers(store, handover)
    await store.returning.saw(handover.conversation_id, seq)
    clock.turn(minutes=5)
    assert await post.worker.work() == 0
    await pat_answers(store, handover, "2")
    await pat_answers(store, handover, "3")
    clock.turn(minutes=5)
    assert await post.worker.work() == 1
    last = await pat_answers(store, handover, "4")
    clock.turn(minutes=5)
    assert await post.worker.work() == 0  # told once that there is something to read
    await store.returning.saw(handover.conversation_id, last + 1000)  # more than there is: as far as there is
    await pat_answers(store, handover, "5")
    clock.turn(minutes=5)
    assert await post.worker.work() == 1


async def test_nobody_is_written_to_who_did_not_ask_or_asks_no_more(store: Store, clock: TurnedClock, post: Post):
    for handover in (await asked_for_mail(store, mail_me=False), stopped := await asked_for_mail(store)):
        await pat_answers(store, handover)
    await store.returning.stop(stopped.conversation_id)
    clock.turn(hours=1)
    assert await post.worker.work() == 0 and not post.box.messages


async def test_a_mail_server_that_refuses_is_tried_again_and_staff_read_why(
    store: Store, clock: TurnedClock, post: Post
):
    handover = await asked_for_mail(store)
    await pat_answers(store, handover)
    post.box.answer = "451 later"
    clock.turn(minutes=2)
    assert await post.worker.work() == 1
    wish = await store.returning.wish_of(handover.conversation_id)
    assert wish is not None and wish.mailed_at is None and "refused" in wish.error
    assert await post.worker.work() == 0  # not at once
    post.box.answer = "250 OK"
    clock.turn(minutes=1)
    assert await post.worker.work() == 1 and len(post.box.messages) == 1
    wish = await store.returning.wish_of(handover.conversation_id)
    assert wish is not None and wish.error == ""


async def test_a_link_ends_after_a_week_and_with_the_chat(store: Store, clock: TurnedClock, post: Post):
    old, erased = await asked_for_mail(store), await asked_for_mail(store)
    for handover in (old, erased):
        await pat_answers(store, handover)
    clock.turn(minutes=2)
    assert await post.worker.work() == 2
    of = {await store.returning.of_link(token): token for token in post.links()}
    await store.conversations.erase(erased.conversation_id)
    assert await store.returning.of_link(of[erased.conversation_id]) is None
    assert await store.returning.wish_of(erased.conversation_id) is None
    clock.turn(days=7)
    assert await store.returning.of_link(of[old.conversation_id]) is None
    assert await store.conversations.find(old.conversation_id, of[old.conversation_id]) is None


async def test_a_link_opens_its_own_conversation_alone(store: Store, clock: TurnedClock, post: Post):
    handover, other = await asked_for_mail(store), await claimed(store)
    await pat_answers(store, handover)
    clock.turn(minutes=2)
    await post.worker.work()
    [token] = post.links()
    assert await store.conversations.find(other.conversation_id, token) is None
    await store.handovers.step(handover.handover_id, Step.RETURN, version=handover.version, user=PAT)
    assert (await store.conversations.find(handover.conversation_id, token)) is not None
