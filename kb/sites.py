"""A site: one clinic website, its people, hours and look."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kb.colours import BLACK, LEAST_CONTRAST, WHITE, Colour, contrast, hex_of, mix, parse_colour
from kb.errors import AdvocateError

SITES = Path(__file__).parent / "sites"


class SiteError(AdvocateError):
    """A site that cannot be used: what is wrong with its file, and what to write instead."""


Clock = Annotated[str, Field(pattern=r"^(([01]?\d|2[0-3]):[0-5]\d|24:00)$")]


class Hours(BaseModel):
    """One stretch of opening hours, in the site's zone; days are 0 (Monday) to 6."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    day: Annotated[int, Field(ge=0, le=6)]
    opens: Clock
    closes: Clock


class SpecialDay(BaseModel):
    """A date that differs from its weekday: other hours, or none when both are left out. A date may stand twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    date: dt.date
    opens: Clock | Literal[""] = ""
    closes: Clock | Literal[""] = ""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if bool(self.opens) != bool(self.closes):
            raise ValueError(f"{self.date}: give both opens and closes, or neither for a day that is closed")
        return self


class Look(BaseModel):
    """What a site may set of the widget's look."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#0b6b6b"
    radius_px: Annotated[int, Field(ge=0, le=24)] = 10
    font: str = "system-ui, sans-serif"

    def check(self) -> None:
        """Raise ValueError for an accent that cannot be read, with the nearest one that can."""
        if (nearest := readable_accent(self.accent)) != self.accent:
            least = _least_contrast(parse_colour(self.accent))
            raise ValueError(
                f"The accent {self.accent} cannot be read on the chat's light colours: its contrast is {least:.1f} to 1, "
                f"and {LEAST_CONTRAST} is needed. The nearest that can be read is {nearest}."
            )


PERSONS_WASH: Colour = (255, 246, 232)  # behind the letter to a person
TINT = 0.11  # of the accent, behind a quote


def readable_accent(accent: str) -> str:
    """The accent, or the nearest darker one that can be read wherever the chat writes in it."""
    colour = parse_colour(accent)
    shades = (mix(colour, BLACK, step / 40) for step in range(41))
    return (
        accent
        if _least_contrast(colour) >= LEAST_CONTRAST
        else hex_of(next(shade for shade in shades if _least_contrast(shade) >= LEAST_CONTRAST))
    )


def _least_contrast(accent: Colour) -> float:
    return min(contrast(accent, behind) for behind in (WHITE, PERSONS_WASH, mix(WHITE, accent, TINT)))


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
    on_call: Annotated[str, Field(pattern=r"^[0-9+() .-]*$")] = (
        ""  # for staff alone: who is called when a visitor is in danger
    )
    hours: tuple[Hours, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()
    look: Look = Look()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, OSError) as error:  # a name that is a folder of zones raises OSError
            raise ValueError(f"{zone!r} is no time zone; write one such as America/Chicago") from error
        return zone

    @field_validator("allowed_origins")
    @classmethod
    def _whole_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[^/\s*?#@]+", origin):
                raise ValueError(
                    f"{origin!r} is no origin; write scheme and host alone, such as https://www.clinic.org"
                )
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
        site = Site.model_validate(tomllib.loads(text))
        site.look.check()
    except (tomllib.TOMLDecodeError, ValidationError, KeyError, ValueError) as error:
        raise SiteError(f"{where}: expected the settings of a site (see kb/README.md); {error}") from error
    return site


def load_site(folder: Path) -> Site:
    """Read `site.toml` of a site's folder. Raises SiteError."""
    path = folder / "site.toml"
    try:
        return parse_site(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read ({error}). `advocate init` writes one.") from error


def new_site(*, site: str, clinic: str, topic: str, advocate: str, url: str, zone: str) -> Site:
    """A site from a person's answers. Raises SiteError in words about the answer that cannot be used."""
    try:
        return Site(site=site, clinic=clinic, topic=topic, advocate=advocate, url=url, zone=zone)
    except (ValidationError, KeyError, ValueError) as error:
        raise SiteError(f"These settings cannot be used: {error}") from error


def render_site(site: Site) -> str:
    """The `site.toml` that `parse_site` reads back as the same site."""
    plain = site.model_dump(mode="json", exclude={"hours", "special_days", "look"})
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in plain.items()]
    lines += ["", "[look]", *(f"{name} = {json.dumps(value)}" for name, value in site.look.model_dump().items())]
    for name, tables in (("hours", site.hours), ("special_days", site.special_days)):
        for one in tables:
            values = one.model_dump(mode="json").items()
            lines += ["", f"[[{name}]]", *(f"{key} = {json.dumps(value)}" for key, value in values)]
    return "\n".join(lines) + "\n"


# Speaks for a folder of content that names no clinic.
UNNAMED_SITE = Site(
    site="folder",
    clinic="this clinic",
    topic="our services",
    advocate="our patient advocate",
    url="",
    zone="America/Chicago",
)
