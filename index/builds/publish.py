"""The builds of one site on disk, and which of them is current."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.builds.layout import CURRENT, builds_folder
from index.builds.manifest import BuildRefused, Manifest, read_manifest, verify

KEPT = 200  # publications remembered


@dataclass(frozen=True, slots=True)
class Publication:
    """A build made current: when (RFC 3339, UTC) and by whom."""

    build: str
    at: str
    by: str


class Builds:
    """A folder with a sub-folder a build and a pointer to the current one, replaced in one rename."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, data_dir: Path, site: str) -> Builds:
        """The builds of a site, in a data folder."""
        return cls(builds_folder(data_dir, site))

    def path(self, build: str) -> Path:
        return self.folder / build

    def current(self) -> str | None:
        """The current build's id, or None when nothing was published. Raises BuildRefused for a broken pointer."""
        published = self.publications()
        return published[-1].build if published else None

    def current_path(self) -> Path | None:
        build = self.current()
        return None if build is None else self.path(build)

    def publications(self) -> list[Publication]:
        """Every publication, oldest first. Raises BuildRefused when the pointer cannot be read."""
        path = self.folder / CURRENT
        if not path.exists():
            return []
        try:
            return [Publication(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError) as error:
            raise BuildRefused(
                f"{path}: cannot be read ({type(error).__name__}). Delete it and run `advocate publish`."
            ) from error

    def all(self) -> list[Manifest]:
        """Manifests of the builds here, newest first; folders that are no build are passed over."""
        return [manifest for _, manifest in self._found()]

    def newest(self, count: int) -> list[Path]:
        """Folders of the newest builds here, newest first."""
        return [path for path, _ in self._found()[:count]]

    def faults(self) -> list[str]:
        """What is not as it was written: a damaged build, or a pointer that names none. A sentence each."""
        faults = []
        for path in self._folders():
            try:
                verify(path)
            except BuildRefused as error:
                faults.append(str(error))
        try:
            current = self.current_path()
        except BuildRefused as error:
            return [*faults, str(error)]
        if current is not None and not current.is_dir():
            faults.append(f"{current}: published, but not there. Run `advocate rollback`, or build again.")
        return faults

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("[0-9a-f]*") if path.is_dir())

    def _found(self) -> list[tuple[Path, Manifest]]:
        found = []
        for path in self._folders():
            try:
                found.append((path, read_manifest(path)))
            except BuildRefused:
                continue
        return sorted(found, key=lambda one: one[1].created, reverse=True)

    def publish(self, build: str, by: str) -> Publication:
        """Make a build current. Raises BuildRefused when it is not here or not whole."""
        verify(self.path(build))
        publication = Publication(build, datetime.now(UTC).isoformat(timespec="seconds"), by)
        self._write([*self._readable(), publication])
        return publication

    def follow(self, published: Sequence[Publication]) -> None:
        """Take over what was published elsewhere, oldest first: the last one becomes current. Its build is here, verified."""
        if self._readable() != list(published):
            self._write([*published])

    def earlier(self) -> str:
        """The build that was current before the present one. Raises BuildRefused when there is none."""
        published = self.publications()
        earlier = [one.build for one in published if one.build != published[-1].build]
        if not earlier:
            raise BuildRefused(f"{self.folder}: there is no earlier published build to go back to.")
        return earlier[-1]

    def _readable(self) -> list[Publication]:
        try:
            return self.publications()
        except BuildRefused:
            return []  # a broken pointer is replaced

    def _write(self, published: list[Publication]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        body: list[dict[str, Any]] = [{"build": one.build, "at": one.at, "by": one.by} for one in published[-KEPT:]]
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".current-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(body, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.folder / CURRENT)
