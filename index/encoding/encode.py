"""Turns texts into vectors with ONNX Runtime: what the serving process uses. It never imports torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from index.builds import layout
from index.model import ModelError, digest_of

Vectors: TypeAlias = npt.NDArray[np.float32]
BATCH = 32
MOST_PADDING = 1.5  # the longest row of a batch, against the shortest: another run costs some eight tokens
FILES = (layout.ONNX, layout.TOKENIZER)


class OnnxEncoder:
    """A sentence encoder exported by `index.encoding.embed.export_encoder`, checked by digest when it is loaded."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the encoder in `folder`. Raises ModelError when a file is missing, altered or no encoder.

        threads: that share a call. One does for a server, which encodes in two calls side by side where two cores are free.
        A build takes two; both give the same vectors, to the last digit.
        """
        self.folder = folder
        manifest = checked_manifest(folder)
        self.model_digest: str = manifest["model_digest"]
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / layout.TOKENIZER))
        self._tokenizer.no_padding()  # the shipped file pads every text to 128 tokens
        self.max_tokens: int = manifest["max_tokens"]
        self._tokenizer.enable_truncation(self.max_tokens)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting takes no core from others
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(folder / layout.ONNX), options)
        except Exception as error:
            raise ModelError(
                f"{folder}: ONNX Runtime cannot load the encoder ({type(error).__name__}). Delete the folder and build again."
            ) from error
        self._input_names = {one.name for one in self._session.get_inputs()}
        sizes = [output.shape[1] for output in self._outputs([self._tokenizer.encode("").ids])]
        self.dim, self.width = sizes[0], sum(sizes)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """How many tokens of each text are read: `max_tokens` for one that is cut there. The work grows with their sum."""
        return [len(row.ids) for row in self._tokenizer.encode_batch(list(texts))]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row a text in the order given, (n, width) float32.

        The first `dim` of a row are the sentence vector, of length 1; the rest, if any, is what the gate's tuned layers
        read, of length 1 too.

        Raises ModelError when a vector is not finite: such a model must never decide anything.
        """
        rows = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(rows)), key=lambda row: len(rows[row].ids))
        vectors = np.zeros((len(rows), self.width), dtype=np.float32)
        for batch in _batches([(len(rows[row].ids), row) for row in order]):
            vectors[batch] = self._run([rows[row].ids for row in batch])
        if not np.isfinite(vectors).all():
            raise ModelError(
                f"{self.folder}: the encoder gave vectors that are not numbers. Delete the folder and build again."
            )
        return vectors

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        return np.hstack(self._outputs(ids)).astype(np.float32, copy=False)

    def _outputs(self, ids: Sequence[Sequence[int]]) -> list[Vectors]:
        longest = max(map(len, ids))
        tokens = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feed = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        return list(self._session.run(None, {name: feed[name] for name in self._input_names}))


def _batches(rows: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Rows to run together, given (length, row) by length: each is padded to the longest beside it, which costs as much."""
    batch: list[int] = []
    shortest = 0
    for length, row in rows:
        if batch and (len(batch) == BATCH or length > MOST_PADDING * shortest):
            yield batch
            batch = []
        shortest = length if not batch else shortest
        batch.append(row)
    if batch:
        yield batch


def checked_manifest(folder: Path) -> dict[str, Any]:
    """What describes an exported encoder. Raises ModelError unless every file of it is as it was exported."""
    path = folder / layout.ENCODER
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        expected = {name: manifest["files"][name] for name in FILES}
        found = {name: digest_of(folder / name) for name in FILES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{folder}: no complete encoder here ({type(error).__name__}). `advocate build` exports it."
        ) from error
    for name in FILES:
        if expected[name] != found[name]:
            raise ModelError(
                f"{folder / name}: altered since it was exported. Delete {folder} and run `advocate build`."
            )
    return dict(manifest)
