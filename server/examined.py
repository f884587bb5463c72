"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    GOOD = "ok"
    NOT_SET = "not set"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at. `words` say what was found and, for a fault, the way out."""

    standing: Standing
    words: str

    @property
    def is_fault(self) -> bool:
        return self.standing is Standing.FAULT

    def __str__(self) -> str:
        return f"{self.standing:<8} {self.words}"
