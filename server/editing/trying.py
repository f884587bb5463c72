"""Tries a question on a site's text as it stands, saved or not: answered as a build of exactly that text would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from index.builds.build import inputs_of
from index.builds.manifest import canonical_digest
from kb.content import Content
from kb.errors import AdvocateError
from server.answers.answering import Answering, Answers
from server.core.reply import Reply
from server.publishing import Publisher

KEPT = 4  # texts that are kept open: an editor tries one text with many questions


class NothingToTry(AdvocateError):
    """A site of which nothing was made ready yet: there is nothing to begin from."""


class Trying:
    """Tries, each site on its own text; several in a row on the same text open it once."""

    def __init__(self, publisher: Publisher, assistants: Answering) -> None:
        self._publisher = publisher
        self._assistants = assistants
        self._opened: dict[str, Answers] = {}

    async def reply(
        self,
        site: str,
        text: str,
        history: Sequence[str] = (),
        *,
        unsaved: Callable[[Content], Content] = lambda content: content,
        day: date | None = None,
    ) -> Reply:
        """The reply from the latest text with what is not saved yet. Alerts nobody and stores nothing. day: None: today.

        Raises NothingToTry, TooMuchIsNew, EditRefused, ContentError, BuildRefused or ModelError.
        """
        answers = await self.open(site, unsaved)
        return await asyncio.to_thread(lambda: answers.reply(text, history, day=day))

    async def open(self, site: str, unsaved: Callable[[Content], Content] = lambda content: content) -> Answers:
        """What answers from the latest text with what is not saved yet. Raises as `reply` does."""
        recipe = await self._publisher.recipe(site)
        recipe = replace(recipe, content=unsaved(recipe.content))
        key = canonical_digest(inputs_of(recipe, recipe.model))
        if key not in self._opened:
            base = next(iter(self._publisher.builds(site).newest(1)), None)
            if base is None:
                raise NothingToTry("Nothing was made ready on this site yet, so no question can be tried.")
            answers = await asyncio.to_thread(self._assistants.open_trial, recipe, base)
            self._opened = {**dict(list(self._opened.items())[1 - KEPT :]), key: answers}
        return self._opened[key]
