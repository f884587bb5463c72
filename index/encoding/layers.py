"""Tuned copies of the encoder's top layers, for the gate and for retrieval. Torch; never served.

The lower layers stay the encoder's, so a message passes through them once for both. What the gate's layers make of a text is
its *reading*. What the question layers make of it takes the place of the model's own sentence vector: questions that ask for
the same stand nearer. `index.tune` teaches both; `index.encoding.embed` exports them as one graph.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

SHARED = 2  # of MiniLM's six layers: with four tuned ones for each, a decision stays within three embeddings


class TunedLayers(torch.nn.Module):
    """Tuned top layers. Takes what layer SHARED gives, (texts, tokens, dim); gives (texts, dim), rows of length 1."""

    def __init__(self, layers: Sequence[torch.nn.Module]) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(copy.deepcopy(layer) for layer in layers)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.pooled(hidden, mask), p=2, dim=1)

    def pooled(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The mean over a text's tokens. mask: (texts, tokens), 1 for a token and 0 for padding."""
        weights = mask.to(hidden.dtype)
        hidden = through(self.layers, hidden, mask)
        return (hidden * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)

    def save(self, path: Path) -> None:
        """Write the weights in half precision: they are read back as they will be used."""
        np.savez(path, **{name: value.numpy().astype(np.float16) for name, value in self.state_dict().items()})

    @classmethod
    def load(cls, path: Path, bert: Any) -> TunedLayers:
        """Read saved weights into copies of an encoder's top layers. Raises OSError, ValueError or RuntimeError."""
        layers = cls(bert.encoder.layer[SHARED:])
        with np.load(path, allow_pickle=False) as stored:
            layers.load_state_dict({name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files})
        return layers.eval()


class Branches(torch.nn.Module):
    """Both tuned branches of an encoder, above the layers they share."""

    def __init__(self, questions: TunedLayers, gate: TunedLayers) -> None:
        super().__init__()
        self.questions = questions
        self.gate = gate

    def forward(self, shared: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors and readings of texts, each (texts, dim), rows of length 1."""
        return self.questions(shared, mask), self.gate(shared, mask)


def shared_states(bert: Any, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What the last shared layer of a BERT encoder gives, (texts, tokens, dim); those above it are not run."""
    return through(bert.encoder.layer[:SHARED], bert.embeddings(input_ids=ids), mask)


def through(layers: Iterable[torch.nn.Module], hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """States, (texts, tokens, dim), after some layers. mask: (texts, tokens), 1 for a token and 0 for padding."""
    unseen = (1.0 - mask.to(hidden.dtype))[:, None, None, :] * torch.finfo(hidden.dtype).min
    for layer in layers:
        found = layer(hidden, attention_mask=unseen)
        hidden = found[0] if isinstance(found, tuple) else found
    return hidden
