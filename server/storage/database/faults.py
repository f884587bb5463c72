"""What a database's errors mean, and how long to try again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kb.errors import AdvocateError

PATIENCE_S = 8.0  # a visitor's spinner ends after 8 s
FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.5

T = TypeVar("T")


class StorageUnavailable(AdvocateError):
    """The database cannot be reached, is locked for too long, or has no room left. What was asked was not stored."""


class Fault(Enum):
    """What a database's error means for a transaction."""

    STOOD_IN_THE_WAY = "another transaction was first; this one left no trace"
    CONNECTION_LOST = "the connection is gone; a commit on its way may have happened"
    UNAVAILABLE = "the database cannot do it now"
    OURS = "a mistake in this program"


SQLITE_FAULTS: Mapping[str, Fault] = {  # by the beginning of the error's name
    "SQLITE_BUSY": Fault.STOOD_IN_THE_WAY,
    "SQLITE_LOCKED": Fault.STOOD_IN_THE_WAY,
    "SQLITE_PROTOCOL": Fault.STOOD_IN_THE_WAY,
    "SQLITE_FULL": Fault.UNAVAILABLE,
    "SQLITE_IOERR": Fault.UNAVAILABLE,
    "SQLITE_CANTOPEN": Fault.UNAVAILABLE,
    "SQLITE_READONLY": Fault.UNAVAILABLE,
    "SQLITE_CORRUPT": Fault.UNAVAILABLE,
    "SQLITE_NOTADB": Fault.UNAVAILABLE,
    "SQLITE_NOMEM": Fault.UNAVAILABLE,
}
POSTGRESQL_FAULTS: Mapping[str, Fault] = {  # by SQLSTATE, or by its class of two letters
    "40001": Fault.STOOD_IN_THE_WAY,
    "40P01": Fault.STOOD_IN_THE_WAY,
    "55P03": Fault.STOOD_IN_THE_WAY,
    "57P01": Fault.CONNECTION_LOST,
    "57P02": Fault.CONNECTION_LOST,
    "57P03": Fault.CONNECTION_LOST,
    "08": Fault.CONNECTION_LOST,
    "25006": Fault.UNAVAILABLE,  # a read-only replica
    "28": Fault.UNAVAILABLE,
    "3D": Fault.UNAVAILABLE,
    "53": Fault.UNAVAILABLE,
    "57": Fault.UNAVAILABLE,
    "58": Fault.UNAVAILABLE,
}


@dataclass(slots=True)
class Attempt:
    """How far one try of a transaction came."""

    is_committing: bool = False

    def may_be_repeated(self, fault: Fault) -> bool:
        """A commit whose answer was lost may stand: only the caller, with its key, can repeat that safely."""
        return fault is Fault.STOOD_IN_THE_WAY or (fault is Fault.CONNECTION_LOST and not self.is_committing)


def repeat(work: Callable[[Attempt], T], deadline: float) -> T:
    """Try until it is done, something else than another transaction is in the way, or the deadline passes.

    Raises StorageUnavailable, which also meets work whose turn came too late.
    """
    if time.monotonic() > deadline:
        raise StorageUnavailable("The database was busy for too long. Try again in a moment.")
    pause_s = FIRST_PAUSE_S
    while True:
        attempt = Attempt()
        try:
            return work(attempt)
        except (DBAPIError, PoolTimeout, OSError) as error:
            fault = fault_of(error)
            if fault is Fault.OURS:
                raise
            if not attempt.may_be_repeated(fault) or time.monotonic() + pause_s > deadline:
                raise _unavailable(error) from error
        time.sleep(pause_s * random.uniform(0.5, 1.5))
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def fault_of(error: Exception) -> Fault:
    """What an error from below means."""
    if not isinstance(error, DBAPIError):
        return Fault.UNAVAILABLE  # no connection was free in time, or none could be made
    name = getattr(error.orig, "sqlite_errorname", None)
    if name:
        return next((fault for known, fault in SQLITE_FAULTS.items() if name.startswith(known)), Fault.OURS)
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return POSTGRESQL_FAULTS.get(state) or POSTGRESQL_FAULTS.get(state[:2], Fault.OURS)
    # psycopg's own, such as ConnectionTimeout, come without a state
    is_lost = error.connection_invalidated or isinstance(error, (InterfaceError, OperationalError))
    return Fault.CONNECTION_LOST if is_lost else Fault.OURS


def _unavailable(error: Exception) -> StorageUnavailable:
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or type(cause).__name__
    return StorageUnavailable(
        f"The database could not do this: {name}. Try again; if it lasts, look at its disk, its locks and its address."
    )
