"""The vector index: exact inner-product search with FAISS, the only file that names it."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from index.encoding.encode import Vectors
from kb.errors import AdvocateError

Rows = npt.NDArray[np.int64]
# Their threads fight ONNX Runtime's. FAISS: 5.5 ms instead of 2.05 a question. NumPy's: a product of 3,800 vectors takes 9 ms
# in two threads on cores that are busy, and 0.3 ms in one.
faiss.omp_set_num_threads(1)
threadpool_limits(1, user_api="blas")


class IndexUnreadable(AdvocateError):
    """A FAISS file that cannot be used."""


class VectorStore:
    """Vectors of length 1, searched by cosine similarity."""

    def __init__(self, faiss_index: faiss.IndexFlat) -> None:
        self._faiss_index = faiss_index

    @classmethod
    def of(cls, vectors: Vectors) -> VectorStore:
        faiss_index = faiss.IndexFlatIP(vectors.shape[1])
        faiss_index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(faiss_index)

    @classmethod
    def load(cls, path: Path) -> VectorStore:
        """Read a store. Raises IndexUnreadable; whether the bytes are the right ones is the manifest's to check."""
        try:
            found = faiss.read_index(str(path))
        except RuntimeError as error:
            raise IndexUnreadable(f"{path}: FAISS cannot read it. Build again.") from error
        if not isinstance(found, faiss.IndexFlat):
            raise IndexUnreadable(f"{path}: expected a flat FAISS index, found {type(found).__name__}. Build again.")
        return cls(found)

    def save(self, path: Path) -> None:
        faiss.write_index(self._faiss_index, str(path))

    def __len__(self) -> int:
        return int(self._faiss_index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._faiss_index.d)

    @property
    def vectors(self) -> Vectors:
        """The stored rows, (len, dim), where they stand: no copy."""
        return np.asarray(_Rows(self._faiss_index)).reshape(len(self), self.dim)

    def nearest(self, questions: Vectors, k: int) -> tuple[Rows, Vectors]:
        """The k rows nearest to each question, best first, with their cosine: two arrays (n, min(k, len))."""
        if not len(self):
            return np.zeros((len(questions), 0), dtype=np.int64), np.zeros((len(questions), 0), dtype=np.float32)
        scores, rows = self._faiss_index.search(np.ascontiguousarray(questions, dtype=np.float32), min(k, len(self)))
        return rows, scores


class _Rows:
    """The memory of an index as NumPy reads it. An array of it keeps the index, and so the memory, alive."""

    def __init__(self, faiss_index: faiss.IndexFlat) -> None:
        self._faiss_index = faiss_index
        held = faiss.rev_swig_ptr(faiss_index.get_xb(), faiss_index.ntotal * faiss_index.d)
        self.__array_interface__ = held.__array_interface__
