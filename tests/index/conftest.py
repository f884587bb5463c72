"""A hash embedder: texts that share words get near vectors, without a model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from index.lexical import tokens


def hash_vectors(texts: Sequence[str], dim: int = 64):
    vectors = np.zeros((len(texts), dim), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in tokens(text) or ["-"]:
            vectors[row, zlib.crc32(word.encode()) % dim] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def embed():
    return hash_vectors
