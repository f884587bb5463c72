"""What the desk's templates print: the whole screen, the queue, the open conversation, and why it came."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from server.core.handing.alerts import Target
from server.core.handing.handover import Status
from server.storage import Drill, Failing, InboxRow, Today
from server.web.desk.context import ContextView
from server.web.desk.doing import DoingView
from server.web.desk.saved_views import SavedView
from server.web.desk.talk import TalkView
from server.web.guards.staff import Door
from server.web.words.moments import waiting_words
from server.web.words.notices import Notice
from server.web.words.wording import REASONS, Occasion, queue_reason

DESK = "/desk"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something staff must know whatever they do: in one line, and the rest for who asks for it."""

    line: str
    rest: str


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One person in the queue: who they are, why, what was said last, whose they are. `below`: their clinic, the rest."""

    href: str
    visitor: str
    reason: Occasion
    line: str
    is_answered: bool  # the line is a person's, not the visitor's
    since: str
    waiting: str
    owner: str
    below: str
    is_urgent: bool
    is_mine: bool
    is_unread: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class QueueGroup:
    name: str
    rows: tuple[QueueRow, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One of today's figures: "12 messages"."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue. `state` changes when what it shows does, waiting times aside."""

    groups: tuple[QueueGroup, ...]
    waiting: int
    urgent: int
    state: str
    figures: tuple[Figure, ...]

    @property
    def summary(self) -> str:
        if not self.waiting:
            return "No one waiting"
        return f"{self.waiting} waiting, {self.urgent} urgent" if self.urgent else f"{self.waiting} waiting"


