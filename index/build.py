"""Makes a build: everything an answer needs, in one folder with a manifest, made aside and moved into place at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from index import layout
from index.cache import VectorCache
from index.calibrate import DEFAULT_SCALE, Asked, Calibration, calibrate
from index.classify import Classifier, Fitted, blank, fit
from index.encode import OnnxEncoder, Vectors
from index.linking import asked_texts, link_asks, save_links
from index.manifest import (
    BUILDER_VERSION,
    FORMAT,
    BuildRefused,
    Manifest,
    canonical_digest,
    digest_files,
    verify,
)
from index.model import find_model, is_tuned, model_digest
from index.search import NONE, Searcher
from index.store import VectorStore
from index.teaching import Asking, Taught, gate_examples, taught_to_layers, teaching_examples
from index.units import Unit, units_of
from kb.checklist import as_lines
from kb.content import Content, starter_version
from kb.errors import AdvocateError
from kb.policy import load_policy, policy_version

Progress = Callable[[str, int, int], None]
CHUNK = 128
THREADS = 2  # a third changes the last digit of some vectors, and the same input must give the same build everywhere
TAUGHT_FILES = (layout.GATE, layout.PASSAGE_CLASSIFIER, layout.HELD_OUT)
# Both chosen on the validation questions (tests/server/data/kneecare_validation.jsonl). Readings were tuned on the very
# examples, with label smoothing, so that little is left to fit: of 0.05, 0.3 and 5 this left those questions most likely.
READING_REGULARISATION = 0.3
PASSAGE_REGULARISATION = 20.0  # of 5, 20 and 60 this put most right passages first


class BuildError(AdvocateError):
    """A build that could not be made, and the way out. The builds that exist are untouched."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a build is made of. `policy` is the policy's folder; `site` the site's settings as JSON."""

    content: Content
    policy: Path
    site: dict[str, Any]
    model: str


