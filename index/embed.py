"""The reference encoder: sentence-transformers, used at build time, and its one export to ONNX for serving.

A text's row is its sentence vector, and behind it, for a model the gate's layers were tuned on, its reading.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encode import BATCH, OnnxEncoder, Vectors, encoder_folder
from index.model import digest_of, gate_layers_of, model_digest

if TYPE_CHECKING:
    import torch

# The largest difference allowed between a component of the two encoders' vectors (float32 rounding gives about 2e-7).
TOLERANCE = 1e-5
OPSET = 17


class ExportDiffers(ValueError):
    """The exported encoder does not give the reference encoder's vectors; it is not used."""


class ReferenceEncoder:
    """A sentence-transformers model on the CPU."""

    def __init__(self, folder: Path, *, reads: bool = True) -> None:
        """reads: whether to load the gate's layers too, where the model has some."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever fetched; read when the library is imported
        from sentence_transformers import SentenceTransformer  # 5 s to import: only when a build encodes

        self.folder = folder
        self.model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        layers = gate_layers_of(folder) if reads else None
        self.gate_layers: Any = self._load_layers(layers) if layers is not None else None
        self.bert.config.output_hidden_states = layers is not None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row a text, in the order given: (n, dim) or, with readings, (n, 2 dim), float32. Each half has length 1."""
        return np.concatenate([self._rows(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)])

    @property
    def bert(self) -> Any:
        return self.model[0].auto_model

    def tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids and mask of texts, each (n, longest), as the model reads them."""
        found = self.model.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.model.max_seq_length, return_tensors="pt"
        )
        return found["input_ids"], found["attention_mask"]

    def _load_layers(self, path: Path) -> Any:
        from index.layers import GateLayers

        return GateLayers.load(path, self.bert)

    def _rows(self, texts: Sequence[str]) -> Vectors:
        """Rows of one batch: sentence-transformers' own steps, once through the model for both halves."""
        import torch

        from index.layers import SHARED

        with torch.inference_mode():
            features = self.model(self.model.preprocess(list(texts)))
            parts = [torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)]
            if self.gate_layers is not None:
                parts.append(self.gate_layers(features["all_layer_embeddings"][SHARED], features["attention_mask"]))
            return np.asarray(torch.hstack(parts).numpy(), dtype=np.float32)


def export_encoder(reference: ReferenceEncoder, models: Path) -> Path:
    """Write the encoder as `model.onnx` with its tokenizer and digests, in one rename. Gives its folder."""
    digest = model_digest(reference.folder)
    folder = encoder_folder(models, digest)
    models.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".export-", dir=models))
    _export(reference, aside / "model.onnx")
    shutil.copy(reference.folder / "tokenizer.json", aside / "tokenizer.json")
    manifest = {
        "model_digest": digest,
        "max_tokens": int(reference.model.max_seq_length or 256),
        "files": {name: digest_of(aside / name) for name in ("model.onnx", "tokenizer.json")},
    }
    (aside / "encoder.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    aside.rename(folder)
    return folder


def check_export(encoder: OnnxEncoder, texts: Sequence[str], vectors: Vectors) -> float:
    """The largest difference between the export and the reference vectors. Raises ExportDiffers past TOLERANCE."""
    largest = float(np.abs(encoder.encode(texts) - vectors).max()) if len(texts) else 0.0
    if not largest <= TOLERANCE:
        raise ExportDiffers(
            f"{encoder.folder}: the export differs from the reference by {largest:.2g}, at most {TOLERANCE} is allowed. "
            "Delete the folder and build again; if it stays, report the model and the versions in constraints.txt."
        )
    return largest


def _export(reference: ReferenceEncoder, path: Path) -> None:
    import torch

    from index.layers import hidden_states

    steps: list[Any] = list(reference.model)
    bert, layers = reference.bert, reference.gate_layers

    class Whole(torch.nn.Module):
        """Every step of the model, pooling and normalisation included, and the gate's layers beside, as one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(steps)
            self.gate_layers = layers

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor | tuple[torch.Tensor, ...]:
            features = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
            readings: tuple[torch.Tensor, ...] = ()
            steps = iter(self.steps)
            if self.gate_layers is not None:  # the encoder runs once for both
                next(steps)
                shared, features["token_embeddings"] = hidden_states(bert, input_ids, attention_mask)
                readings = (self.gate_layers(shared, attention_mask),)
            for step in steps:
                features = step(features)
            vectors = torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)
            return (vectors, *readings) if readings else vectors

    names = ["input_ids", "attention_mask", "token_type_ids"]
    outputs = ["vectors"] if layers is None else ["vectors", "readings"]
    ids = torch.ones(2, 9, dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own tracing
        torch.onnx.export(
            Whole().eval(),
            (ids, torch.ones_like(ids), torch.zeros_like(ids)),
            str(path),
            input_names=names,
            output_names=outputs,
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names} | {name: {0: "texts"} for name in outputs},
            opset_version=OPSET,
            dynamo=False,
        )
