"""What lint finds: a kind, the places, the words that showed it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Kind(StrEnum):
    """The gravest first."""

    CONTRADICTION = "contradiction"
    OVERCLAIM = "overclaim"
    OMISSION = "omission"
    RESIDUE = "residue"
    DUPLICATE = "duplicate"
    BRAND = "brand"
    LONG = "long"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Place:
    """A passage that a finding is about, with the words of it that showed it; a page where `passage_id` is None."""

    page_id: str
    passage_id: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to put right or to accept. `what` is a sentence; `places` holds one place, or those that disagree."""

    kind: Kind
    what: str
    places: tuple[Place, ...]

    @property
    def key(self) -> str:
        """Names the finding as long as the words that showed it stay the same: accepted once, it is accepted."""
        told = [self.kind, self.what, *(f"{one.page_id} {one.passage_id} {one.words}" for one in self.places)]
        return sha256("\n".join(told).encode()).hexdigest()[:24]
