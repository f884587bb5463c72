"""What a visitor sends: the message, its reply and its handover, stored in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import update

from kb.labels import Label, Outcome
from server.core.handing.alerts import NO_ONE, Ladder, Reach
from server.core.handing.handover import Status
from server.core.reply import Decision, Reply
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.handing import alerts, handovers
from server.storage.handing.handed_over import Handover, Letter, get
from server.storage.people.presence import is_anyone_present
from server.storage.talks import keys, returning
from server.storage.talks.events import (
    Author,
    ConversationStatus,
    Event,
    Kind,
    Locked,
    NewEvent,
    append,
    lock,
    read_numbers,
)
from server.storage.talks.keys import Stored

REPLY_KINDS: Mapping[Outcome, Kind] = {
    Outcome.QUOTE: Kind.QUOTE,
    Outcome.HANDOVER: Kind.HANDOVER,
    Outcome.EMERGENCY: Kind.EMERGENCY,
    Outcome.SMALLTALK: Kind.MESSAGE,
}


@dataclass(frozen=True, slots=True)
class VisitorMessage:
    """What a visitor sent: words typed, or the passage of a heading that was offered, shown as its text."""

    text: str
    key: str  # the Idempotency-Key: the same message again has the same one
    choose: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What was stored for a visitor's message, the same for every repetition of it.

    `message` is None when a person was asked for without words. `reply` is None once a person has the
    conversation, but for an emergency.
    """

    message: Event | None
    reply: Event | None
    handover_id: str | None
    is_repeat: bool = field(default=False, compare=False)


def receive(
    transaction: Transaction, conversation_id: str, message: VisitorMessage, reply: Reply, reach: Reach = NO_ONE
) -> Received:
    """Store a visitor's message with what follows from it. `reach`: whom alerts of its handover go to."""
    body = {"text": message.text} if message.choose is None else {"text": message.text, "choose": message.choose}
    locked = lock(transaction, conversation_id)
    stored = keys.recall(transaction, locked, message.key, {"receive": body})
    if stored is not None:
        return _again(transaction, conversation_id, stored)
    typed = NewEvent(Kind.MESSAGE, Author.VISITOR, body, decision=Decision.of(reply))
    return _store(transaction, locked, typed, reply, reach, key=message.key, key_body={"receive": body})


def ask_for_person(
    transaction: Transaction, conversation_id: str, reply: Reply, key: str, reach: Reach = NO_ONE
) -> Received:
    """Hand a conversation over without a message. Under a claim a person is there already: nothing happens."""
    if not reply.needs_handover:
        raise ValueError(f"a {reply.label} reply hands nothing over")
    locked = lock(transaction, conversation_id)
    stored = keys.recall(transaction, locked, key, {"ask_for_person": True})
    if stored is not None:
        return _again(transaction, conversation_id, stored)
    return _store(transaction, locked, None, reply, reach, key=key, key_body={"ask_for_person": True})


def complete_letter(transaction: Transaction, conversation_id: str, letter: Letter, reach: Reach = NO_ONE) -> Event:
    """Add a letter to the open handover; with none open, open one. The same letter again changes nothing."""
    locked = lock(transaction, conversation_id)
    current = None if locked.handover_id is None else get(transaction, locked.handover_id)
    if current is None or not current.is_open:
        current = _open_for_letter(transaction, locked, reach)
    if current.letter == letter and current.letter_seq is not None:
        return (read_numbers(transaction, conversation_id, [current.letter_seq]))[current.letter_seq]
    shown = {name: value for name, value in asdict(letter).items() if name != "suspected_spam"}
    new = [NewEvent(Kind.HANDOVER, Author.VISITOR, {"letter": shown})]
    is_new = current.handover_id != locked.handover_id
    [event] = append(
        transaction,
        locked,
        new,
        handover_id=current.handover_id,
        status=ConversationStatus.WAITING if is_new else None,
    )
    _keep_letter(transaction, current, letter, event.seq)
    if letter.mail_me:
        returning.wish(transaction, locked, letter.contact.strip())
    transaction.wake(*locked.topics)
    return event


