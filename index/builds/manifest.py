"""A build's manifest: what it was made from, the digest of every file it holds, and its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from index.builds.layout import MANIFEST
from index.model import digest_of
from kb.errors import AdvocateError

FORMAT = 9
# Raise it whenever the same content would be built differently.
BUILDER_VERSION = 14
OWN_DIGEST = "sha256"  # of all the rest of a manifest: what it says of thresholds and files is as it was written


class BuildRefused(AdvocateError):
    """A build that must not answer: missing, altered, foreign or of another format."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """build: sha256 of the inputs. created: RFC 3339, UTC. files: sha256 by name, every file of the build but this."""

    build: str
    format: int
    created: str
    model_digest: str
    policy_version: str
    threshold: float
    counts: Mapping[str, int]
    files: Mapping[str, str]

    @classmethod
    def parse(cls, body: Any, where: str) -> Manifest:
        """A manifest from its JSON. Raises BuildRefused where it is of another format or not as it was written."""
        try:
            if body["format"] != FORMAT:
                raise BuildRefused(
                    f"{where}: format {body['format']}, this version reads {FORMAT}. Build again with `advocate build`."
                )
            manifest = cls(**{name: value for name, value in body.items() if name != OWN_DIGEST})
            if body[OWN_DIGEST] != canonical_digest(asdict(manifest)):
                raise BuildRefused(f"{where}: not as it was written. Build again with `advocate build`.")
            return manifest
        except (KeyError, TypeError) as error:
            raise BuildRefused(
                f"{where}: no readable manifest ({type(error).__name__}). Build again with `advocate build`."
            ) from error

    def as_json(self) -> dict[str, Any]:
        body = asdict(self)
        return {**body, OWN_DIGEST: canonical_digest(body)}

    def write(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps(self.as_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def digest_files(folder: Path) -> dict[str, str]:
    """sha256 of each file below a build's folder, by its relative name, the manifest left out."""
    return {
        path.relative_to(folder).as_posix(): digest_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def canonical_digest(value: Any) -> str:
    """sha256 of a JSON value written one way: sorted keys, no spaces, UTF-8."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest without checking the files. Raises BuildRefused."""
    path = folder / MANIFEST
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildRefused(
            f"{path}: no readable manifest ({type(error).__name__}). Build again with `advocate build`."
        ) from error
    return Manifest.parse(body, str(path))


def verify(folder: Path) -> Manifest:
    """Check every file of a build against its manifest. Raises BuildRefused naming the first that differs."""
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            found = digest_of(path) if path.is_file() and not path.is_symlink() else "no file"
        except OSError as error:
            found = f"unreadable ({error.strerror})"
        if found != expected:
            raise BuildRefused(
                f"{path}: expected sha256 {expected[:12]}…, found {found[:12]}…. Build again with `advocate build`."
            )
    return manifest
