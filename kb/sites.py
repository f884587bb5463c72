"""A site: one clinic website, its people, hours and look."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kb.errors import AdvocateError

SITES = Path(__file__).parent / "sites"
DEFAULT_SITE = "kneecare"


class SiteError(AdvocateError):
    """A site that cannot be used: what is wrong with its file, and what to write instead."""


class Hours(BaseModel):
    """One stretch of opening hours, in the site's zone; days are 0 (Monday) to 6."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    day: Annotated[int, Field(ge=0, le=6)]
    opens: str
    closes: str


class Look(BaseModel):
    """What a site may set of the widget's look."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#0b6b6b"
    radius_px: Annotated[int, Field(ge=0, le=24)] = 10
    font: str = "system-ui, sans-serif"


class Site(BaseModel):
    """The settings of `site.toml`. An empty phone or hours means that their lines are left out everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    site: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    clinic: Annotated[str, Field(min_length=1)]
    topic: Annotated[str, Field(min_length=1)]
    advocate: Annotated[str, Field(min_length=1)]
    url: str
    zone: str
    phone: str = ""
    hours: tuple[Hours, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()
    look: Look = Look()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        ZoneInfo(zone)
        return zone

    @field_validator("allowed_origins")
    @classmethod
    def _whole_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[^/\s*]+", origin):
                raise ValueError(f"{origin!r} is no origin; write scheme and host alone, such as https://www.clinic.org")
        return origins

    @property
    def advocate_first_name(self) -> str:
        return self.advocate.split()[0]

    def fill(self, text: str) -> str:
        """A fixed reply with this site's names in it."""
        return text.replace("{clinic}", self.clinic).replace("{topic}", self.topic).replace("{advocate}", self.advocate)


def parse_site(text: str, where: str) -> Site:
    """The site a `site.toml` describes. Raises SiteError naming `where`."""
    try:
        return Site.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError, KeyError, ValueError) as error:
        raise SiteError(f"{where}: expected the settings of a site (see kb/README.md); {error}") from error


def load_site(folder: Path) -> Site:
    """Read `site.toml` of a site's folder. Raises SiteError."""
    path = folder / "site.toml"
    try:
        return parse_site(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read ({error}). `advocate init` writes one.") from error
