"""Who edits or publishes: the id that is audited, and the name that is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person by their account, or the command line."""

    id: str  # the author of a revision, the actor of an audit entry
    name: str  # shown beside a publication or a rebuild


COMMAND_LINE = Actor("command line", "command line")
