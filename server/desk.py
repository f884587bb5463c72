"""What happens in a conversation: joins the assistant, the store and the wake-ups. Every door comes through here.

The store is the truth. What a method of the visitor's side returns is committed, or NotStored was raised and its
reply says so.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from kb.errors import AdvocateError
from kb.labels import Label
from kb.policy import FixedText
from server.answers.admission import Room, turns_of
from server.answers.answering import Answering
from server.core.handing.alerts import NO_ONE, Reach
from server.core.handing.handover import Closure, Status, Step
from server.core.reply import Reply
from server.core.typed import bare_address, judged, mended
from server.rounds.failing import Unstored
from server.rounds.following import Following, Typing
from server.storage.database.faults import StorageUnavailable
from server.storage.handing.handed_over import Handover, InboxRow, Letter
from server.storage.handing.stepping import Move
from server.storage.people.staff import User
from server.storage.store import Store
from server.storage.talks.conversations import Conversation, Started, Transcript, Words
from server.storage.talks.events import Author, ConversationStatus, Event
from server.storage.talks.receiving import Received, VisitorMessage

TYPING_S = 3.0  # one sign of typing in this time, each way
EMERGENCY_PATIENCE_S = 2.0  # an emergency's reply waits no longer than this for the store
OPENINGS_KEPT = 500  # a form sent twice opens one conversation
OFFERS_LOOKED_BACK = 40  # events in which a choice may still be "just offered"


T = TypeVar("T")


class UnknownConversation(AdvocateError):
    """No conversation has this id and token together."""


class PassageNotOffered(AdvocateError):
    """A visitor chose a passage that the last offer did not hold."""


class QuoteChanged(AdvocateError):
    """A passage an advocate picked is no longer what they read when they picked it."""


class NotStored(AdvocateError):
    """A message could not be stored, so nobody was told. `reply` is what the visitor is shown instead."""

    def __init__(self, reply: Reply, why: str = "This could not be stored, so nobody was told.") -> None:
        super().__init__(f"{why} Send it again with the same Idempotency-Key.")
        self.reply = reply


class Busy(NotStored):
    """There was no room for a message, so nothing was done with it. `reply` has the emergency words."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply, "Too many messages are being answered at this moment.")


@dataclass(frozen=True, slots=True)
class Pass:
    """What lets a visitor into a conversation."""

    conversation_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A message as the visitor typed it."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A heading the visitor tapped, of those just offered."""

    passage_id: str


