"""The assistants of one process by site, each on its site's current build: loaded when there is room or when first asked,
the least used dropped. What sites' builds have in common is held once (index/builds/shared.py)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from index.builds.build import Recipe
from index.builds.layout import CURRENT, WITHHELD, encoder_folder, models_folder
from index.builds.loaded import load_build, read_pages
from index.builds.manifest import BuildRefused
from index.builds.publish import Builds
from index.builds.trial import open_trial
from index.builds.withheld import read_withheld
from index.encoding.encode import OnnxEncoder
from index.model import find_model, model_digest
from kb.errors import AdvocateError
from kb.pages import Page
from kb.sites import Site
from server.answers.assistant import Assistant

log = logging.getLogger(__name__)
MOST_UNITS = 150_000  # texts of all builds that are loaded: some 9 KiB each, 1.4 GiB (server/docs/operating.md)
AT_ONCE = 20  # sites loaded in one look round, so that what is published meanwhile does not wait


@dataclass(slots=True)
class _Shelf:
    """What is known of one site: its pointer's state, the build that names, and the assistant, if one is loaded."""

    stamp: tuple[tuple[int, int] | None, tuple[int, int] | None] | None = (
        None  # of the pointer, and of what is withheld
    )
    build: str | None = None
    is_broken: bool = False  # the build it names cannot be used: the last good one stays
    is_stale: bool = False  # another build is loaded than the pointer names
    assistant: Assistant | None = None
    site: Site | None = None  # as the build has it that was loaded last
    used_at: float = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether the site's questions can be quoted, at once or after its build is loaded."""
        return self.assistant is not None or self.wants_loading

    @property
    def wants_loading(self) -> bool:
        return self.build is not None and not self.is_broken and (self.is_stale or self.assistant is None)


class Shelves:
    """A shelf for each site that was looked at."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._shelves: dict[str, _Shelf] = {}
        self._encoders: dict[str, OnnxEncoder] = {}
        self._lock = threading.Lock()

    def builds(self, site: str) -> Builds:
        """The site's builds on disk."""
        return Builds.of(self._data_dir, site)

    def site(self, site: str) -> Site | None:
        """A site's settings, of the build that was loaded last."""
        shelf = self._shelves.get(site)
        return shelf.site if shelf is not None else None

    def pages(self, site: str) -> tuple[Page, ...]:
        """The pages of a site's current build, read from its folder where it is not loaded; none if it cannot be used."""
        shelf = self._shelves.get(site)
        if shelf is None or not shelf.is_usable:
            return ()
        if shelf.assistant is not None:
            return shelf.assistant.build.pages
        try:
            return read_pages(self.builds(site).path(shelf.build or ""))
        except BuildRefused:
            return ()

    def is_ready(self, site: str) -> bool:
        """Whether questions can be quoted: those of a site that is not loaded load it, once an encoder is."""
        shelf = self._shelves.get(site)
        return shelf is not None and shelf.is_usable and bool(self._encoders)

    def served(self, site: str) -> str | None:
        """The build that a site's visitors are answered from; None where nothing can be quoted."""
        shelf = self._shelves.get(site)
        if shelf is None or not shelf.is_usable:
            return None
        return shelf.build if shelf.assistant is None else shelf.assistant.build_id

    def to_load(self, names: Sequence[str]) -> list[str]:
        """Look at these sites' pointers. The sites to be loaded now: where another build was published, and while there is
        room, a few of those that are not loaded."""
        with self._lock:
            shelves = {site: self._look(site) for site in names}
        wanting = [site for site, shelf in shelves.items() if shelf.wants_loading]
        stale = [site for site in wanting if shelves[site].assistant is not None]
        has_room = self._units_loaded() < MOST_UNITS
        return [*stale, *(site for site in wanting[:AT_ONCE] if has_room and site not in stale)]

    def loaded(self, site: str) -> Assistant | None:
        """The assistant that is loaded, if one is."""
        shelf = self._shelves.get(site)
        return None if shelf is None else _used(shelf)

    def current(self, site: str) -> Assistant | None:
        """The assistant of the site's current build, loaded if need be; the last good one when that cannot be used."""
        with self._lock:
            shelf = self._look(site)
            if shelf.wants_loading:
                self._load(site, shelf)
                self._make_room(shelf)
            return _used(shelf)

    def _look(self, site: str) -> _Shelf:
        """The site's shelf, with what its pointer says now."""
        shelf, builds = self._shelves.setdefault(site, _Shelf()), self.builds(site)
        stamp = _stamp(builds.folder / CURRENT), _stamp(builds.folder / WITHHELD)
        if stamp != shelf.stamp:
            is_stale = shelf.stamp is None or stamp[0] != shelf.stamp[0] or shelf.is_stale
            shelf.stamp, shelf.is_stale, shelf.is_broken = stamp, is_stale, False
            try:
                shelf.build = builds.current()
                if shelf.assistant is not None:
                    shelf.assistant.withhold(read_withheld(builds.folder))
            except BuildRefused as error:
                _say_broken(site, shelf, error)
        return shelf

    def _load(self, site: str, shelf: _Shelf) -> None:
        try:
            shelf.assistant = self.open_build(self.builds(site).path(shelf.build or ""))
            shelf.site, shelf.is_stale = shelf.assistant.build.site, False
        except AdvocateError as error:
            _say_broken(site, shelf, error)

    def _units_loaded(self) -> int:
        loaded = (shelf.assistant for shelf in list(self._shelves.values()))
        return sum(assistant.build.manifest.counts.get("units", 0) for assistant in loaded if assistant is not None)

    def _make_room(self, kept: _Shelf) -> None:
        """Drop what was used least lately, until what is loaded has room; a visitor's next question loads it again."""
        droppable = [one for one in self._shelves.values() if one is not kept and one.assistant and not one.is_broken]
        for shelf in sorted(droppable, key=lambda one: one.used_at):
            if self._units_loaded() <= MOST_UNITS:
                return
            shelf.assistant = None

    def open_build(self, folder: Path) -> Assistant:
        """An assistant for a build folder. Raises BuildRefused or ModelError."""
        build = load_build(folder)
        assistant = Assistant(build, self._encoder(build.manifest.model_digest))
        assistant.withhold(read_withheld(folder.parent))
        return assistant

    def open_trial(self, recipe: Recipe, base: Path) -> Assistant:
        """An assistant that answers as a build of this content would. Raises what index/builds/trial.py raises."""
        encoder = self._encoder(model_digest(find_model(recipe.model)))
        assistant = Assistant(open_trial(recipe, base, models_folder(self._data_dir), encoder), encoder)
        assistant.withhold(read_withheld(base.parent))
        return assistant

    def _encoder(self, digest: str) -> OnnxEncoder:
        if digest not in self._encoders:
            self._encoders[digest] = OnnxEncoder(encoder_folder(models_folder(self._data_dir), digest))
        return self._encoders[digest]


def _used(shelf: _Shelf) -> Assistant | None:
    shelf.used_at = monotonic()
    return shelf.assistant


def _say_broken(site: str, shelf: _Shelf, error: AdvocateError) -> None:
    shelf.is_broken = True
    log.error("site %s: the published build cannot be used: %s", site, error)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_ino
