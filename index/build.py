"""Makes a build: everything an answer needs, in one folder with a manifest, made aside and moved into place at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from index.cache import VectorCache
from index.calibrate import DEFAULT_SCALE, Calibration, calibrate
from index.classify import Classifier, blank, fit
from index.encode import OnnxEncoder, Vectors, encoder_folder
from index.manifest import (
    BUILDER_VERSION,
    FORMAT,
    MANIFEST,
    BuildRefused,
    Manifest,
    canonical_digest,
    digest_files,
    verify,
)
from index.model import find_model, model_digest
from index.search import COVERED, Searcher
from index.store import VectorStore
from index.teaching import OUTSIDE, Taught, gate_examples, teaching_examples
from index.units import Unit, units_of
from kb.content import Content, Example
from kb.errors import AdvocateError

Progress = Callable[[str, int, int], None]
CHUNK = 128
TAUGHT_FILES = ("gate.npz", "coverage.npz", "coverage.json")


class BuildError(AdvocateError):
    """A build that could not be made, and the way out. The builds that exist are untouched."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a build is made of. `policy` is the policy's folder; `site` the site's settings as JSON."""

    content: Content
    policy: Path
    policy_version: str
    site: dict[str, Any]
    model: str

    def examples(self) -> list[Example]:
        """What teaches gate and coverage."""
        return teaching_examples(self.content)


def make_build(
    recipe: Recipe, models: Path, out: Path, *, earlier: Sequence[Path] = (), progress: Progress = lambda *_: None
) -> Manifest:
    """Build into the folder `out`, replacing an older build there in one rename.

    models: where encoders and vectors are kept between builds. earlier: builds whose gate may be reused when its
    inputs are the same. Raises BuildError, ContentError, ModelError or OSError; then `out` is as it was.
    """
    _refuse_foreign(out)
    source = find_model(recipe.model)
    digest = model_digest(source)
    build_id = canonical_digest(inputs_of(recipe, digest))
    units, examples = units_of(recipe.content), recipe.examples()
    lessons = gate_examples(examples)
    cache = VectorCache(models / f"vectors-{digest[:16]}.npz")
    embed_missing(
        [unit.text for unit in units], [*(one.text for one in examples), *lessons], cache, source, models, progress
    )
    dim = OnnxEncoder(encoder_folder(models, digest)).dim
    unit_vectors = cache.vectors([unit.text for unit in units])[:, :dim]
    taught = Taught(examples, cache.vectors([one.text for one in examples]), lessons, cache.vectors([*lessons]), dim)

    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".build-", dir=out.parent))
    try:
        gate_inputs = _write_gate(aside, taught, digest, earlier, progress)
        calibration = _write_search(aside, recipe.content, units, unit_vectors, taught, progress)
        _write_content(aside, recipe)
        manifest = Manifest(
            build=build_id,
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model_digest=digest,
            policy_version=recipe.policy_version,
            threshold=calibration.threshold,
            counts={
                "pages": len(recipe.content.pages),
                "passages": sum(1 for _ in recipe.content.passages()),
                "phrasings": len(recipe.content.phrasings),
                "examples": len(examples),
                "units": len(units),
            },
            gate_inputs=gate_inputs,
            files=digest_files(aside),
        )
        manifest.write(aside)
        verify(aside)
        _move_into_place(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def embed_missing(
    texts: Sequence[str], examples: Sequence[str], cache: VectorCache, source: Path, models: Path, progress: Progress
) -> None:
    """Embed what has no row yet: the site's texts with the reference encoder, checking the export on each of them, and
    the examples with the export so checked."""
    from index.embed import ReferenceEncoder, check_export, export_encoder

    encoder = _working_encoder(encoder_folder(models, model_digest(source)))
    missing = cache.missing(texts) if encoder is not None else list(dict.fromkeys(texts))
    if missing:
        progress("Loading the model", 0, 1)
        reference = ReferenceEncoder(source)
        if encoder is None:
            progress("Exporting the encoder", 0, 1)
            encoder = OnnxEncoder(export_encoder(reference, models))
        for chunk in _chunks(missing, "Embedding your pages", progress):
            rows = reference.encode(chunk)
            check_export(encoder, chunk, rows)
            cache.add(chunk, rows)
    if encoder is not None:
        for chunk in _chunks(cache.missing(examples), "Embedding the examples", progress):
            cache.add(chunk, encoder.encode(chunk))
    cache.save()


def _chunks(texts: Sequence[str], step: str, progress: Progress) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), CHUNK):
        yield texts[start : start + CHUNK]
        progress(step, min(start + CHUNK, len(texts)), len(texts))


