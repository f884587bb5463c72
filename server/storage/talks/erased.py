"""Which conversations were erased: their ids, in a file beside the database, for a backup from before that is restored."""

from __future__ import annotations

import os
import re
from pathlib import Path

from server.storage.database.engine import PRIVATE
from server.storage.database.faults import StorageUnavailable

NAME = "erased"
ID = re.compile(r"[0-9a-f]{32}")


class ErasedList:
    """A file with an id on each line. It outlives the database it stands beside."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def add(self, conversation_id: str) -> None:
        """Keep an id, on the disk when this returns, once. Raises StorageUnavailable."""
        if conversation_id in self.ids():
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
            try:
                os.write(file, f"{conversation_id}\n".encode())
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise StorageUnavailable(
                f"{self._path}: cannot be written ({error}). Is the disk full, or read-only?"
            ) from error

    def ids(self) -> list[str]:
        """Each once, in the order of the erasures. A line that was cut short counts for nothing."""
        if not self._path.is_file():
            return []
        return list(dict.fromkeys(ID.findall(self._path.read_text(encoding="ascii", errors="replace"))))