def _store(
    transaction: Transaction,
    locked: Locked,
    typed: NewEvent | None,
    reply: Reply,
    reach: Reach,
    *,
    key: str,
    key_body: Mapping[str, Any],
) -> Received:
    answer = _answer(transaction, locked, reply, reach)
    new = [one for one in (typed, answer) if one is not None]
    handover_id, status = None, None
    if answer is not None and reply.needs_handover:
        handover_id = handovers.open_or_renew(transaction, locked, reply, reach, message_seq=locked.last_seq + 1)
    if locked.status is not ConversationStatus.CLAIMED:
        status = ConversationStatus.WAITING if handover_id else _status_without(locked)
    events = append(transaction, locked, new, status=status, handover_id=handover_id)
    message = None if typed is None else events[0]
    sent = None if answer is None else events[-1]
    stored = Stored(_seq(message), _seq(sent), handover_id)
    keys.remember(transaction, locked, key, key_body, stored)
    if locked.status is not ConversationStatus.ASSISTANT:
        transaction.wake(*locked.topics)
    return Received(message, sent, handover_id)


def _answer(transaction: Transaction, locked: Locked, reply: Reply, reach: Reach) -> NewEvent | None:
    """The event that answers, if any: once a person has the conversation only an emergency has one."""
    is_claimed = locked.status is ConversationStatus.CLAIMED
    if is_claimed and reply.label is not Label.EMERGENCY:
        return None
    author = Author.SYSTEM if is_claimed else Author.ASSISTANT
    if reply.needs_handover:
        ladder = Ladder.UNDER_CLAIM if is_claimed else Ladder.EMERGENCY
        says_so = reply.label is not Label.EMERGENCY or _is_alerted(transaction, locked.site, reach, ladder)
        reply = reply.once_handed_over(says_so=says_so)
    return NewEvent(REPLY_KINDS[reply.outcome], author, {}, reply=reply)


def _is_alerted(transaction: Transaction, site: str, reach: Reach, ladder: Ladder) -> bool:
    """Whether it may be said that a person is alerted: one is there, or is sent for now."""
    return is_anyone_present(transaction, site) or alerts.reaches(transaction, reach, ladder)


def _seq(event: Event | None) -> int | None:
    return None if event is None else event.seq


def _status_without(locked: Locked) -> ConversationStatus:
    """Who answers after a message that hands nothing over: a closed conversation is the assistant's again."""
    is_closed = locked.status is ConversationStatus.CLOSED
    return ConversationStatus.ASSISTANT if is_closed else locked.status


def _again(transaction: Transaction, conversation_id: str, stored: Stored) -> Received:
    seqs = [seq for seq in (stored.message_seq, stored.reply_seq) if seq is not None]
    events = read_numbers(transaction, conversation_id, seqs)
    message = None if stored.message_seq is None else events[stored.message_seq]
    reply = None if stored.reply_seq is None else events[stored.reply_seq]
    return Received(message, reply, stored.handover_id, is_repeat=True)


def _open_for_letter(transaction: Transaction, locked: Locked, reach: Reach) -> Handover:
    handover_id = handovers.open_new(
        transaction, locked, Label.HUMAN, reach, message_seq=locked.last_seq + 1, decision=Decision()
    )
    return get(transaction, handover_id)


def _keep_letter(transaction: Transaction, current: Handover, letter: Letter, seq: int) -> None:
    """A visitor who left a way to be reached need not stay: what waits becomes a call back."""
    table = schema.handover
    can_call_back = current.status is Status.WAITING and bool(letter.contact.strip())
    transaction.run(
        update(table)
        .where(table.c.site == current.site, table.c.handover_id == current.handover_id)
        .values(
            letter=asdict(letter),
            letter_seq=seq,
            suspected_spam=letter.suspected_spam,
            status=Status.CALL_BACK if can_call_back else current.status,
        )
    )
