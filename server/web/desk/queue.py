"""The queue as the desk shows it: who waits, by need; what somebody has; and, when it is searched, what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from server.core.handing.finding import AGES, MINE, NOBODYS, Search
from server.core.handing.handover import Status
from server.core.handing.queue import BY_NEED
from server.storage import InboxRow, Today, User
from server.web.words.moments import waiting_words
from server.web.words.wording import CLOSINGS, REASONS, Occasion, counted, queue_reason

DESK = "/desk"


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
    is_closed: bool


@dataclass(frozen=True, slots=True)
class QueueGroup:
    name: str
    rows: tuple[QueueRow, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of the search's form."""

    value: str
    word: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class SearchView:
    """The search as its form shows it. `told`: how many were found, and how many who wait were not looked for."""

    is_on: bool
    words: str
    is_closed: bool
    reasons: tuple[Option, ...]
    owners: tuple[Option, ...]
    ages: tuple[Option, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One of today's figures: "12 messages"."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue. `state` changes when what it shows does, waiting times aside; `found_state` when what was found does."""

    groups: tuple[QueueGroup, ...]
    waiting: int
    urgent: int
    state: str
    figures: tuple[Figure, ...]
    search: SearchView
    found_state: str

    @property
    def summary(self) -> str:
        if not self.waiting:
            return "No one waiting"
        return f"{self.waiting} waiting, {self.urgent} urgent" if self.urgent else f"{self.waiting} waiting"


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks at the queue, when, with which conversation open; and who of the staff is at the desk."""

    me: str
    now: datetime
    open_id: str
    present: frozenset[str]  # users' ids


@dataclass(frozen=True, slots=True)
class Found:
    """What is looked for, and the rows found; `staff`: whose conversations can be looked for."""

    search: Search
    rows: Sequence[InboxRow]
    staff: Sequence[User]


def queue_view(
    rows: Sequence[InboxRow], found: Found, eyes: Eyes, *, clinics: Mapping[str, str], today: Today
) -> QueueView:
    """The queue as someone sees it: all of it, or what was found, under every emergency that nobody has.

    `clinics` names each site; with one there is no need to say which.
    """
    groups = _found(rows, found, eyes.me) if found.search.is_on else _grouped(rows, eyes.me)
    shown = (QueueGroup(name, tuple(_queue_row(row, eyes, clinics) for row in members)) for name, members in groups)
    return QueueView(
        groups=tuple(group for group in shown if group.rows),
        waiting=sum(needs_someone(row) for row in rows),
        urgent=sum(needs_someone(row) and row.urgent for row in rows),
        state=queue_state(rows, eyes.present),
        figures=_figures(today),
        search=_search_view(rows, found),
        found_state=state_of(found.search, *(row.handover_id for row in found.rows)) if found.search.is_on else "",
    )


def _found(rows: Sequence[InboxRow], found: Found, me: str) -> list[tuple[str, list[InboxRow]]]:
    """What was found. No search hides an emergency that nobody has."""
    urgent = [row for row in rows if needs_someone(row) and row.urgent]
    others = [row for row in found.rows if row not in urgent]
    groups = [("Closed", others)] if found.search.is_closed else _grouped(others, me)
    return [("Emergencies", urgent), *groups]


def _search_view(rows: Sequence[InboxRow], found: Found) -> SearchView:
    search = found.search
    people = [(MINE, "Me"), (NOBODYS, "No one"), *((one.user_id, one.name) for one in found.staff)]
    hidden = sum(needs_someone(row) and row not in found.rows and not row.urgent for row in rows)
    told = f"{len(found.rows)} found." + (f" {counted(hidden, 'other waits', 'others wait')}." if hidden else "")
    return SearchView(
        is_on=search.is_on,
        words=search.words,
        is_closed=search.is_closed,
        reasons=_options("Any reason", ((one, REASONS[one].word) for one in BY_NEED), search.reason or ""),
        owners=_options("Anyone", people, search.owner),
        ages=_options("At any time", ((value, age.words) for value, age in AGES.items()), search.age),
        told=told if search.is_on else "",
    )


def _options(every: str, choices: Iterable[tuple[str, str]], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(str(value), word, value == chosen) for value, word in [("", every), *choices])


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
    about = f"Closed by {row.claimed_by_name}" if row.status is Status.CLOSED and row.claimed_by_name else about
    is_free = needs_someone(row)
    is_closed = row.status is Status.CLOSED
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
        is_closed=is_closed,
    )


def _owner(row: InboxRow, eyes: Eyes) -> str:
    if row.status is Status.CLOSED:
        return CLOSINGS[row.closing] if row.closing else "Closed"
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
