"""What the desk's templates print: the whole screen, the queue, the open conversation, and why it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from server.core.handover import Status
from server.storage import InboxRow, Today
from server.web.desk.context import ContextView
from server.web.desk.talk import TalkView
from server.web.guards.staff import Door
from server.web.words.moments import waiting_words
from server.web.words.notices import Notice
from server.web.words.wording import REASONS, Occasion, queue_reason

DESK = "/desk"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One person in the queue. `below`: who answers, which clinic."""

    href: str
    reason: Occasion
    first_line: str
    since: str
    waiting: str
    below: str
    is_urgent: bool
    is_mine: bool
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
    context: ContextView | None = None
    notice: Notice | None = None

    @property
    def notice_state(self) -> str:
        """Changes when the notice does."""
        return state_of(self.notice.text) if self.notice else ""

    @property
    def title(self) -> str:
        """For the browser's tab: how many wait, and whether one is urgent. No words of a visitor."""
        if not self.queue.waiting:
            return "The desk"
        return f"({self.queue.waiting}{' urgent!' if self.queue.urgent else ''}) The desk"

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


def queue_view(
    rows: Sequence[InboxRow], *, me: str, clinics: Mapping[str, str], today: Today, open_id: str, now: datetime
) -> QueueView:
    """The queue as `me` sees it. `clinics` names each site; with one there is no need to say which."""
    groups = (
        QueueGroup(name, tuple(_queue_row(row, me=me, clinics=clinics, open_id=open_id, now=now) for row in members))
        for name, members in _grouped(rows, me)
    )
    return QueueView(
        groups=tuple(group for group in groups if group.rows),
        waiting=sum(needs_someone(row) for row in rows),
        urgent=sum(needs_someone(row) and row.urgent for row in rows),
        state=queue_state(rows),
        figures=_figures(today),
    )


def needs_someone(row: InboxRow) -> bool:
    """Whether nobody has taken it yet."""
    return row.status is not Status.CLAIMED


def queue_state(rows: Iterable[InboxRow]) -> str:
    """A short digest of all that the queue shows, waiting times aside."""
    return state_of(*(f"{row.handover_id} {row.version} {row.status} {row.urgent} {row.first_line}" for row in rows))


def state_of(*parts: object) -> str:
    return sha256("\n".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:16]


def _grouped(rows: Sequence[InboxRow], me: str) -> list[tuple[str, list[InboxRow]]]:
    calm = [row for row in rows if not row.urgent]
    return [
        ("Emergencies", [row for row in rows if row.urgent]),
        ("Waiting", [row for row in calm if row.status is Status.WAITING]),
        ("Yours", [row for row in calm if row.status is Status.CLAIMED and row.claimed_by == me]),
        ("Call back", [row for row in calm if row.status is Status.CALL_BACK]),
        ("With a colleague", [row for row in calm if row.status is Status.CLAIMED and row.claimed_by != me]),
    ]


def _queue_row(row: InboxRow, *, me: str, clinics: Mapping[str, str], open_id: str, now: datetime) -> QueueRow:
    is_mine = row.claimed_by == me
    who = "With you" if is_mine else f"With {row.claimed_by_name}" if row.claimed_by else ""
    clinic = clinics[row.site] if len(clinics) > 1 else ""
    about = REASONS[row.reason].word if row.status is Status.CALL_BACK else ""
    return QueueRow(
        href=f"{DESK}/{row.handover_id}",
        reason=queue_reason(row.reason, row.status),
        first_line=row.first_line or "No message yet",
        since=row.waiting_since.isoformat(timespec="seconds"),
        waiting=waiting_words(now - row.waiting_since),
        below=" · ".join(part for part in (about, who, clinic) if part),
        is_urgent=row.urgent,
        is_mine=is_mine,
        is_open=row.handover_id == open_id,
    )


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
