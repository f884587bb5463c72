"""Rows of the texts, or pairs of them, that an encoder read lately: what two visitors ask in the same words is encoded once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import TypeVar

from index.encoding.encode import Encoder, Vectors

Item = TypeVar("Item", bound=Hashable)
MOST_ROWS = 2_000  # some 6 MB


class RecentRows:
    """The latest rows of one encoder, in memory alone. Kept by a digest of their texts: no word of a visitor stays here."""

    def __init__(self, encoder: Encoder, most: int = MOST_ROWS) -> None:
        self._encoder = encoder
        self._most = most
        self._rows: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, texts: Iterable[Item]) -> dict[Item, Vectors]:
        """A row for each text, by text, as the encoder gives them; those not kept are encoded in one call.

        From any thread. Raises ModelError.
        """
        keys = {text: _key(text) for text in texts}
        with self._lock:
            found = {text: self._rows[key] for text, key in keys.items() if key in self._rows}
        missing = [text for text in keys if text not in found]
        found |= zip(missing, self._encoder.encode(missing), strict=True)
        with self._lock:
            for text, row in found.items():
                self._rows[keys[text]] = row
                self._rows.move_to_end(keys[text])
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)
        return found


def _key(text: Hashable) -> bytes:
    return blake2b(repr(text).encode(), digest_size=16).digest()
