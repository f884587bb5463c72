"""Answers as a build of some content would, without making one: only what is not in a build that stands by is embedded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from index.builds import layout
from index.builds.build import Recipe, gate_of, inputs_of, known_spans
from index.builds.loaded import LoadedBuild, join
from index.builds.manifest import canonical_digest, read_manifest
from index.builds.parts import lessons_of, parts_of, taught_digest, teach_gate
from index.encoding.cache import VectorCache
from index.encoding.encode import OnnxEncoder
from index.linking import asked_texts
from index.model import find_model, model_digest
from index.teaching import uncovered_questions
from index.units import units_of
from kb.errors import AdvocateError
from kb.policy import load_policy
from kb.sites import Site

MOST_NEW = 400  # texts: some three seconds of one core. More is a build's work.


class TooMuchIsNew(AdvocateError):
    """Content that differs too much from every build to be tried at once."""


def open_trial(recipe: Recipe, base: Path, models: Path, encoder: OnnxEncoder) -> LoadedBuild:
    """What a build of this content would be, in memory, with the id it would have. Nothing is written.

    base: a build of the same site, whose sentences and gate are taken over where what they were made of is the same.
    Raises TooMuchIsNew, ModelError, PolicyError or BuildRefused.
    """
    source = find_model(recipe.model)
    digest, policy = model_digest(source), load_policy(recipe.policy)
    cache = VectorCache(layout.vectors_file(models, digest))
    taught = taught_digest(recipe.content, source)
    gate = gate_of([base], taught)
    lessons = lessons_of(recipe.content, source) if gate is None else {}
    units = units_of(recipe.content, known_spans([base]))
    texts = [*(unit.text for unit in units), *uncovered_questions(recipe.content), *lessons, *asked_texts(source)]
    missing = cache.missing(texts)
    if len(missing) > MOST_NEW:
        raise TooMuchIsNew(f"{len(missing):,} sentences and questions are new since this was last made ready.")
    cache.add(missing, encoder.encode(missing), checked=False)
    parts = parts_of(
        recipe.content, units, gate or teach_gate(lessons, cache, source), cache, source, dim=int(encoder.dim)
    )
    manifest = replace(
        read_manifest(base),
        build=canonical_digest(inputs_of(recipe, digest)),
        model_digest=digest,
        policy_version=policy.version,
        threshold=parts.scale.threshold,
    )
    site = Site.model_validate(recipe.site)
    return join(parts, folder=base, manifest=manifest, site=site, policy=policy, pages=recipe.content.pages)
