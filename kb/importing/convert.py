"""Reads a document or web page in a process of its own, with limits on its memory and time, since files come from anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from kb.errors import AdvocateError

TIMEOUT_S = 60
MAX_MEMORY = 4 * 2**30  # address space; the libraries alone map about one of it

MAX_DATA = 2**30  # what it may fill


class ConversionFailed(AdvocateError):
    """A document that could not be read: why, in words that follow its name."""


def convert(data: bytes, suffix: str) -> dict[str, Any]:
    """Read a file of this kind in a process of its own. Raises ConversionFailed."""
    command = [sys.executable, "-m", "kb.importing.child", suffix]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConversionFailed(f"took longer than {TIMEOUT_S} s to read. Import a shorter one.") from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise ConversionFailed("could not be read: it needs too much memory, or is damaged.") from error
    if "error" in answer:
        raise ConversionFailed(str(answer["error"]))
    return answer