def _working_encoder(folder: Path) -> OnnxEncoder | None:
    try:
        return OnnxEncoder(folder)
    except AdvocateError:
        return None


def inputs_of(recipe: Recipe, digest: str) -> dict[str, Any]:
    return {
        "pages": [page.as_json() for page in recipe.content.pages],
        "phrasings": [[one.text, one.passage_id, one.quote] for one in recipe.content.phrasings],
        "examples": [[one.text, one.label, one.history] for one in recipe.examples()],
        "policy": recipe.policy_version,
        "site": recipe.site,
        "model": digest,
        "builder": BUILDER_VERSION,
    }


def _write_gate(aside: Path, taught: Taught, digest: str, earlier: Sequence[Path], progress: Progress) -> str:
    """Fit gate and coverage, or take them over from an earlier build that was taught the same."""
    inputs = canonical_digest(
        [digest, BUILDER_VERSION, [[one.text, one.label, one.history] for one in taught.examples]]
    )
    for folder in earlier:
        try:
            if verify(folder).gate_inputs == inputs:
                for name in TAUGHT_FILES:
                    shutil.copy(folder / name, aside / name)
                return inputs
        except BuildRefused:
            continue
    progress("Teaching the gate", 0, 1)
    is_tuned = taught.lesson_rows.shape[1] > taught.dim
    gate = fit([*taught.lessons], taught.lesson_rows, [*taught.lessons.values()], tuned=is_tuned).classifier
    gate.save(aside / "gate.npz")
    asked, vectors, covered = taught.coverage()
    if len(set(covered)) == 2:
        coverage = fit(asked, vectors, covered)
        coverage.classifier.save(aside / "coverage.npz")
        chances = coverage.held_out[:, coverage.classifier.labels.index(COVERED)]
    else:
        blank(vectors.shape[1], (COVERED, OUTSIDE)).save(aside / "coverage.npz")
        chances = np.full(len(asked), 0.5)
    _write_json(aside / "coverage.json", dict(zip(asked, np.round(chances, 6).tolist(), strict=True)))
    return inputs


def _write_search(
    aside: Path, content: Content, units: Sequence[Unit], vectors: Vectors, taught: Taught, progress: Progress
) -> Calibration:
    progress("Calibrating", 0, 1)
    store = VectorStore.of(vectors)
    passages = sum(1 for _ in content.passages())
    coverage = Classifier.load(aside / "coverage.npz")
    held_out = json.loads((aside / "coverage.json").read_text(encoding="utf-8"))
    asked, outside = taught.outside()
    beyond = VectorStore.of(outside)
    searcher = Searcher(units, passages, store, DEFAULT_SCALE, coverage, beyond)
    published = {passage.question for _, passage in content.passages()}
    phrased = [row for row, unit in enumerate(units) if unit.asks and unit.text not in published]
    calibration = calibrate(
        searcher,
        [(units[row].text, vectors[row], held_out.get(units[row].text, 0.5), row) for row in phrased],
        [(text, vector, held_out[text], row) for row, (text, vector) in enumerate(zip(asked, outside, strict=True))],
    )
    beyond.save(aside / "outside.faiss")
    store.save(aside / "units.faiss")
    np.save(aside / "vectors.npy", vectors)
    _write_json(aside / "units.json", [[unit.text, unit.passage, unit.asks, unit.span] for unit in units])
    _write_json(aside / "scale.json", {"weights": calibration.scale.weights, "bias": calibration.scale.bias})
    _write_json(aside / "report.json", calibration.report)
    return calibration


def _write_content(aside: Path, recipe: Recipe) -> None:
    _write_json(aside / "pages.json", [page.as_json() for page in recipe.content.pages])
    _write_json(aside / "phrasings.json", [[one.text, one.passage_id, one.quote] for one in recipe.content.phrasings])
    _write_json(aside / "site.json", recipe.site)
    shutil.copytree(
        recipe.policy, aside / "policy", ignore=lambda _, names: [name for name in names if name.startswith(".")]
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _refuse_foreign(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BuildError(f"{out}: not a folder. Give a new folder, an empty one or an older build.")
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise BuildError(f"{out}: holds files that are no build. Give a new folder, an empty one or an older build.")


def _move_into_place(aside: Path, out: Path) -> None:
    """Put a finished build in its place; an older one there steps aside first and is removed last."""
    for path in aside.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    old = None
    if out.exists():
        old = Path(tempfile.mkdtemp(prefix=".old-", dir=out.parent))
        out.rename(old / "build")
    aside.rename(out)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