@dataclass(frozen=True, slots=True)
class Picked:
    """A passage an advocate picked to quote, and the digest of the text they read."""

    passage_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a visitor sent, stored; and the conversation as it stood before."""

    conversation: Conversation
    received: Received

    @property
    def new_reply(self) -> Reply | None:
        """The reply, if this was the first time."""
        reply = self.received.reply
        return None if reply is None or self.received.is_repeat else reply.reply


class Desk:
    """Where visitors' messages arrive and advocates answer them."""

    def __init__(
        self, store: Store, assistants: Answering, *, reach: Reach = NO_ONE, clock: Callable[[], float] = monotonic
    ) -> None:
        """reach: whom alerts go to, besides who has the desk open."""
        self._store = store
        self._assistants = assistants
        self._reach = reach
        self._clock = clock
        self._room = Room()
        self.unstored = Unstored()
        self._following = Following(store.conversations, store.wakeups)
        self._is_stopping = False
        self._receiving: set[asyncio.Task[Any]] = set()
        self._openings: OrderedDict[str, asyncio.Task[Started]] = OrderedDict()
        self._typed_at: dict[tuple[str, Author], float] = {}

    # What a visitor does

    async def ask(self, site: str, text: str, history: Sequence[str] = ()) -> Reply:
        """Answer without a conversation: nothing is stored, nobody is told. Raises Busy."""
        with self._room_for(text, history):
            return await self._assistants.reply(site, judged(text), [judged(one) for one in history])

    def emergency(self, text: str) -> Reply | None:
        """The emergency reply if the rules call for it, whatever else works or not."""
        return self._assistants.find_emergency(judged(text))

    def unreachable(self, language: str = "en") -> Reply:
        """What a visitor is told when nobody could be: call the clinic, 911 or 988."""
        replies = self._assistants.policy.replies
        told = (in_language(text, language) for text in (replies.not_passed_on, replies.crisis_line))
        message = " ".join(told).strip()
        return Reply(label=Label.OUT_OF_KB, message=message, build="")

    def emergency_again(self, site: str, language: str, *, is_reached: bool) -> Reply:
        """What a visitor with an emergency is told when nobody came: call 911. is_reached: whether somebody can know of it."""
        replies, clinic = self._assistants.policy.replies, self._assistants.site(site)
        told = [in_language(replies.emergency, language)]
        if not is_reached:
            told.append(in_language(replies.not_passed_on, language))
            told += [f"{clinic.clinic}: {clinic.phone}"] if clinic.phone else []
        return Reply(label=Label.EMERGENCY, message=" ".join(told), handed_over=True, build="")

    async def start(
        self, site: str, *, language: str = "en", page_url: str | None = None, key: str | None = None
    ) -> Started:
        """Open a conversation. The same key again, within this process, gives the same one. Raises UnknownSite, NotStored."""
        with self._counting(key or f"a chat at {site}"):
            return await self._start(site, language=language, page_url=page_url, key=key)

    async def _start(self, site: str, *, language: str, page_url: str | None = None, key: str | None) -> Started:
        self._assistants.site(site)
        opening = self._openings.get(key) if key else None
        if opening is None:
            page = None if page_url is None else bare_address(page_url)
            starting = self._store.conversations.start(site, language=language, page_url=page)
            opening = asyncio.create_task(starting)
            if key:
                self._openings[key] = opening
                while len(self._openings) > OPENINGS_KEPT:
                    self._openings.popitem(last=False)
        try:
            return await asyncio.shield(opening)
        except StorageUnavailable:
            self._openings.pop(key or "", None)  # a failure is not kept: the next try may do better
            raise

    async def find(self, visitor: Pass) -> Conversation:
        """The visitor's conversation. Raises UnknownConversation for a wrong id and a wrong token alike."""
        return _known(await self._store.conversations.find(visitor.conversation_id, visitor.token))

    async def receive(self, visitor: Pass, message: Typed | Choice, key: str) -> Taken:
        """Take a visitor's message: decide, then store message, reply and handover in one transaction.

        The same key and message again give what they gave first. An emergency's reply does not wait for a slow store:
        NotStored carries it, storing goes on, and a retry with the same key finds what came of it.
        Raises UnknownConversation, KeyReused, PassageNotOffered, NotStored, Busy.
        """
        one = f"{visitor.conversation_id} {key}"
        return await self._stored_in_time(lambda: self._receive(visitor, message, key), message, key=one)

    async def receive_first(
        self, site: str, message: Typed | Choice, key: str, *, language: str = "en", start_key: str | None = None
    ) -> tuple[Started, Taken]:
        """Open a conversation with its first message. As `receive`, and raises UnknownSite."""

        async def open_and_receive() -> tuple[Started, Taken]:
            started = await self._start(site, language=language, key=start_key)
            return started, await self._receive(Pass(started.conversation_id, started.token), message, key)

        return await self._stored_in_time(open_and_receive, message, language, key=f"{site} {start_key} {key}")

    async def ask_for_person(self, visitor: Pass, key: str) -> Taken:
        """Hand over without a message. Raises UnknownConversation, KeyReused, NotStored."""
        with self._counting(f"{visitor.conversation_id} {key}"):
            conversation = await self.find(visitor)
            replies = self._assistants.policy.replies
            reply = Reply(
                label=Label.HUMAN,
                message=in_language(replies.human, conversation.language),
                sent_line=in_language(replies.sent, conversation.language),
                build="",
            )
            received = await self._store.conversations.ask_for_person(
                conversation.conversation_id, reply, key, self._reach
            )
            return Taken(conversation, received)

    async def by_receipt(self, receipt: str) -> Conversation:
        """The conversation of a receipt code. Raises UnknownConversation."""
        found = await self._store.conversations.find_by_receipt(receipt)
        if found is None:
            raise UnknownConversation("No conversation has this receipt code. Check its letters and try again.")
        return found

    async def said(self, conversation_id: str) -> list[Event]:
        """Every event so far, for the visitor whose conversation it is."""
        events: list[Event] = []
        while more := await self._store.conversations.events(conversation_id, after=events[-1].seq if events else 0):
            events.extend(more)
        return events

    async def waiting_before(self, conversation: Conversation) -> int:
        """How many stand before this one in the queue. 0 for who does not wait, and for an emergency: it is told to call."""
        if conversation.status is not ConversationStatus.WAITING:
            return 0
        rows = await self._store.handovers.inbox([conversation.site])
        waiting = [row for row in rows if row.status is Status.WAITING and not row.is_drill]
        place = {row.conversation_id: at for at, row in enumerate(waiting) if not row.urgent}
        return place.get(conversation.conversation_id, 0)

    async def erase(self, conversation_id: str) -> None:
        """Remove every word of a conversation. `is_erasing` says whether something of it is still in a file."""
        await self._store.conversations.erase(conversation_id)

    def is_erasing(self, conversation: Conversation) -> bool:
        """Whether an erased conversation's words may still stand in the database's files: it is tried every second."""
        return conversation.is_erased and not self._store.conversations.is_overwritten

    async def complete_letter(self, visitor: Pass, letter: Letter, key: str) -> Taken | None:
        """Add name, contact and leave to read earlier turns to the handover; with none open, open one.

        Words of an emergency in it are received as a message too: then its reply is given, and all staff are told.
        Raises UnknownConversation, KeyReused, NotStored.
        """
        taken = await self.receive(visitor, Typed(letter.text), key) if self.emergency(letter.text) else None
        with self._counting(f"{visitor.conversation_id} letter {key}"):
            conversation = await self.find(visitor)
            await self._store.conversations.complete_letter(conversation.conversation_id, letter, self._reach)
        return taken

    async def feedback(self, visitor: Pass, *, seq: int, passage_id: str, helpful: bool, key: str) -> None:
        """Whether a quote was what the visitor needed."""
        conversation = await self.find(visitor)
        await self._store.conversations.leave_feedback(conversation.conversation_id, seq, passage_id, helpful, key)

    def typing(self, conversation_id: str, author: Author) -> None:
        """Tell the other side that someone is writing: at most once in TYPING_S, within this process, never stored."""
        now = self._clock()
        if now - self._typed_at.get((conversation_id, author), -TYPING_S) < TYPING_S:
            return
        self._typed_at = {key: at for key, at in self._typed_at.items() if now - at < TYPING_S}
        self._typed_at[conversation_id, author] = now
        self._store.wakeups.notify({f"conversation:{conversation_id}": [Typing(author)]})

    async def follow(self, conversation_id: str, *, after: int = 0, reader: Author) -> AsyncIterator[Event | Typing]:
        """Every event after `after`, once and in order, as it comes; ends when the server stops or the store fails.

        It is told before it reads, so that nothing falls between.
        """
        with self._following.join(conversation_id, after) as follower:
            while not self._is_stopping:
                for one in await follower.news():
                    if one != Typing(reader):
                        yield one

    def stop(self) -> None:
        """End every stream that is followed: the server is going down."""
        self._is_stopping = True
        self._following.nudge()

    # What an advocate does

    async def inbox(self, sites: Sequence[str], reader: str = "") -> list[InboxRow]:
        """The open handovers, by need, then wait, as `reader` (a user's id) has read them."""
        return await self._store.handovers.inbox(sites, reader)

    async def transcript(self, conversation_id: str, user: User) -> Transcript:
        """What this member of staff may read, with an audit entry that they did. Raises NotFound."""
        return await self._store.conversations.transcript(conversation_id, user)

    async def handover(self, conversation_id: str) -> Handover | None:
        """The conversation's latest handover."""
        return await self._store.handovers.of_conversation(conversation_id)

    async def claim(self, handover_id: str, *, version: int, user: User) -> Handover:
        """Take a handover over. Raises StepLost, with the handover as it now is, when someone was first."""
        return await self._store.handovers.step(handover_id, Step.CLAIM, version=version, user=user)

    async def release(self, handover_id: str, *, version: int, user: User) -> Handover:
        """Put it back into the inbox."""
        return await self._store.handovers.step(handover_id, Step.RELEASE, version=version, user=user)

    async def give_back(self, handover_id: str, *, version: int, user: User) -> Handover:
        """Let the assistant answer again."""
        return await self._store.handovers.step(handover_id, Step.RETURN, version=version, user=user)

    async def call_back(self, handover_id: str, *, version: int, user: User) -> Handover:
        """Mark that the visitor is to be called back and need not stay."""
        return await self._store.handovers.step(handover_id, Step.CALL_BACK, version=version, user=user)

    async def close(self, handover_id: str, *, version: int, user: User, closure: Closure) -> Handover:
        """End it, saying how. Raises ClosingRefused for an emergency that would end without a word."""
        return await self._store.handovers.step(handover_id, Step.CLOSE, version=version, user=user, closure=closure)

    async def transfer(self, handover_id: str, *, version: int, user: User, move: Move) -> Handover:
        """Give it to a colleague who is at the desk. Raises StepRefused without a word of why, or when they are not."""
        return await self._store.handovers.step(handover_id, Step.TRANSFER, version=version, user=user, move=move)

    async def take_over(self, handover_id: str, *, version: int, user: User, why: str) -> Handover:
        """Take it from a colleague. Raises StepRefused without a reason."""
        return await self._store.handovers.step(
            handover_id, Step.TAKE_OVER, version=version, user=user, move=Move(user, why)
        )

    async def mark_wrong(self, conversation_id: str, user: User, seq: int, word: Callable[[str], str]) -> None:
        """Correct an answer of the assistant, once: the visitor reads `word` of their question. Raises NotFound."""
        await self._store.corrections.mark_wrong(conversation_id, user, seq, word)

    async def note(self, conversation_id: str, user: User, text: str) -> None:
        """Leave a note that only staff read."""
        await self._store.notes.add(conversation_id, user, text)

    async def write(
        self, conversation_id: str, user: User, text: str, *, picked: Sequence[Picked] = (), seen_seq: int, key: str
    ) -> Event:
        """Send an advocate's message with the passages they picked, each byte for byte as they read it.

        Raises NotClaimed, StaleView when the visitor wrote after `seen_seq`, and QuoteChanged.
        """
        quoted = await self._quoted(conversation_id, picked) if picked else None
        words = Words(text, quoted)
        return await self._store.conversations.write(conversation_id, user, words, seen_seq=seen_seq, key=key)

    # How it is done

    async def _quoted(self, conversation_id: str, picked: Sequence[Picked]) -> Reply:
        conversation = await self._store.conversations.get(conversation_id)
        site, language = conversation.site, conversation.language
        replies = [await self._assistants.choose(site, one.passage_id, language=language) for one in picked]
        found = {(quote.passage_id, quote.sha256) for reply in replies for quote in reply.quotes}
        if any((one.passage_id, one.sha256) not in found for one in picked):
            raise QuoteChanged("A passage you picked changed on the page, or is gone. Take it out, or pick it again.")
        return Reply.of_quotes(replies)

    async def _stored_in_time(
        self, work: Callable[[], Coroutine[Any, Any, T]], message: Typed | Choice, language: str = "en", *, key: str
    ) -> T:
        """What storing a message gives. An emergency's reply does not wait for a slow store. Raises NotStored, Busy."""

        async def counted() -> T:
            with self._counting(key, message, language):
                return await work()

        room = self._room_for(message.text if isinstance(message, Typed) else "", language=language)
        with ExitStack() as leaving:
            leaving.enter_context(room)
            storing = self._keep_going(counted())
            held = leaving.pop_all()  # until it is stored, even when whoever asked has hung up
            storing.add_done_callback(lambda _: held.close())
        done, _ = await asyncio.wait({storing}, timeout=EMERGENCY_PATIENCE_S)
        if not done and (emergency := self._emergency_in(message)):
            raise NotStored(self._not_passed_on(emergency, language))
        return await asyncio.shield(storing)

    @contextmanager
    def _room_for(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Iterator[None]:
        """Hold room for a message while it is answered. Raises Busy when there is none; an emergency always comes in."""
        turns = turns_of(text, history)
        if not self._room.has(turns) and not (text and self.emergency(text)):
            raise Busy(self.unreachable(language))
        with self._room.taken(turns):
            yield

    @contextmanager
    def _counting(self, key: str, message: Typed | Choice | None = None, language: str = "en") -> Iterator[None]:
        """Count what is done within as refused until the same is stored. Raises NotStored where it was not."""
        try:
            yield
        except StorageUnavailable as error:
            emergency = self._emergency_in(message) if message else None
            self.unstored.refuse(key, is_urgent=bool(emergency))
            raise NotStored(self._not_passed_on(emergency, language)) from error
        except NotStored as error:
            self.unstored.refuse(key, is_urgent=error.reply.label is Label.EMERGENCY)
            raise
        self.unstored.store(key)

    def _keep_going(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run to the end, even when whoever asked has hung up."""
        task = asyncio.create_task(work)
        self._receiving.add(task)
        task.add_done_callback(self._receiving.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever waits has it too
        return task

    async def _receive(self, visitor: Pass, message: Typed | Choice, key: str) -> Taken:
        heard = _known(await self._store.conversations.hear(visitor.conversation_id, visitor.token))
        conversation = heard.conversation
        if isinstance(message, Choice):
            text, choose = await self._offered_heading(conversation, message.passage_id), message.passage_id
            reply = await self._assistants.choose(conversation.site, choose, language=conversation.language)
        else:
            text, choose = message.text, None
            history = [judged(one) for one in heard.texts]
            reply = await self._assistants.reply(
                conversation.site, judged(text), history, settled=heard.settled, language=conversation.language
            )
        stored = VisitorMessage(text=mended(text), key=key, choose=choose)
        try:
            received = await self._store.conversations.receive(conversation.conversation_id, stored, reply, self._reach)
        except StorageUnavailable as error:
            raise NotStored(self._not_passed_on(reply, conversation.language)) from error
        return Taken(conversation, received)

    def _emergency_in(self, message: Typed | Choice) -> Reply | None:
        return self.emergency(message.text) if isinstance(message, Typed) else None

    async def _offered_heading(self, conversation: Conversation, passage_id: str) -> str:
        after = max(0, conversation.last_seq - OFFERS_LOOKED_BACK)
        for event in reversed(await self._store.conversations.events(conversation.conversation_id, after=after)):
            if event.reply and (offered := event.reply.suggestions):
                if heading := next((one.words for one in offered if one.passage_id == passage_id), None):
                    return heading
                break
        raise PassageNotOffered("That heading is not among those just offered. Choose one of them, or type a question.")

    def _not_passed_on(self, reply: Reply | None, language: str = "en") -> Reply:
        """What is shown when storing failed: the emergency text still first, and no word of a handover."""
        if reply is None or reply.label is not Label.EMERGENCY:
            return self.unreachable(language)
        apology = in_language(self._assistants.policy.replies.not_passed_on, language)
        return Reply(label=Label.EMERGENCY, message=f"{reply.message} {apology}", build=reply.build)


def _known(found: T | None) -> T:
    if found is None:
        raise UnknownConversation("There is no such conversation, or it was erased. Start a new one.")
    return found


def in_language(text: FixedText, language: str) -> str:
    """A fixed text in the conversation's language; English where it is neither of the two."""
    return text.es if language.startswith("es") else text.en
