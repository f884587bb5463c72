"""What may not be quoted because the clinic's own page says something else by now: when it begins, and when it ends. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Held:
    """A passage that is not quoted. may: the digest of the only text of it that is; None: none. was: that of the text that was
    live when it changed there. is_decided: a person decided, and what they chose is not live yet."""

    page: str
    may: str | None
    was: str
    is_decided: bool = False


def held_of(body: Mapping[str, Any] | None) -> dict[str, Held]:
    """What a revision of the document says, by the passages' ids."""
    return {passage_id: Held(**one) for passage_id, one in (body or {}).items()}


def held_now(
    before: Mapping[str, Held],
    changed: Mapping[str, tuple[str, str | None]],
    there: Mapping[str, str],
    live: Mapping[str, str],
    kept: Collection[str],
) -> dict[str, Held]:
    """What is withheld now, by the passages' ids. What was decided stays so until another text than it had is live, or the
    clinic's page says again what is live.

    changed: what changed there and waits for a person, its page and the digest of its text there. there, live: the digests of
    all that the clinic's pages say, and of what visitors are quoted. kept: what a person just left as it is here.
    """
    found = {
        passage_id: Held(page, may, live[passage_id])
        for passage_id, (page, may) in changed.items()
        if passage_id in live and live[passage_id] != may
    }
    for passage_id, held in before.items():
        is_as_it_was = live.get(passage_id) == held.was != there.get(passage_id)
        if is_as_it_was and passage_id not in found and passage_id not in kept:
            found[passage_id] = Held(held.page, held.may, held.was, is_decided=True)
    return found
