"""What staff are told above a page after they did something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """What just happened, or why it did not."""

    text: str
    tone: str = "warning"  # warning | success
