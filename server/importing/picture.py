"""An import as a picture: each source's words in reading order, coloured by what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from kb.importing import Fate, Stretch
from server.importing.bringing import BroughtIn


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a source; `mark` is the class that colours it, `label` says in words what became of it."""

    text: str
    mark: str
    label: str


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One source: its title and address, how much of it can be quoted, and its pieces."""

    title: str
    url: str
    share: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ImportScreen:
    """Everything that came in at once."""

    sources: tuple[SourcePicture, ...]


def as_picture(brought: Sequence[BroughtIn]) -> str:
    """One HTML page that needs nothing else."""
    environment = Environment(
        loader=PackageLoader("server.web"), undefined=StrictUndefined, autoescape=select_autoescape(default=True)
    )
    screen = ImportScreen(tuple(map(_picture, brought)))
    return environment.get_template("import_report.html").render(screen=screen)


def _picture(one: BroughtIn) -> SourcePicture:
    found = one.imported.coverage
    share = f"{found.share:.0%} of its words can be quoted."
    return SourcePicture(one.page.title, one.page.url, share, tuple(map(_piece, found.stretches)))


def _piece(one: Stretch) -> Piece:
    label = f"{one.fate}: {one.why}" if one.why else str(one.fate)
    return Piece(one.text, one.fate.name.lower().replace("_", "-"), label if one.fate is not Fate.QUOTED else "")
