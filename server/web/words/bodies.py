"""What every body we send has in common, in /openapi.json; a reply is described by its own type (core/reply.py)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Out(BaseModel):
    """A body we send: built from plain values, so it is documented here and not checked again."""

    model_config = ConfigDict(frozen=True)
