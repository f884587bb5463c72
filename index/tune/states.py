"""What tuning shares: the states below the tuned layers, computed once as they are not tuned; batches, steps, reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from index.encoding.embed import ReferenceEncoder
from index.encoding.layers import SHARED, TunedLayers, shared_states
from index.model import DEFAULT_WEIGHTS_SHA256, digest_of

SEED = 20261130
WARM_UP = 0.1
OWN_LICENCE = "same as this repository; the starting weights are all-MiniLM-L6-v2's (Apache-2.0)"
Padded = tuple[torch.Tensor, torch.Tensor]


class States:
    """What layer SHARED makes of each text, at most `longest` tokens of it."""

    def __init__(self, reference: ReferenceEncoder, longest: int) -> None:
        self._reference = reference
        self._longest = longest
        self._found: dict[str, torch.Tensor] = {}

    @torch.no_grad()
    def add(self, texts: Iterable[str]) -> None:
        """Compute the states of texts that have none yet."""
        fresh = sorted({text for text in texts if text not in self._found}, key=lambda text: (len(text), text))
        for start in range(0, len(fresh), 64):
            some = fresh[start : start + 64]
            ids, mask = (one[:, : self._longest] for one in self._reference.tokens(some))
            shared = shared_states(self._reference.bert, ids, mask)
            for text, states, length in zip(some, shared, mask.sum(1).tolist(), strict=True):
                self._found[text] = states[:length].to(torch.float16).clone()

    def length(self, text: str) -> int:
        return len(self._found[text])

    def of(self, text: str) -> torch.Tensor:
        """The states of a text, (tokens, dim)."""
        return self._found[text].float()

    def padded(self, texts: Sequence[str]) -> Padded:
        """States, (texts, longest, dim), and their mask."""
        every = [self.of(text) for text in texts]
        states = torch.nn.utils.rnn.pad_sequence(every, batch_first=True)
        lengths = torch.tensor([len(one) for one in every])
        return states, (torch.arange(states.shape[1])[None, :] < lengths[:, None]).to(states.dtype)

    def vectors(self, texts: Sequence[str], layers: TunedLayers, parts: int = 4) -> torch.Tensor:
        """Vectors of texts, (n, dim), encoded in parts of about equal length so that few tokens are padding."""
        lengths = [self.length(text) for text in texts]
        return in_parts(lengths, parts, lambda group: layers(*self.padded([texts[row] for row in group])))


def in_parts(lengths: Sequence[int], parts: int, run: Callable[[Sequence[int]], torch.Tensor]) -> torch.Tensor:
    """What `run` gives for groups of about equal length, a row for each of its group, in the order of `lengths`."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    size = -(-len(order) // parts)
    rows = torch.cat([run(order[start : start + size]) for start in range(0, len(order), size)])
    places = torch.empty(len(order), dtype=torch.long)
    places[torch.tensor(order)] = torch.arange(len(order))
    return rows[places]


class Steps:
    """AdamW with a rate that warms up and falls to a fiftieth."""

    def __init__(self, groups: Sequence[dict[str, Any]], steps: int) -> None:
        self._groups = [one for group in groups for one in group["params"]]
        self._optimizer = torch.optim.AdamW(groups)

        def rate(step: int) -> float:
            return min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.02, 1 - step / steps)

        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, rate)

    def take(self, loss: torch.Tensor) -> float:
        """One step down the loss; gives its value."""
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._groups, 1.0)
        self._optimizer.step()
        self._schedule.step()
        return float(loss.detach())


def start() -> np.random.Generator:
    """Seeded, in one thread: sums in one order."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    return np.random.default_rng(SEED)


def top_layers(reference: ReferenceEncoder) -> TunedLayers:
    """A copy of the encoder's own layers above SHARED."""
    return TunedLayers(reference.bert.encoder.layer[SHARED:])


def write_report(
    path: Path,
    command: str,
    settings: Mapping[str, Any],
    sources: Sequence[str],
    *,
    licence: str = OWN_LICENCE,
    name: str | None = None,
) -> None:
    """What a file of weights was made from, beside it: under its own name, or another where that is taken."""
    report = {
        "command": command,
        "seed": SEED,
        "layers tuned above": SHARED,
        **settings,
        "sources": list(sources),
        "licence": licence,
        "model sha256": DEFAULT_WEIGHTS_SHA256,
        "sha256": digest_of(path),
    }
    path.with_name(name or f"{path.stem}.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