@dataclass(frozen=True, slots=True)
class DeskScreen:
    """The whole desk. `pane` is the one a narrow screen shows: queue, conversation or context."""

    me: str
    doors: tuple[Door, ...]
    pane: str
    queue: QueueView
    handover_id: str = ""
    conversation: TalkView | None = None
    doing: DoingView | None = None
    context: ContextView | None = None
    saved: tuple[SavedView, ...] = ()  # of the open conversation's clinic
    notice: Notice | None = None
    troubles: tuple[Trouble, ...] = ()
    troubles_state: str = ""  # what a pulse tells of them
    has_alerts: bool = True

    @property
    def notice_state(self) -> str:
        """Changes when the notice does."""
        return state_of(self.notice.text) if self.notice else ""

    @property
    def saved_state(self) -> str:
        """Changes when a saved reply does."""
        return state_of(*(one.reply.digest for one in self.saved), sum(one.is_overdue for one in self.saved))

    @property
    def title(self) -> str:
        """For the browser's tab: how many are urgent, else how many wait. No words of a visitor."""
        if self.queue.urgent:
            return f"({self.queue.urgent} urgent!) The desk"
        return f"({self.queue.waiting}) The desk" if self.queue.waiting else "The desk"

    @property
    def page_url(self) -> str:
        return f"{DESK}/{self.handover_id}" if self.handover_id else DESK

    @property
    def queue_url(self) -> str:
        return f"{self.page_url}?pane=queue"

    @property
    def context_url(self) -> str:
        return f"{self.page_url}?pane=context"

    @property
    def pulse_url(self) -> str:
        return f"{DESK}/events?handover={self.handover_id}" if self.handover_id else f"{DESK}/events"


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks at the queue, when, with which conversation open; and who of the staff is at the desk."""

    me: str
    now: datetime
    open_id: str
    present: frozenset[str]  # users' ids


def queue_view(rows: Sequence[InboxRow], eyes: Eyes, *, clinics: Mapping[str, str], today: Today) -> QueueView:
    """The queue as someone sees it. `clinics` names each site; with one there is no need to say which."""
    groups = (
        QueueGroup(name, tuple(_queue_row(row, eyes, clinics) for row in members))
        for name, members in _grouped(rows, eyes.me)
    )
    return QueueView(
        groups=tuple(group for group in groups if group.rows),
        waiting=sum(needs_someone(row) for row in rows),
        urgent=sum(needs_someone(row) and row.urgent for row in rows),
        state=queue_state(rows, eyes.present),
        figures=_figures(today),
    )


def troubles_state(failing: Sequence[Failing], missed: Sequence[Drill], unstored_since: datetime | None) -> str:
    """Changes when what is said of trouble does; empty while all is stored, every alert arrives and every drill is taken."""
    return state_of(unstored_since, *failing, *missed) if unstored_since or failing or missed else ""


def unstored_trouble(since: str) -> Trouble:
    """What staff must know while nothing can be stored: nobody new comes into the queue."""
    return Trouble(
        "New messages cannot be stored. Answer the phone, and tell your administrator.",
        f"Since {since} visitors who write are told that nobody could be reached: to call the clinic, 911 or 988. "
        "What is here can be looked at; what you send is refused, and stays in its box. This goes when storing works again.",
    )


def failing_trouble(
    failing: Sequence[Failing], words: Callable[[Target], str], since: Callable[[datetime], str]
) -> Trouble:
    """What staff must know while alerts do not arrive: what to do; which, since when and why."""
    faults = "; ".join(f"{words(one.target)}, since {since(one.since)}: {one.error}" for one in failing)
    return Trouble(
        "Alerts do not arrive. Keep this page open, and tell your administrator.",
        f"{faults}. They are tried again; until they arrive only who has the desk open hears of a new conversation.",
    )


def missed_trouble(clinic: str, moment: str) -> Trouble:
    """What staff must know once nobody took a drill: an emergency would have waited too."""
    return Trouble(
        f"Nobody took the last drill at {clinic} in time.",
        f"It began {moment}. An emergency at that moment would have waited too: see who is told, and in which order. "
        "This goes when a drill is taken; an administrator can begin one.",
    )


def needs_someone(row: InboxRow) -> bool:
    """Whether nobody has taken it yet."""
    return row.status is not Status.CLAIMED


def queue_state(rows: Iterable[InboxRow], present: Collection[str]) -> str:
    """A short digest of all that the queue shows, waiting times aside."""
    return state_of(*(_row_state(row, present) for row in rows))


def _row_state(row: InboxRow, present: Collection[str]) -> str:
    said = f"{row.visitor} {row.first_line} {row.last_line} {row.is_last_by_staff} {row.is_unread}"
    stands = f"{row.status} {row.urgent} {row.suspected_spam} {row.claimed_by in present}"
    return f"{row.handover_id} {row.version} {stands} {said}"


def state_of(*parts: object) -> str:
    return sha256("\n".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:16]


def _grouped(rows: Sequence[InboxRow], me: str) -> list[tuple[str, list[InboxRow]]]:
    """The queue in groups; within each it keeps its order. What somebody has stands below what nobody has."""
    free = [row for row in rows if needs_someone(row)]
    calm = [row for row in free if not row.urgent]
    real = [row for row in calm if not row.suspected_spam]
    taken = [row for row in rows if not needs_someone(row)]
    return [
        ("Emergencies", [row for row in free if row.urgent]),
        ("Yours", [row for row in taken if row.claimed_by == me]),
        ("Waiting", [row for row in real if row.status is Status.WAITING]),
        ("Call back", [row for row in real if row.status is Status.CALL_BACK]),
        ("With a colleague", [row for row in taken if row.claimed_by != me]),
        ("May be spam", [row for row in calm if row.suspected_spam]),
    ]


def _queue_row(row: InboxRow, eyes: Eyes, clinics: Mapping[str, str]) -> QueueRow:
    clinic = clinics[row.site] if len(clinics) > 1 else ""
    about = REASONS[row.reason].word if row.status is Status.CALL_BACK else ""
    is_free = needs_someone(row)
    return QueueRow(
        href=f"{DESK}/{row.handover_id}",
        visitor=row.visitor,
        reason=queue_reason(row.reason, row.status, suspected_spam=row.suspected_spam),
        line=(row.first_line if is_free else row.last_line) or "No message yet",
        is_answered=not is_free and row.is_last_by_staff,
        since=row.waiting_since.isoformat(timespec="seconds"),
        waiting=waiting_words(eyes.now - row.waiting_since),
        owner=_owner(row, eyes),
        below=" · ".join(part for part in (about, clinic) if part),
        is_urgent=row.urgent,
        is_mine=row.claimed_by == eyes.me,
        is_unread=row.is_unread,
        is_open=row.handover_id == eyes.open_id,
    )


def _owner(row: InboxRow, eyes: Eyes) -> str:
    if row.claimed_by is None:
        return "No one yet"
    if row.claimed_by == eyes.me:
        return "With you"
    return f"With {row.claimed_by_name}{'' if row.claimed_by in eyes.present else ', away'}"


def _figures(today: Today) -> tuple[Figure, ...]:
    counts = (
        Figure(str(today.messages), "message" if today.messages == 1 else "messages"),
        Figure(str(today.quoted), "answered from our page"),
        Figure(str(today.handed_over), "passed to a person"),
    )
    waited = today.median_wait_s
    return counts if waited is None else (*counts, Figure(_short_wait(waited), "usual wait for a person"))


def _short_wait(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 60 else f"{round(seconds / 60)} min"
