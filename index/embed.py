"""The reference encoder: sentence-transformers, used at build time, and its one export to ONNX for serving."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.encode import OnnxEncoder, Vectors, encoder_folder
from index.model import digest_of, model_digest

# The largest difference allowed between a component of the two encoders' vectors (float32 rounding gives about 2e-7).
TOLERANCE = 1e-5
OPSET = 17


class ExportDiffers(ValueError):
    """The exported encoder does not give the reference encoder's vectors; it is not used."""


class ReferenceEncoder:
    """A sentence-transformers model on the CPU."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever fetched; read when the library is imported
        from sentence_transformers import SentenceTransformer  # 5 s to import: only when a build encodes

        self.folder = folder
        self.model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, (n, dim) float32, one row a text in the order given."""
        vectors = self.model.encode(list(texts), normalize_embeddings=True, batch_size=32, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1)


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

    modules: list[Any] = list(reference.model)

    class Whole(torch.nn.Module):
        """Every step of the sentence-transformers model, its pooling and normalisation included, as one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(modules)

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
            for step in self.steps:
                features = step(features)
            vectors: torch.Tensor = features["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, p=2, dim=1)

    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids = torch.ones(2, 9, dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own tracing
        torch.onnx.export(
            Whole().eval(),
            (ids, torch.ones_like(ids), torch.zeros_like(ids)),
            str(path),
            input_names=names,
            output_names=["vectors"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names} | {"vectors": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )
