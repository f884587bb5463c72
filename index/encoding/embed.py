"""The reference encoder: sentence-transformers, used at build time, and its one export to ONNX for serving.

A text's row is its sentence vector. For the model that layers were tuned for, the vector is what the question layers make of
the text, and the gate's reading stands behind it (index/encoding/layers.py).
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

from index.builds import layout
from index.encoding.encode import BATCH, FILES, PASSAGE_TOKENS, OnnxEncoder, Pair, Vectors, end_of, laid_out
from index.model import CROSS_LAYERS, GATE_LAYERS, QUESTION_LAYERS, digest_of, is_tuned, model_digest

if TYPE_CHECKING:
    import torch

# The largest difference allowed between a component of the two encoders' vectors (float32 rounding gives about 2e-7).
TOLERANCE = 1e-5
LOGIT_TOLERANCE = 1e-3  # of what the cross layers give, some 20 at most
OPSET = 17


class ExportDiffers(ValueError):
    """The exported encoder does not give the reference encoder's vectors; it is not used."""


class ReferenceEncoder:
    """A sentence-transformers model on the CPU."""

    def __init__(self, folder: Path, *, tuned: bool = True) -> None:
        """tuned: whether to load the tuned layers too, where the model has some."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever fetched; read when the library is imported
        from sentence_transformers import SentenceTransformer  # 5 s to import: only when a build encodes
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # a build shows its own
        self.folder = folder
        self.model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        has_layers = tuned and is_tuned(folder)
        self.branches: Any = self._load_branches() if has_layers else None
        self.cross: Any = self._load_cross() if has_layers and CROSS_LAYERS.exists() else None

    def read_together(self, pairs: Sequence[Pair]) -> Vectors:
        """The logit, (n, 1) float32, that each passage answers its question. Only with cross layers."""
        import torch

        from index.encoding.layers import paired_states

        logits = []
        for question, said in pairs:
            one = end_of(self.tokens([question])[0][0].tolist())
            other = self.tokens([said])[0][0, :PASSAGE_TOKENS].tolist()
            ids, segments, places = (torch.tensor([row]) for row in laid_out(one, other))
            with torch.inference_mode():
                states = paired_states(self.bert, ids, segments, places)
                logits.append(self.cross(states, segments).numpy())
        return np.asarray(logits, dtype=np.float32).reshape(len(pairs), 1)

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

    def _load_branches(self) -> Any:
        from index.encoding.layers import Branches, TunedLayers

        return Branches(TunedLayers.load(QUESTION_LAYERS, self.bert), TunedLayers.load(GATE_LAYERS, self.bert)).eval()

    def _load_cross(self) -> Any:
        from index.encoding.layers import CrossLayers

        return CrossLayers.load(CROSS_LAYERS, self.bert)

    def _rows(self, texts: Sequence[str]) -> Vectors:
        """Rows of one batch: by the tuned layers, or by sentence-transformers' own steps."""
        import torch

        from index.encoding.layers import shared_states

        with torch.inference_mode():
            if self.branches is not None:
                ids, mask = self.tokens(texts)
                rows = torch.hstack(self.branches(shared_states(self.bert, ids, mask), mask))
            else:
                features = self.model(self.model.preprocess(list(texts)))
                rows = torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)
            return np.asarray(rows.numpy(), dtype=np.float32)


def export_encoder(reference: ReferenceEncoder, models: Path) -> Path:
    """Write the encoder as `model.onnx` with its tokenizer and digests, in one rename. Gives its folder."""
    digest = model_digest(reference.folder)
    folder = layout.encoder_folder(models, digest)
    models.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".export-", dir=models))
    _export(reference, aside / layout.ONNX)
    if reference.cross is not None:
        _export_cross(reference, aside / layout.CROSS)
    shutil.copy(reference.folder / "tokenizer.json", aside / layout.TOKENIZER)
    manifest = {
        "model_digest": digest,
        "max_tokens": int(reference.model.max_seq_length or 256),
        "files": {name: digest_of(aside / name) for name in (*FILES, layout.CROSS) if (aside / name).exists()},
    }
    (aside / layout.ENCODER).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    aside.rename(folder)
    return folder


def check_cross(encoder: OnnxEncoder, reference: ReferenceEncoder, pairs: Sequence[Pair]) -> float:
    """The largest difference between the export's logits and the reference's. Raises ExportDiffers past LOGIT_TOLERANCE."""
    if encoder.cross is None or not pairs:
        return 0.0
    largest = float(np.abs(encoder.cross.encode(pairs) - reference.read_together(pairs)).max())
    if not largest <= LOGIT_TOLERANCE:
        raise ExportDiffers(_differing(encoder, largest, LOGIT_TOLERANCE))
    return largest


def check_export(encoder: OnnxEncoder, texts: Sequence[str], vectors: Vectors) -> float:
    """The largest difference between the export and the reference vectors. Raises ExportDiffers past TOLERANCE."""
    largest = float(np.abs(encoder.encode(texts) - vectors).max()) if len(texts) else 0.0
    if not largest <= TOLERANCE:
        raise ExportDiffers(_differing(encoder, largest, TOLERANCE))
    return largest


def _differing(encoder: OnnxEncoder, largest: float, allowed: float) -> str:
    return (
        f"{encoder.folder}: the export differs from the reference by {largest:.2g}, at most {allowed} is allowed. "
        "Delete the folder and build again; if it stays, report the model and the versions in constraints.txt."
    )


def _export(reference: ReferenceEncoder, path: Path) -> None:
    import torch

    from index.encoding.layers import shared_states

    steps: list[Any] = list(reference.model)
    bert, branches = reference.bert, reference.branches

    class Whole(torch.nn.Module):
        """Every step of the model, pooling and normalisation included, as one graph; or the tuned layers' both outputs."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(steps)
            self.branches = branches

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor | tuple[torch.Tensor, ...]:
            if self.branches is not None:
                both: tuple[torch.Tensor, ...] = self.branches(
                    shared_states(bert, input_ids, attention_mask), attention_mask
                )
                return both
            features = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
            for step in self.steps:
                features = step(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    names = ["input_ids", "attention_mask", "token_type_ids"]
    outputs = ["vectors"] if branches is None else ["vectors", "readings"]
    ids = torch.ones(2, 9, dtype=torch.long)
    _write_graph(Whole(), (ids, torch.ones_like(ids), torch.zeros_like(ids)), path, names, outputs)


def _export_cross(reference: ReferenceEncoder, path: Path) -> None:
    import torch

    from index.encoding.layers import paired_states

    bert, cross = reference.bert, reference.cross

    class Together(torch.nn.Module):
        """A question and a passage through the shared layers each by itself, and through the cross layers together."""

        def __init__(self) -> None:
            super().__init__()
            self.bert, self.cross = bert, cross

        def forward(self, input_ids: torch.Tensor, segments: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.cross(paired_states(self.bert, input_ids, segments, places), segments)
            return logits

    ids = torch.ones(2, 9, dtype=torch.long)
    segments = torch.tensor([[1] * 4 + [2] * 5, [1] * 3 + [2] * 4 + [0] * 2])
    names = ["input_ids", "segments", "places"]
    _write_graph(Together(), (ids, segments, torch.zeros_like(ids)), path, names, ["logits"])


def _write_graph(model: Any, example: tuple[Any, ...], path: Path, names: list[str], outputs: list[str]) -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own tracing
        torch.onnx.export(
            model.eval(),
            example,
            str(path),
            input_names=names,
            output_names=outputs,
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names} | {name: {0: "texts"} for name in outputs},
            opset_version=OPSET,
            dynamo=False,
        )
