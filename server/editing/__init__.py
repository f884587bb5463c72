"""What happens to a site's text on its way to visitors: saved, rebuilt, asked the golden questions, published, taken back.

The editor and the command line both come through here. Nothing else makes a build current.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.answers.answering import Answering
from server.editing.actors import COMMAND_LINE, Actor
from server.editing.approving import ApprovalRefused, Approving, Second
from server.editing.closing import Closing
from server.editing.comparing import Comparing, Comparison
from server.editing.golden import Golden, GoldenAnswer, GoldenCheck
from server.editing.linting import Linted, Linting
from server.editing.measuring import Measured, Measuring
from server.editing.planning import Plan, Planning
from server.editing.rebuilding import Job, Rebuilding
from server.editing.releasing import GoldenRefused, PublicationRefused, Releasing
from server.editing.saving import NoSuchPage, SavedMeanwhile, Saving, SavingBusy, Seen
from server.editing.trying import NothingToTry, Trying
from server.publishing import Publisher
from server.storage import Store

__all__ = [
    "COMMAND_LINE",
    "Actor",
    "ApprovalRefused",
    "Approving",
    "Closing",
    "Comparing",
    "Comparison",
    "Editing",
    "Golden",
    "GoldenAnswer",
    "GoldenCheck",
    "GoldenRefused",
    "Job",
    "Linted",
    "Linting",
    "Measured",
    "Measuring",
    "NoSuchPage",
    "NothingToTry",
    "Plan",
    "Planning",
    "PublicationRefused",
    "Rebuilding",
    "Releasing",
    "SavedMeanwhile",
    "Saving",
    "SavingBusy",
    "Second",
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
    comparing: Comparing
    approving: Approving
    linting: Linting
    closing: Closing
    planning: Planning
    measuring: Measuring

    @classmethod
    def of(cls, store: Store, publisher: Publisher, assistants: Answering) -> Editing:
        golden = Golden(store.content, publisher, assistants)
        comparing = Comparing(store, publisher, assistants, golden)
        rebuilding = Rebuilding(store, publisher, then=comparing.start)
        approving = Approving(store.content, publisher)
        releasing = Releasing(store, publisher, golden, rebuilding, comparing, approving)
        saving, trying = Saving(store.content), Trying(publisher, assistants)
        return cls(
            saving=saving,
            linting=Linting(store.content, saving),
            rebuilding=rebuilding,
            golden=golden,
            releasing=releasing,
            planning=Planning(store, publisher, releasing),
            measuring=Measuring(store.content, publisher, assistants),
            trying=trying,
            closing=Closing(store, trying),
            comparing=comparing,
            approving=approving,
        )
