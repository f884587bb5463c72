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
from typing import TYPE_CHECKING, Any

from index.builds import layout
from index.builds.manifest import (
    BUILDER_VERSION,
    FORMAT,
    BuildRefused,
    Manifest,
    canonical_digest,
    digest_files,
    read_manifest,
    verify,
)
from index.builds.parts import lessons_of, parts_of, read_units, taught_digest, teach_gate
from index.classify import Classifier
from index.encoding.cache import VectorCache
from index.encoding.encode import OnnxEncoder
from index.linking import asked_texts
from index.model import GATE_HEAD, digest_of, find_model, model_digest
from index.scale import SCALES
from index.teaching import uncovered_questions
from index.units import spans_by_text, units_of
from kb.asks import asks_version
from kb.checklist import as_lines
from kb.content import Content
from kb.errors import AdvocateError
from kb.pages import Page
from kb.policy import load_policy, policy_version
from kb.reading.sentences import Span

if TYPE_CHECKING:
    from index.encoding.embed import ReferenceEncoder

Progress = Callable[[str, int, int], None]
CHUNK = 128
PAIRS_CHECKED = 16  # that the export reads as the reference does, each time it checks texts
THREADS = 2  # a third changes the last digit of some vectors, and the same input must give the same build everywhere


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
    recipe: Recipe,
    models: Path,
    out: Path,
    *,
    earlier: Sequence[Path] = (),
    quick: bool = False,
    progress: Progress = lambda *_: None,
) -> Manifest:
    """Build into the folder `out`, replacing an older build there in one rename.

    models: where encoders and vectors are kept between builds. earlier: builds that are taken over when nothing changed
    since, or whose gate is, when nothing it is taught did. quick: what is new is embedded by the export alone, which saves
    loading the reference encoder; `check_rows` makes up for it. Raises BuildError, ContentError, PolicyError, ModelError or
    OSError; then `out` is as it was.
    """
    _refuse_foreign(out)
    policy = load_policy(recipe.policy)
    source = find_model(recipe.model)
    digest = model_digest(source)
    build_id = canonical_digest(inputs_of(recipe, digest))
    encoder = _working_encoder(layout.encoder_folder(models, digest))
    if encoder is not None:
        for folder in earlier:
            if _id_of(folder) == build_id and (same := _whole(folder)) is not None:
                return same if folder == out else _take_over(folder, out)
    cache = VectorCache(layout.vectors_file(models, digest))
    taught = taught_digest(recipe.content, source)
    gate = gate_of(earlier, taught)
    lessons = lessons_of(recipe.content, source) if gate is None else {}
    units = units_of(recipe.content, known_spans(earlier))
    examples = [*uncovered_questions(recipe.content), *lessons, *asked_texts(source)]
    embedding = _Embedding(source, models, cache, encoder, progress)
    dim = embedding.embed([unit.text for unit in units], examples, quick=quick)

    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".build-", dir=out.parent))
    try:
        progress("Teaching the gate", 0, 1)
        gate = gate or teach_gate(lessons, cache, source)
        parts = parts_of(recipe.content, units, gate, cache, source, dim)
        parts.save(aside)
        _write_json(aside / layout.TAUGHT, taught)
        _write_content(aside, recipe)
        manifest = Manifest(
            build=build_id,
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model_digest=digest,
            policy_version=policy.version,
            threshold=parts.scale.threshold,
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


def check_rows(recipe: Recipe, models: Path, progress: Progress = lambda *_: None) -> int:
    """Make with the reference encoder what quick builds embedded of this content by the export alone, and compare.

    Gives how many rows there were. Raises ExportDiffers when the export is not to be trusted.
    """
    source = find_model(recipe.model)
    digest = model_digest(source)
    cache = VectorCache(layout.vectors_file(models, digest))
    owed = cache.missing([unit.text for unit in units_of(recipe.content)], checked=True)
    encoder = _working_encoder(layout.encoder_folder(models, digest))
    if owed and encoder is not None:
        _Embedding(source, models, cache, encoder, progress).embed(owed, [], quick=False)
    return len(owed)


@dataclass(slots=True)
class _Embedding:
    """Embeds into a cache what has no row yet. encoder: the export, where there is one that works."""

    source: Path
    models: Path
    cache: VectorCache
    encoder: OnnxEncoder | None
    progress: Progress

    def embed(self, texts: Sequence[str], examples: Sequence[str], *, quick: bool) -> int:
        """The site's texts with the reference encoder, checking the export on each of them, and the examples with the
        export so checked. quick: the texts too, where there is an export. Gives the vectors' dim."""
        if self.encoder is None or not quick:
            self._embed_checked(texts if self.encoder is None else self.cache.missing(texts, checked=True))
        encoder = self.encoder
        assert encoder is not None  # there was one, or it was just made
        for step, some in (("Embedding your pages", texts), ("Embedding the examples", examples)):
            for chunk in _chunks(sorted(self.cache.missing(some), key=len), step, self.progress):
                self.cache.add(chunk, encoder.encode(chunk), checked=False)
        self.cache.save()
        return int(encoder.dim)

    def _embed_checked(self, texts: Sequence[str]) -> None:
        from index.encoding.embed import ExportDiffers, ReferenceEncoder, check_cross, check_export

        if not texts and self.encoder is not None:
            return
        self.progress("Loading the model", 0, 1)
        reference = ReferenceEncoder(self.source)
        encoder = self.encoder = self.encoder or self._exported(reference)
        some = sorted(texts)[:PAIRS_CHECKED]
        check_cross(encoder, reference, list(zip(some, reversed(some), strict=True)))
        for chunk in _chunks(sorted(dict.fromkeys(texts), key=len), "Embedding your pages", self.progress):
            rows = reference.encode(chunk)
            try:
                check_export(encoder, chunk, rows)
            except ExportDiffers:
                shutil.rmtree(encoder.folder, ignore_errors=True)  # no quick build may trust it
                raise
            self.cache.add(chunk, rows)

    def _exported(self, reference: ReferenceEncoder) -> OnnxEncoder:
        from index.encoding.embed import export_encoder

        self.progress("Exporting the encoder", 0, 1)
        return OnnxEncoder(export_encoder(reference, self.models), THREADS)


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


def known_spans(earlier: Sequence[Path]) -> dict[str, list[Span]]:
    """The sentences of the texts of the newest earlier build that is whole."""
    folder = next((one for one in earlier if _whole(one) is not None), None)
    if folder is None:
        return {}
    return spans_by_text(map(Page.from_json, _read_json(folder / layout.PAGES)), read_units(folder))


def gate_of(earlier: Sequence[Path], taught: str) -> Classifier | None:
    """The gate of an earlier build that was taught the same; the manifest vouches for it as it was written."""
    for folder in earlier:
        try:
            if _read_json(folder / layout.TAUGHT) == taught and _whole(folder) is not None:
                return Classifier.load(folder / layout.GATE)
        except (OSError, ValueError, KeyError):
            continue
    return None


def _write_content(aside: Path, recipe: Recipe) -> None:
    _write_json(aside / layout.PAGES, [page.as_json() for page in recipe.content.pages])
    _write_json(aside / layout.PHRASINGS, [[one.text, one.passage_id, one.quote] for one in recipe.content.phrasings])
    _write_json(aside / layout.SITE, recipe.site)
    shutil.copytree(
        recipe.policy, aside / layout.POLICY, ignore=lambda _, names: [name for name in names if name.startswith(".")]
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _id_of(folder: Path) -> str | None:
    try:
        return read_manifest(folder).build
    except BuildRefused:
        return None


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
