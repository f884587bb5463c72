"""Turns texts into vectors with ONNX Runtime: what the serving process uses. It never imports torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from index.builds import layout
from index.model import ModelError, digest_of

Vectors: TypeAlias = npt.NDArray[np.float32]
Pair: TypeAlias = tuple[str, str]  # a question, and what may answer it
PADDING, QUESTION, PASSAGE = 0, 1, 2  # what a token of a pair belongs to
BATCH = 32
QUESTION_TOKENS, PASSAGE_TOKENS = 64, 72  # of a pair that are read together
MOST_PADDING = 1.5  # the longest row of a batch, against the shortest: another run costs some eight tokens
FILES = (layout.ONNX, layout.TOKENIZER)


class Encoder(Protocol):
    """Gives a row for each of what it reads: texts, or pairs."""

    def encode(self, texts: Sequence[Any], /) -> Vectors:
        """(n, width) float32. Raises ModelError."""


class OnnxEncoder:
    """A sentence encoder exported by `index.encoding.embed.export_encoder`, checked by digest when it is loaded.

    cross: what reads a question with a passage, where the model has layers for it.
    """

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
        self._session = _session(folder / layout.ONNX, threads)
        self.cross: CrossEncoder | None = None
        if layout.CROSS in manifest["files"]:
            self.cross = CrossEncoder(folder / layout.CROSS, self._tokenizer, threads)
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


class CrossEncoder:
    """Reads questions with passages: the logit that each passage answers its question."""

    def __init__(self, path: Path, tokenizer: Tokenizer, threads: int) -> None:
        """Raises ModelError."""
        self._path = path
        self._tokenizer = tokenizer
        self._session = _session(path, threads)

    def encode(self, pairs: Sequence[Pair]) -> Vectors:
        """A logit a pair, (n, 1) float32, in the order given. Of a pair QUESTION_TOKENS, the last, and PASSAGE_TOKENS are read.

        Raises ModelError when one is not finite.
        """
        ids = {text: one.ids for text, one in self._tokens(pairs)}
        rows = [(end_of(ids[question]), ids[said][:PASSAGE_TOKENS]) for question, said in pairs]
        lengths = sorted((len(asked) + len(said), row) for row, (asked, said) in enumerate(rows))
        logits = np.zeros((len(rows), 1), dtype=np.float32)
        for batch in _batches(lengths):
            logits[batch, 0] = self._run([rows[row] for row in batch])
        if not np.isfinite(logits).all():
            raise ModelError(f"{self._path}: gave logits that are not numbers. Delete its folder and build again.")
        return logits

    def _tokens(self, pairs: Sequence[Pair]) -> Iterator[tuple[str, Any]]:
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        return zip(texts, self._tokenizer.encode_batch(texts), strict=True)

    def _run(self, rows: Sequence[tuple[list[int], list[int]]]) -> Vectors:
        shape = len(rows), max(len(asked) + len(said) for asked, said in rows)
        tokens, segments, places = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        for row, (asked, said) in enumerate(rows):
            end = len(asked) + len(said)
            tokens[row, :end], segments[row, :end], places[row, :end] = laid_out(asked, said)
        feed = {"input_ids": tokens, "segments": segments, "places": places}
        return np.asarray(self._session.run(None, feed)[0], dtype=np.float32)


def laid_out(asked: list[int], said: list[int]) -> tuple[list[int], list[int], list[int]]:
    """A pair's token ids, which text each belongs to, and its place in its own text."""
    segments = [QUESTION] * len(asked) + [PASSAGE] * len(said)
    return asked + said, segments, [*range(len(asked)), *range(len(said))]


def end_of(ids: list[int]) -> list[int]:
    """The token ids of a question that are read of it: behind the first, which opens any text, the last, which ask."""
    return ids if len(ids) <= QUESTION_TOKENS else [*ids[:1], *ids[1 - QUESTION_TOKENS :]]


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting takes no core from others
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options)
    except Exception as error:
        raise ModelError(
            f"{path.parent}: ONNX Runtime cannot load {path.name} ({type(error).__name__}). Delete the folder and build again."
        ) from error


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
        expected = {name: manifest["files"][name] for name in {*FILES, *manifest["files"]}}
        found = {name: digest_of(folder / name) for name in expected}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{folder}: no complete encoder here ({type(error).__name__}). `advocate build` exports it."
        ) from error
    for name in expected:
        if expected[name] != found[name]:
            raise ModelError(
                f"{folder / name}: altered since it was exported. Delete {folder} and run `advocate build`."
            )
    return dict(manifest)
