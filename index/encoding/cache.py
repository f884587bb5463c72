"""Vectors already computed, by the text they belong to, so that a build embeds only what changed.

One file a model, to which builds append: a header, then a record a text. What is added is written, and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import zlib
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.encoding.encode import Vectors

Embed = Callable[[Sequence[str]], Vectors]
Records = npt.NDArray[Any]
MAGIC = b"ADVROWS1"
HEADER = len(MAGIC) + 8  # and the width of a row


class VectorCache:
    """A file of rows of one model. A file, or a row of it, that cannot be read is made anew: it only saves time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stored = _read(path)
        self._places = {key: at for at, key in enumerate(self._stored["key"].tolist())}
        self._sound: set[int] = set()  # places of stored rows that were read and are as they were written
        self._fresh: dict[bytes, tuple[Vectors, bool]] = {}

    def faults(self) -> list[str]:
        """What is not as it was written, a sentence each; nothing when every row is. Reads the whole file."""
        if self._path.is_file() and not _width_of(self._path):
            return [f"{self._path}: is no file of vectors. Delete it: the next build makes it anew."]
        wrong = sum(not self._is_sound(at) for at in self._places.values())
        told = f"{self._path}: {wrong} of {len(self._places)} vectors are not as they were written. "
        return [f"{told}No build uses them. Delete the file: the next build makes it anew."] if wrong else []

    def missing(self, texts: Sequence[str], *, checked: bool = False) -> list[str]:
        """The texts, each once, that have no row yet; with `checked`, none that the reference encoder made."""
        return list({key: text for text in texts if not self._has(key := _key(text), checked)}.values())

    def add(self, texts: Sequence[str], vectors: Vectors, *, checked: bool = True) -> None:
        """checked: whether the reference encoder made these rows, and not only its export."""
        for text, vector in zip(texts, vectors, strict=True):
            self._fresh[_key(text)] = (np.asarray(vector, dtype=np.float32), checked)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Rows of texts that are not missing, (n, dim), or (0, 0). Raises KeyError for one that is."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        keys = [_key(text) for text in texts]
        rows = np.empty((len(keys), self._width()), dtype=np.float32)
        stored = [at for at, key in enumerate(keys) if key not in self._fresh]
        rows[stored] = self._stored["row"][[self._places[keys[at]] for at in stored]]
        for at, key in enumerate(keys):
            if key in self._fresh:
                rows[at] = self._fresh[key][0]
        return rows

    def save(self) -> None:
        """Append what was added. It is on the disk when this returns."""
        if not self._fresh:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        records = _records(self._fresh)
        if _width_of(self._path) == records["row"].shape[1]:
            _append(self._path, records)
        else:
            _write_anew(self._path, records)

    def _width(self) -> int:
        fresh = next(iter(self._fresh.values()), None)
        return len(fresh[0]) if fresh is not None else int(self._stored["row"].shape[1])

    def _has(self, key: bytes, checked: bool) -> bool:
        if key in self._fresh:
            return self._fresh[key][1] or not checked
        at = self._places.get(key)
        return at is not None and (not checked or bool(self._stored["checked"][at])) and self._is_sound(at)

    def _is_sound(self, at: int) -> bool:
        """Whether a stored row is as it was written."""
        if at not in self._sound:
            one = self._stored[at]
            if _sum(one["key"], one["checked"], one["row"]) != one["sum"]:
                return False
            self._sound.add(at)
        return True


def _key(text: str) -> bytes:
    return sha256(text.encode()).hexdigest()[:32].encode()


def _record(width: int) -> np.dtype[Any]:
    return np.dtype([("key", "S32"), ("checked", "<u4"), ("sum", "<u4"), ("row", "<f4", (width,))])


def _sum(key: bytes, checked: int, row: Vectors) -> int:
    return zlib.crc32(row.tobytes(), zlib.crc32(bytes(key) + bytes([int(checked)])))


def _records(fresh: dict[bytes, tuple[Vectors, bool]]) -> Records:
    records = np.zeros(len(fresh), dtype=_record(len(next(iter(fresh.values()))[0])))
    for at, (key, (row, checked)) in enumerate(fresh.items()):
        records[at] = (key, checked, _sum(key, checked, row), row)
    return records


def _width_of(path: Path) -> int:
    """The width of a file's rows; 0 where it is no such file."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
    except OSError:
        return 0
    return int.from_bytes(header[len(MAGIC) :], "little") if header.startswith(MAGIC) and len(header) == HEADER else 0


def _read(path: Path) -> Records:
    """The whole records of a file, mapped and not read; none where it cannot be."""
    width = _width_of(path)
    if not 0 < width < 1 << 16:
        return np.zeros(0, dtype=_record(1))
    record = _record(width)
    count = (path.stat().st_size - HEADER) // record.itemsize
    if not count:
        return np.zeros(0, dtype=record)
    return np.memmap(path, dtype=record, mode="r", offset=HEADER, shape=(count,))


def _append(path: Path, records: Records) -> None:
    """Add records behind the last whole one: what a process that was killed left half is written over."""
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file.fileno()).st_size
        file.seek(size - (size - HEADER) % records.itemsize)
        file.write(records.tobytes())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _write_anew(path: Path, records: Records) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=path.suffix)
    with os.fdopen(handle, "wb") as file:
        file.write(MAGIC + int(records["row"].shape[1]).to_bytes(8, "little") + records.tobytes())
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
