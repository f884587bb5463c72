"""What the desk's templates print: the whole screen, the queue, the open conversation, and why it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.core.handing.alerts import Target
from server.storage import Drill, Failing
from server.web.desk.context import ContextView
from server.web.desk.doing import DoingView
from server.web.desk.queue import DESK, QueueView, state_of
from server.web.desk.saved_views import SavedView
from server.web.desk.talk import TalkView
from server.web.guards.staff import Door
from server.web.words.notices import Notice


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something staff must know whatever they do: in one line, and the rest for who asks for it."""

    line: str
    rest: str


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


def troubles_state(failing: Sequence[Failing], missed: Sequence[Drill], unstored_since: datetime | None) -> str:
    """Changes when what is said of trouble does; empty while all is stored, every alert arrives and every drill is taken."""
    return state_of(unstored_since, *failing, *missed) if unstored_since or failing or missed else ""


def unstored_trouble(since: str) -> Trouble:
    """What staff must know while nothing can be stored: nobody new comes into the queue."""
    return Trouble(
        "New messages cannot be stored. Answer the phone, and tell your administrator.",
        f"Since {since} visitors who write are told that nobody could be reached: to call the clinic, 911 or 988. "
        "The queue can be read, a conversation not; what you send stays in its box. This goes when storing works again.",
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
