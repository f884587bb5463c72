"""What the desk, the editor and the doors need of whoever answers: the assistants, or a test's stand-in for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

from index.builds.build import Recipe
from kb.pages import Page, Passage
from kb.policy import Policy
from kb.sites import Site
from server.core.decide import Evidence
from server.core.reply import Reply


class Answers(Protocol):
    """One build, opened (assistant.py)."""

    def reply(self, text: str, history: Sequence[str] = (), *, language: str = "en", day: date | None = None) -> Reply:
        """day: in the clinic's zone; None: today."""

    def evidence(self, text: str, history: Sequence[str] = ()) -> Evidence: ...
    def decide(self, evidence: Evidence, *, threshold: float | None = None) -> Reply:
        """threshold: None: the build's own."""


class Answering(Protocol):
    """The assistants of a process (assistants.py); tests answer in their place, without build or model."""

    policy: Policy

    async def reply(
        self, site: str, text: str, history: Sequence[str] = (), *, settled: bool = False, language: str = "en"
    ) -> Reply:
        """settled: a person has dealt with all of `history`."""

    async def choose(self, site: str, passage_id: str, *, language: str = "en") -> Reply: ...
    def find_emergency(self, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply | None:
        """The emergency reply, if the policy's rules alone call for it: no build, no model, no waiting."""

    def is_ready(self, site: str) -> bool: ...
    def serves(self) -> dict[str, str | None]:
        """The build that each site's visitors are answered from; None where nothing can be quoted."""

    def site(self, site: str) -> Site:
        """Raises UnknownSite."""

    def pages(self, site: str) -> tuple[Page, ...]:
        """The pages of the site's current build; none while nothing can be quoted."""

    def quotable(self, site: str) -> tuple[tuple[Page, Passage], ...]:
        """The passages of these pages that may be quoted today."""

    async def reply_from(self, folder: Path, text: str, history: Sequence[str] = (), *, language: str = "en") -> Reply:
        """The reply that the build in this folder would give, live or not. Raises BuildRefused or ModelError."""

    def open_trial(self, recipe: Recipe, base: Path) -> Answers:
        """An assistant that answers as a build of this content would; `base` is a build of the same site.

        Raises TooMuchIsNew, BuildRefused or ModelError.
        """

    def open_build(self, folder: Path) -> Answers:
        """An assistant for a build folder. Raises BuildRefused or ModelError."""
