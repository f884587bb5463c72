"""What builds have in common, in memory once: made for the first that needs it, gone with the last that uses it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Shared(Generic[T]):
    """Things by the digest of what they are made of. Of two threads that ask at once one waits for the other."""

    def __init__(self) -> None:
        self._made: WeakValueDictionary[str, T] = WeakValueDictionary()
        self._making = Lock()

    def get(self, digest: str, make: Callable[[], T]) -> T:
        """The thing of this digest, made now if nobody has it."""
        with self._making:
            found = self._made.get(digest)
            if found is None:
                found = self._made[digest] = make()
            return found
