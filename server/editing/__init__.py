"""What happens to a site's text on its way to visitors: saved, rebuilt, asked the golden questions, published, taken back.

The editor and the command line both come through here. Nothing else makes a build current.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.answering import Answering
from server.editing.actors import COMMAND_LINE, Actor
from server.editing.golden import Golden, GoldenAnswer, GoldenCheck
from server.editing.rebuilding import Job, Rebuilding
from server.editing.releasing import GoldenRefused, PublicationRefused, Releasing
from server.editing.saving import NoSuchPage, SavedMeanwhile, Saving, SavingBusy, Seen
from server.editing.trying import NothingToTry, Trying
from server.publishing import Publisher
from server.storage import Store

__all__ = [
    "COMMAND_LINE",
    "Actor",
    "Editing",
    "Golden",
    "GoldenAnswer",
    "GoldenCheck",
    "GoldenRefused",
    "Job",
    "NoSuchPage",
    "NothingToTry",
    "PublicationRefused",
    "Rebuilding",
    "Releasing",
    "SavedMeanwhile",
    "Saving",
    "SavingBusy",
    "Seen",
    "Trying",
]


@dataclass(frozen=True, slots=True)
class Editing:
    """The steps of a text, one for a process: its rebuilds are this process's own."""

    saving: Saving
    rebuilding: Rebuilding
    golden: Golden
    releasing: Releasing
    trying: Trying

    @classmethod
    def of(cls, store: Store, publisher: Publisher, assistants: Answering) -> Editing:
        golden = Golden(store.content, publisher, assistants)
        rebuilding = Rebuilding(store, publisher)
        releasing = Releasing(store, publisher, golden, rebuilding)
        return cls(Saving(store.content), rebuilding, golden, releasing, Trying(publisher, assistants))
