"""Vectors already computed, by the text they belong to, so that a build embeds only what changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from index.encode import Vectors

Embed = Callable[[Sequence[str]], Vectors]


class VectorCache:
    """A file of vectors of one model. A file that cannot be read is started anew: it only saves time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Vectors] = {}
        self._changed = False
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                self._rows = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            self._rows = {}

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The texts, each once, that have no vector yet."""
        return list({_key(text): text for text in texts if _key(text) not in self._rows}.values())

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        for text, vector in zip(texts, vectors, strict=True):
            self._rows[_key(text)] = vector
        self._changed = self._changed or bool(texts)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts that were added, (n, dim), or (0, 0). Raises KeyError for a text that was not."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        return np.stack([self._rows[_key(text)] for text in texts]).astype(np.float32)

    def save(self) -> None:
        """Replace the file in one rename, when something was added."""
        if not self._changed:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".npz")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, keys=np.array(list(self._rows)), vectors=np.stack(list(self._rows.values())))
        Path(name).replace(self._path)


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
