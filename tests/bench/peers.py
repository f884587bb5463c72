"""What a clinic could use instead, as plainly as most people write it: the nearest passage of the KneeCare page, over HTTP.

python -m tests.bench.peers plain|batched|onnx --port PORT
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from index.model import find_model
from kb.content import load_content
from kb.sites import SITES

Encode = Callable[[Sequence[str]], Any]
MOST = 32  # questions encoded together


class Question(BaseModel):
    """What is asked."""

    text: str


def sentence_transformer() -> Encode:
    """The model as its library runs it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model()), device="cpu", local_files_only=True)
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)


def onnx_model() -> Encode:
    """The same model in ONNX Runtime: exported here, in another process, without our tuned layers."""
    from tests.bench.speed import plain_encoder

    with tempfile.TemporaryDirectory() as folder:
        encoder = plain_encoder(Path(folder))
    return encoder.encode


class Passages:
    """The page's passages, searched exactly."""

    def __init__(self, encode: Encode) -> None:
        content = load_content(SITES / "kneecare")
        self._texts = [page.text_of(passage) for page, passage in content.passages()]
        vectors = np.asarray(encode(self._texts), dtype=np.float32)
        self._faiss_index = faiss.IndexFlatIP(vectors.shape[1])
        self._faiss_index.add(np.ascontiguousarray(vectors))

    def nearest(self, vectors: Any) -> list[dict[str, Any]]:
        scores, rows = self._faiss_index.search(np.ascontiguousarray(vectors, dtype=np.float32), 1)
        return [{"text": self._texts[row], "score": float(score)} for [row], [score] in zip(rows, scores, strict=True)]


def one_by_one(encode: Encode) -> FastAPI:
    """Each request encodes by itself, in FastAPI's thread pool."""
    app, passages = FastAPI(), Passages(encode)

    @app.post("/ask")
    def ask(question: Question) -> dict[str, Any]:
        return passages.nearest(encode([question.text]))[0]

    return app


def together() -> FastAPI:
    """One thread encodes whatever waits. The model is loaded in it: torch is slower in a thread that did not."""
    app, waiting = FastAPI(), queue.SimpleQueue[tuple[str, Future[Any]]]()
    is_ready = threading.Event()

    def serve() -> None:
        encode = sentence_transformer()
        passages = Passages(encode)
        is_ready.set()
        while True:
            batch = [waiting.get()]
            while len(batch) < MOST and not waiting.empty():
                batch.append(waiting.get())
            for (_, future), found in zip(batch, passages.nearest(encode([text for text, _ in batch])), strict=True):
                future.set_result(found)

    threading.Thread(target=serve, daemon=True).start()
    is_ready.wait()

    @app.post("/ask")
    async def ask(question: Question) -> Any:
        future: Future[Any] = Future()
        waiting.put((question.text, future))
        return await asyncio.wrap_future(future)

    return app


PEERS: dict[str, Callable[[], FastAPI]] = {
    "plain": lambda: one_by_one(sentence_transformer()),
    "batched": together,
    "onnx": lambda: one_by_one(onnx_model()),
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=PEERS)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    app = PEERS[given.kind]()
    app.get("/healthz")(lambda: {"status": "up"})
    uvicorn.run(app, port=given.port, log_level="error")
    return 0


if __name__ == "__main__":
    sys.exit(main())