def make_build(
    recipe: Recipe, models: Path, out: Path, *, earlier: Sequence[Path] = (), progress: Progress = lambda *_: None
) -> Manifest:
    """Build into the folder `out`, replacing an older build there in one rename.

    models: where encoders and vectors are kept between builds. earlier: builds that are taken over when nothing changed
    since, and whose gate is when its own inputs are the same. Raises BuildError, ContentError, PolicyError, ModelError or
    OSError; then `out` is as it was.
    """
    _refuse_foreign(out)
    policy = load_policy(recipe.policy)
    source = find_model(recipe.model)
    digest = model_digest(source)
    build_id = canonical_digest(inputs_of(recipe, digest))
    if _working_encoder(layout.encoder_folder(models, digest)) is not None:
        for folder in earlier:
            if (same := _whole(folder)) is not None and same.build == build_id:
                return same if folder == out else _take_over(folder, out)
    units, examples = units_of(recipe.content), teaching_examples(recipe.content)
    lessons = gate_examples(examples)
    cache = VectorCache(layout.vectors_file(models, digest))
    embed_missing(
        [unit.text for unit in units],
        [*(one.text for one in examples), *lessons, *asked_texts()],
        cache,
        source,
        models,
        progress,
    )
    dim = OnnxEncoder(layout.encoder_folder(models, digest)).dim
    vectors = cache.vectors([unit.text for unit in units])[:, :dim]
    taught = Taught(examples, cache.vectors([one.text for one in examples]), lessons, cache.vectors([*lessons]), dim)
    passages = [passage.passage_id for _, passage in recipe.content.passages()]
    asking = Asking.of(units, vectors, passages, taught)

    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".build-", dir=out.parent))
    try:
        gate_inputs = _write_taught(aside, taught, asking, digest, earlier, progress)
        flattered = taught_to_layers() if is_tuned(source) else frozenset[str]()
        unseen = {*(unit.text for unit in units), *taught.uncovered()} - flattered
        calibration = _write_search(aside, recipe.content, units, vectors, asking, unseen, progress)
        save_links(aside, link_asks(recipe.content, units, vectors, cache))
        _write_content(aside, recipe)
        manifest = Manifest(
            build=build_id,
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model_digest=digest,
            policy_version=policy.version,
            threshold=calibration.threshold,
            counts={
                "pages": len(recipe.content.pages),
                "passages": len(passages),
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

    encoder = _working_encoder(layout.encoder_folder(models, model_digest(source)))
    missing = cache.missing(texts) if encoder is not None else list(dict.fromkeys(texts))
    if missing:
        progress("Loading the model", 0, 1)
        reference = ReferenceEncoder(source)
        if encoder is None:
            progress("Exporting the encoder", 0, 1)
            encoder = OnnxEncoder(export_encoder(reference, models), THREADS)
        for chunk in _chunks(sorted(missing, key=len), "Embedding your pages", progress):
            rows = reference.encode(chunk)
            check_export(encoder, chunk, rows)
            cache.add(chunk, rows)
    if encoder is not None:
        for chunk in _chunks(sorted(cache.missing(examples), key=len), "Embedding the examples", progress):
            cache.add(chunk, encoder.encode(chunk))
    cache.save()


def _chunks(texts: Sequence[str], step: str, progress: Progress) -> Iterator[Sequence[str]]:
    """Chunks to embed; `texts` stand shortest first, so that no short text is padded to a long one's length."""
    for start in range(0, len(texts), CHUNK):
        yield texts[start : start + CHUNK]
        progress(step, min(start + CHUNK, len(texts)), len(texts))


def _working_encoder(folder: Path) -> OnnxEncoder | None:
    try:
        return OnnxEncoder(folder, THREADS)
    except AdvocateError:
        return None


def inputs_of(recipe: Recipe, digest: str) -> dict[str, Any]:
    """All that decides what a build will be, as JSON. digest: the model's."""
    return {
        "pages": [page.as_json() for page in recipe.content.pages],
        "phrasings": [[one.text, one.passage_id, one.quote] for one in recipe.content.phrasings],
        "examples": [[one.text, one.label, one.history] for one in recipe.content.examples],
        "asks": as_lines(recipe.content.checklist),
        "starter": starter_version(),
        "policy": policy_version(recipe.policy),
        "site": recipe.site,
        "model": digest,
        "builder": BUILDER_VERSION,
    }


def _write_taught(
    aside: Path, taught: Taught, asking: Asking, digest: str, earlier: Sequence[Path], progress: Progress
) -> str:
    """Fit the gate and the passage classifier, or take them over from an earlier build that was taught the same."""
    lessons = [[one.text, one.label, one.history] for one in taught.examples]
    inputs = canonical_digest([digest, BUILDER_VERSION, lessons, list(zip(asking.texts, asking.wanted, strict=True))])
    for folder in earlier:
        if (taught_before := _whole(folder)) is not None and taught_before.gate_inputs == inputs:
            for name in TAUGHT_FILES:
                shutil.copy(folder / name, aside / name)
            return inputs
    progress("Teaching the gate", 0, 1)
    rows, labels = taught.lesson_rows, [*taught.lessons.values()]
    if rows.shape[1] > taught.dim:  # readings were taught these very examples: nothing can be held out
        gate = fit([*taught.lessons], rows, labels, strength=READING_REGULARISATION, holds_out=False)
    else:
        gate = fit([*taught.lessons], rows, labels)
    gate.classifier.save(aside / layout.GATE)
    progress("Teaching what the passages answer", 0, 1)
    if len(set(asking.wanted)) > 1:
        passages = fit(asking.texts, asking.vectors, asking.wanted, strength=PASSAGE_REGULARISATION)
    else:
        passages = Fitted(blank(taught.dim, (NONE,)), np.ones((len(asking.texts), 1)))
    passages.classifier.save(aside / layout.PASSAGE_CLASSIFIER)
    np.save(aside / layout.HELD_OUT, passages.held_out.astype(np.float32))
    return inputs


def _write_search(
    aside: Path,
    content: Content,
    units: Sequence[Unit],
    vectors: Vectors,
    asking: Asking,
    unseen: Set[str],
    progress: Progress,
) -> Calibration:
    """Write what searches, calibrated on `unseen`: its questions that taught the vectors nothing."""
    progress("Calibrating", 0, 1)
    classifier = Classifier.load(aside / layout.PASSAGE_CLASSIFIER)
    held_out = dict(zip(asking.texts, np.load(aside / layout.HELD_OUT), strict=True))
    outside, vectors_outside = asking.outside()
    store, beyond = VectorStore.of(vectors), VectorStore.of(vectors_outside)
    passages = [passage.passage_id for _, passage in content.passages()]
    searcher = Searcher(units, passages, store, DEFAULT_SCALE, classifier, beyond)

    def asked(text: str, vector: Vectors) -> Asked:
        if text in held_out:
            return Asked(text, vector, dict(zip(classifier.labels, held_out[text].tolist(), strict=True)))
        return Asked(text, vector, classifier.scores(text, vector))  # of a passage with too few to be taught

    published = {passage.question for _, passage in content.passages()}
    phrased = [row for row, unit in enumerate(units) if unit.asks and unit.text in unseen - published]
    uncovered = [row for row, text in enumerate(outside) if text in unseen]
    calibration = calibrate(
        searcher,
        [(row, asked(units[row].text, vectors[row])) for row in phrased],
        [(row, asked(outside[row], vectors_outside[row])) for row in uncovered],
    )
    beyond.save(aside / layout.OUTSIDE_STORE)
    store.save(aside / layout.UNIT_STORE)
    np.save(aside / layout.VECTORS, vectors)
    _write_json(aside / layout.UNITS, [[unit.text, unit.passage, unit.asks, unit.span] for unit in units])
    _write_json(aside / layout.SCALE, asdict(calibration.scale))
    _write_json(aside / layout.REPORT, calibration.report)
    return calibration


def _write_content(aside: Path, recipe: Recipe) -> None:
    _write_json(aside / layout.PAGES, [page.as_json() for page in recipe.content.pages])
    _write_json(aside / layout.PHRASINGS, [[one.text, one.passage_id, one.quote] for one in recipe.content.phrasings])
    _write_json(aside / layout.SITE, recipe.site)
    shutil.copytree(
        recipe.policy, aside / layout.POLICY, ignore=lambda _, names: [name for name in names if name.startswith(".")]
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _whole(folder: Path) -> Manifest | None:
    """The manifest of an earlier build, or None when anything about the build is wrong."""
    try:
        return verify(folder)
    except BuildRefused:
        return None


def _take_over(folder: Path, out: Path) -> Manifest:
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".build-", dir=out.parent))
    try:
        shutil.copytree(folder, aside, dirs_exist_ok=True)
        manifest = verify(aside)
        _move_into_place(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def _refuse_foreign(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BuildError(f"{out}: not a folder. Give a new folder, an empty one or an older build.")
    if out.exists() and any(out.iterdir()) and not (out / layout.MANIFEST).is_file():
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
