"""What answers in a build, made from its content and the rows of its texts: for a folder, or to try what is not saved yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.builds import layout
from index.builds.manifest import BuildRefused, canonical_digest
from index.builds.shared import Shared
from index.classify import Classifier, fit
from index.encoding.cache import VectorCache
from index.encoding.encode import Vectors
from index.linking import Link, ask_vectors, link_asks, load_links, save_links
from index.model import GATE_HEAD, digest_of, is_tuned
from index.scale import Scale, load_scales, read_scale
from index.store import VectorStore
from index.teaching import (
    gate_lessons,
    new_examples,
    shipped_examples,
    shipped_version,
    site_examples,
    uncovered_questions,
)
from index.units import Unit, UnitKind
from kb.content import Content

# How far a site's own examples may move the gate that ships, and how closely one is fitted where none ships.
OWN_STRENGTH = 0.3
WHOLE_STRENGTH = 5.0

# The same in most sites' builds, held once.
_gates: Shared[Classifier] = Shared()
_outside: Shared[VectorStore] = Shared()
_asked: Shared[Any] = Shared()


@dataclass(frozen=True, slots=True)
class Parts:
    """store: the units' vectors, in their order; outside: those of questions that no passage answers; asked: the asks'."""

    units: Sequence[Unit]
    store: VectorStore
    outside: VectorStore
    gate: Classifier
    scale: Scale
    links: Sequence[Link]
    asked: Vectors

    def save(self, folder: Path) -> None:
        self.outside.save(folder / layout.OUTSIDE_STORE)
        self.store.save(folder / layout.UNIT_STORE)
        _write(folder / layout.UNITS, [[one.text, one.passage, one.kind, one.span] for one in self.units])
        _write(folder / layout.SCALE, asdict(self.scale))
        self.gate.save(folder / layout.GATE)
        save_links(folder, self.links, self.asked)

    @classmethod
    def load(cls, folder: Path, files: Mapping[str, str]) -> Parts:
        """files: digests by name, as the build's manifest has them; what another build has the same of is taken from there.

        Raises BuildRefused, IndexUnreadable, OSError, ValueError, KeyError, TypeError or BadZipFile."""
        units = read_units(folder)
        store = VectorStore.load(folder / layout.UNIT_STORE)
        if len(store) != len(units):
            raise BuildRefused(f"{folder}: {len(units)} units but {len(store)} vectors. Build again.")
        return cls(
            units=units,
            store=store,
            outside=_outside.get(files[layout.OUTSIDE_STORE], lambda: VectorStore.load(folder / layout.OUTSIDE_STORE)),
            gate=_gates.get(files[layout.GATE], lambda: Classifier.load(folder / layout.GATE)),
            scale=read_scale(_read(folder / layout.SCALE)),
            links=load_links(folder),
            asked=_asked.get(
                files[layout.ASK_VECTORS], lambda: np.load(folder / layout.ASK_VECTORS, allow_pickle=False)
            ),
        )


def read_units(folder: Path) -> list[Unit]:
    """The units of a build. Raises OSError, ValueError, KeyError or TypeError."""
    stored = _read(folder / layout.UNITS)
    return [Unit(text, at, UnitKind(kind), tuple(span) if span else None) for text, at, kind, span in stored]


def parts_of(
    content: Content, units: Sequence[Unit], gate: Classifier, cache: VectorCache, source: Path, dim: int
) -> Parts:
    """The parts of a build of this content. units: its own, with a row in the cache each, as its uncovered questions have."""
    vectors = cache.vectors([unit.text for unit in units])[:, :dim]
    beyond = uncovered_questions(content)
    outside = cache.vectors(beyond)[:, :dim].reshape(len(beyond), dim)
    asked = ask_vectors(source, cache)
    return Parts(
        units=units,
        store=VectorStore.of(vectors),
        outside=VectorStore.of(outside),
        gate=gate,
        scale=load_scales()["tuned" if is_tuned(source) else "plain"],
        links=link_asks(content, units, vectors, asked),
        asked=asked,
    )


def lessons_of(content: Content, source: Path) -> dict[str, str]:
    """What the gate is taught in a build: what the one that ships does not know yet; for another model, everything."""
    return gate_lessons(new_examples(content) if is_tuned(source) else [*shipped_examples(), *site_examples(content)])


def taught_digest(content: Content, source: Path) -> str:
    """Names what a build's gate is made of: what the site teaches, what ships and what that was taught."""
    own = [[one.as_read, one.label] for one in site_examples(content)]
    shipped = [digest_of(GATE_HEAD), shipped_version(), is_tuned(source), OWN_STRENGTH, WHOLE_STRENGTH]
    return canonical_digest([own, shipped])


def teach_gate(lessons: Mapping[str, str], cache: VectorCache, source: Path) -> Classifier:
    """The gate: the one that ships, moved by the site's own lessons; for another model, fitted to all of them."""
    texts, labels = [*lessons], [*lessons.values()]
    if not is_tuned(source):
        return fit(texts, cache.vectors(texts), labels, strength=WHOLE_STRENGTH)
    shipped = Classifier.load(GATE_HEAD)
    if not lessons:
        return shipped
    return fit(texts, cache.vectors(texts), labels, strength=OWN_STRENGTH, prior=shipped)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
