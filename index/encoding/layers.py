"""Tuned copies of the encoder's top layers: the gate's, the question layers, the cross layers. Torch; never served.

The lower layers stay the encoder's, so a message passes through them once for both. What the gate's layers make of a text is
its *reading*. What the question layers make of it takes the place of the model's own sentence vector: questions that ask for
the same stand nearer. The cross layers read a question and a passage together, as a cross-encoder does (Nogueira and Cho
2019), and say whether the one is answered by the other. `index.tune` teaches all three; `index.encoding.embed` exports them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from index.encoding.encode import PADDING, PASSAGE, QUESTION

SHARED = 2  # of MiniLM's six layers: with four tuned ones for each, a decision stays within three embeddings
APART = -1.0  # how little each text of a pair looks at the other before it was taught to, added to its attention


class TunedLayers(torch.nn.Module):
    """Tuned top layers. Takes what layer SHARED gives, (texts, tokens, dim); gives (texts, dim), rows of length 1."""

    def __init__(self, layers: Sequence[torch.nn.Module]) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(copy.deepcopy(layer) for layer in layers)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.pooled(hidden, mask), p=2, dim=1)

    def pooled(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The mean over a text's tokens. mask: (texts, tokens), 1 for a token and 0 for padding."""
        return mean_of(through(self.layers, hidden, unseen_of(mask.to(hidden.dtype))), mask)

    def save(self, path: Path) -> None:
        save_weights(self, path)

    @classmethod
    def load(cls, path: Path, bert: Any) -> TunedLayers:
        """Read saved weights into copies of an encoder's top layers. Raises OSError, ValueError or RuntimeError."""
        layers = cls(bert.encoder.layer[SHARED:])
        layers.load_state_dict(read_weights(path))
        return layers.eval()


class CrossLayers(torch.nn.Module):
    """Tuned top layers that read a question and a passage together.

    They begin as the question layers, to which the two are apart, and their logit as the cosine those give: each head learns
    how far to look at the other text, and a small head what speaks for an answer beside likeness.
    """

    def __init__(self, layers: Iterable[torch.nn.Module], config: Any) -> None:
        """config: the encoder's, which says its width and its heads."""
        super().__init__()
        self.layers = torch.nn.ModuleList(copy.deepcopy(layer) for layer in layers)
        self.apart = torch.nn.Parameter(torch.full((len(self.layers), config.num_attention_heads), APART))
        self.slope = torch.nn.Parameter(torch.tensor(15.0))
        self.shift = torch.nn.Parameter(torch.tensor(-7.0))
        self.hidden = torch.nn.Linear(4 * config.hidden_size, 96)
        self.output = torch.nn.Linear(96, 1)
        torch.nn.init.zeros_(self.output.weight)
        torch.nn.init.zeros_(self.output.bias)

    def forward(self, states: torch.Tensor, segments: torch.Tensor) -> torch.Tensor:
        """The logit, (pairs,), that each passage answers its question.

        states: (pairs, tokens, dim), what layer SHARED gives for each text by itself; segments: (pairs, tokens), whose each is.
        """
        across = ((segments[:, :, None] != segments[:, None, :]) & (segments > PADDING)[:, None, :]).to(states.dtype)
        unseen = unseen_of((segments > PADDING).to(states.dtype))
        for layer, apart in zip(self.layers, self.apart, strict=True):
            states = through([layer], states, unseen + across[:, None] * apart[None, :, None, None])
        means = (mean_of(states, segments == one) for one in (QUESTION, PASSAGE))
        asked, said = (torch.nn.functional.normalize(one, p=2, dim=1) for one in means)
        # The products of two vectors' components are some 19 times smaller than the components, which are small themselves.
        both = torch.cat([asked, said, asked * said * 19, (asked - said).abs()], dim=1) * 4
        head = self.output(torch.nn.functional.gelu(self.hidden(both)))[:, 0]
        logits: torch.Tensor = self.slope * (asked * said).sum(1) + self.shift + head
        return logits

    def save(self, path: Path) -> None:
        save_weights(self, path)

    @classmethod
    def load(cls, path: Path, bert: Any) -> CrossLayers:
        """Read saved weights. Raises OSError, ValueError or RuntimeError."""
        layers = cls(bert.encoder.layer[SHARED:], bert.config)
        layers.load_state_dict(read_weights(path))
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
    hidden = bert.embeddings(input_ids=ids)
    return through(bert.encoder.layer[:SHARED], hidden, unseen_of(mask.to(hidden.dtype)))


def paired_states(bert: Any, ids: torch.Tensor, segments: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The same for pairs, (pairs, tokens, dim): each text is read as if it stood alone.

    ids, segments, places: (pairs, tokens); a token's place is counted from the beginning of its own text.
    """
    hidden = bert.embeddings(input_ids=ids, position_ids=places)
    other = (segments[:, :, None] != segments[:, None, :]).to(hidden.dtype)
    return through(bert.encoder.layer[:SHARED], hidden, other[:, None] * _least(hidden.dtype))


def through(layers: Iterable[torch.nn.Module], hidden: torch.Tensor, unseen: torch.Tensor) -> torch.Tensor:
    """States, (texts, tokens, dim), after some layers. unseen: what is added to each token's attention, as `unseen_of` gives."""
    for layer in layers:
        found = layer(hidden, attention_mask=unseen)
        hidden = found[0] if isinstance(found, tuple) else found
    return hidden


def unseen_of(mask: torch.Tensor) -> torch.Tensor:
    """What keeps padding from being seen, (texts, 1, 1, tokens). mask: (texts, tokens), 1 for a token and 0 for padding."""
    return ((1.0 - mask) * _least(mask.dtype))[:, None, None, :]


def mean_of(states: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """The mean over some of a text's tokens, (texts, dim). where: (texts, tokens), 1 for those tokens."""
    weights = where.to(states.dtype)
    return (states * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)


def save_weights(layers: torch.nn.Module, path: Path) -> None:
    """Write the weights in half precision: they are read back as they will be used."""
    weights = layers.state_dict()
    np.savez(path, **{name: value.numpy().astype(np.float16) for name, value in weights.items()})


def read_weights(path: Path) -> Mapping[str, torch.Tensor]:
    """Saved weights, as they were written. Raises OSError or ValueError."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}


def _least(dtype: torch.dtype) -> float:
    return float(torch.finfo(dtype).min) / 2  # two of them may meet
