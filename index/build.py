"""Makes a build: everything an answer needs, in one folder with a manifest, made aside and moved into place at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from index import layout
from index.cache import VectorCache
from index.classify import Classifier, fit
from index.encode import OnnxEncoder, Vectors
from index.linking import ask_vectors, asked_texts, link_asks, save_links
from index.manifest import (
    BUILDER_VERSION,
    FORMAT,
    BuildRefused,
    Manifest,
    canonical_digest,
    digest_files,
    verify,
)
from index.model import GATE_HEAD, digest_of, find_model, is_tuned, model_digest
from index.scale import SCALES, Scale, load_scales
from index.store import VectorStore
from index.teaching import gate_lessons, new_examples, shipped_examples, site_examples, uncovered_questions
from index.units import Unit, units_of
from kb.asks import asks_version
from kb.checklist import as_lines
from kb.content import Content
from kb.errors import AdvocateError
from kb.policy import load_policy, policy_version

Progress = Callable[[str, int, int], None]
CHUNK = 128
THREADS = 2  # a third changes the last digit of some vectors, and the same input must give the same build everywhere
# How far a site's own examples may move the gate that ships, and how closely one is fitted where none ships.
OWN_STRENGTH = 0.3
WHOLE_STRENGTH = 5.0


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
    since. Raises BuildError, ContentError, PolicyError, ModelError or
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
    units, beyond = units_of(recipe.content), uncovered_questions(recipe.content)
    lessons = _lessons(recipe.content, source)
    cache = VectorCache(layout.vectors_file(models, digest))
    examples = [*beyond, *lessons, *asked_texts(source)]
    embed_missing([unit.text for unit in units], examples, cache, source, models, progress)
    dim = OnnxEncoder(layout.encoder_folder(models, digest)).dim
    vectors, scale = cache.vectors([unit.text for unit in units])[:, :dim], _scale_of(source)

    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".build-", dir=out.parent))
    try:
        progress("Teaching the gate", 0, 1)
        _gate(lessons, cache.vectors([*lessons]), source).save(aside / layout.GATE)
        _write_search(aside, units, vectors, cache.vectors(beyond)[:, :dim].reshape(len(beyond), dim), scale)
        asks = ask_vectors(source, cache)
        save_links(aside, link_asks(recipe.content, units, vectors, asks), asks)
        _write_content(aside, recipe)
        manifest = Manifest(
            build=build_id,
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model_digest=digest,
            policy_version=policy.version,
            threshold=scale.threshold,
            counts={
                "pages": len(recipe.content.pages),
                "passages": sum(1 for _ in recipe.content.passages()),
                "phrasings": len(recipe.content.phrasings),
                "examples": len(recipe.content.examples),
                "units": len(units),
            },
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
        "gate": digest_of(GATE_HEAD),
        "scales": digest_of(SCALES),
        "asks": as_lines(recipe.content.checklist),
        "bank": asks_version(),
        "policy": policy_version(recipe.policy),
        "site": recipe.site,
        "model": digest,
        "builder": BUILDER_VERSION,
    }


def _lessons(content: Content, source: Path) -> dict[str, str]:
    """What the gate is taught in this build: what the one that ships does not know yet; for another model, everything."""
    return gate_lessons(new_examples(content) if is_tuned(source) else [*shipped_examples(), *site_examples(content)])


def _gate(lessons: Mapping[str, str], rows: Vectors, source: Path) -> Classifier:
    """The gate: the one that ships, moved by the site's own lessons; for another model, fitted to all of them."""
    if not is_tuned(source):
        return fit([*lessons], rows, [*lessons.values()], strength=WHOLE_STRENGTH)
    shipped = Classifier.load(GATE_HEAD)
    if not lessons:
        return shipped
    return fit([*lessons], rows, [*lessons.values()], strength=OWN_STRENGTH, prior=shipped)


def _scale_of(source: Path) -> Scale:
    return load_scales()["tuned" if is_tuned(source) else "plain"]


def _write_search(aside: Path, units: Sequence[Unit], vectors: Vectors, beyond: Vectors, scale: Scale) -> None:
    """Write what searches. beyond: (n, dim), of questions that no passage answers."""
    VectorStore.of(beyond).save(aside / layout.OUTSIDE_STORE)
    VectorStore.of(vectors).save(aside / layout.UNIT_STORE)
    np.save(aside / layout.VECTORS, vectors)
    _write_json(aside / layout.UNITS, [[unit.text, unit.passage, unit.kind, unit.span] for unit in units])
    _write_json(aside / layout.SCALE, asdict(scale))


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
