"""A build in memory, verified: the only form in which content can be quoted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from index.builds import layout
from index.builds.manifest import BuildRefused, Manifest, canonical_digest, read_manifest, verify
from index.builds.parts import Parts
from index.builds.shared import Shared
from index.classify import Classifier
from index.encoding.encode import OnnxEncoder
from index.linking import AskTitles
from index.search import Searcher
from index.store import IndexUnreadable
from kb.errors import AdvocateError
from kb.pages import Page, Passage
from kb.policy import Policy, load_policy
from kb.sites import Site

# How near the encoder's vector of a stored text must be to the stored vector, as a cosine.
CANARY = 0.999

_policies: Shared[Policy] = Shared()  # by the digests of their files


@dataclass(frozen=True, slots=True)
class LoadedBuild:
    """What one build answers with. `places` are its passages with their pages, by position."""

    folder: Path
    manifest: Manifest
    site: Site
    policy: Policy
    pages: tuple[Page, ...]
    places: tuple[tuple[Page, Passage], ...]
    searcher: Searcher
    gate: Classifier
    ask_titles: AskTitles
    canary: tuple[str, Any]

    @property
    def build(self) -> str:
        return self.manifest.build

    def position(self, passage_id: str) -> int | None:
        """Where a passage stands, or None."""
        return next((row for row, (_, one) in enumerate(self.places) if one.passage_id == passage_id), None)

    def check_encoder(self, encoder: OnnxEncoder) -> None:
        """Refuse an encoder that is not the one this build was made with. Raises BuildRefused."""
        text, stored = self.canary
        if encoder.model_digest != self.manifest.model_digest:
            made, found = self.manifest.model_digest[:12], encoder.model_digest[:12]
            raise BuildRefused(
                f"{self.folder}: built with model {made}…, the encoder is {found}…. "
                "Run `advocate build`, or set ADVOCATE_EMBEDDING_MODEL."
            )
        if not float(encoder.encode([text])[0][: encoder.dim] @ stored) >= CANARY:
            raise BuildRefused(f"{self.folder}: the encoder does not give this build's vectors. Run `advocate build`.")


def load_build(folder: Path) -> LoadedBuild:
    """Verify and load a build. Raises BuildRefused, naming the file at fault and the way out."""
    manifest = verify(folder)
    try:
        pages = tuple(Page.from_json(one) for one in _read(folder / layout.PAGES))
        return join(
            Parts.load(folder, manifest.files),
            folder=folder,
            manifest=manifest,
            site=Site.model_validate(_read(folder / layout.SITE)),
            policy=_policies.get(_digest_of_policy(manifest), lambda: load_policy(folder / layout.POLICY)),
            pages=pages,
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, BadZipFile, IndexUnreadable) as error:
        raise BuildRefused(f"{folder}: cannot be loaded ({error}). Build again with `advocate build`.") from error
    except BuildRefused:
        raise
    except AdvocateError as error:
        raise BuildRefused(f"{folder}: its policy cannot be used: {error}") from error


def join(
    parts: Parts, *, folder: Path, manifest: Manifest, site: Site, policy: Policy, pages: tuple[Page, ...]
) -> LoadedBuild:
    """A build of its parts. Raises IndexError for one without any text."""
    places = tuple((page, passage) for page in pages for passage in page.passages)
    return LoadedBuild(
        folder=folder,
        manifest=manifest,
        site=site,
        policy=policy,
        pages=pages,
        places=places,
        searcher=Searcher(parts.units, parts.store, parts.scale, parts.outside),
        gate=parts.gate,
        ask_titles=AskTitles(parts.links, parts.asked, [passage.passage_id for _, passage in places]),
        canary=(parts.units[0].text, parts.store.vectors[0].copy()),
    )


def read_pages(folder: Path) -> tuple[Page, ...]:
    """The pages of a build, without loading the rest of it. Raises BuildRefused."""
    manifest = read_manifest(folder)
    try:
        written = (folder / layout.PAGES).read_bytes()
        if sha256(written).hexdigest() != manifest.files[layout.PAGES]:
            raise BuildRefused(f"{folder / layout.PAGES}: not as it was written. Build again with `advocate build`.")
        return tuple(Page.from_json(one) for one in json.loads(written))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildRefused(f"{folder}: its pages cannot be read ({error}). Build again.") from error


def _digest_of_policy(manifest: Manifest) -> str:
    return canonical_digest({name: one for name, one in manifest.files.items() if name.startswith(f"{layout.POLICY}/")})


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
