"""Whether the database does what it is asked: counted, and said in the log once a minute, never with a visitor's words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

from server.storage.database.faults import StorageUnavailable

log = logging.getLogger(__name__)
SAID_EVERY_S = 60.0


class Trouble:
    """What failed, since this process began. Reading and writing are told apart: a full disk can still be read."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failing: set[str] = set()
        self._unsaid = 0
        self._said_at: float | None = None
        self.failures = 0
        self.since: datetime | None = None  # when what fails now began to; None while all works

    @property
    def is_on(self) -> bool:
        """Whether something failed and nothing of its kind has worked since."""
        return bool(self._failing)

    def failed(self, kind: str, error: StorageUnavailable) -> None:
        """kind: reading | writing."""
        self.failures += 1
        self._unsaid += 1
        self._failing.add(kind)
        self.since = self.since or datetime.now(UTC)
        now = self._clock()
        if self._said_at is None or now - self._said_at >= SAID_EVERY_S:
            log.error("%d failed in %s the database, the last one so: %s", self._unsaid, kind, error)
            self._said_at, self._unsaid = now, 0

    def worked(self, kind: str) -> None:
        if kind in self._failing:
            self._failing.discard(kind)
            self.since = self.since if self._failing else None
            log.warning("%s the database works again; %d more failed since this was last said", kind, self._unsaid)
            self._said_at, self._unsaid = None, 0
