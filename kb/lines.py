"""JSON Lines files: their objects, each with where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kb.errors import AdvocateError


class ContentError(AdvocateError):
    """Content that cannot be used: the file and line, what was expected, what was found, and the way out."""


def read_lines(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The objects of a JSON Lines file with where each stands; a file that is not there has none."""
    if not path.exists():
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: cannot be read as UTF-8 text: {error}.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _object(line, f"{path}, line {number}"), f"{path}, line {number}"


def _object(line: str, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise ContentError(f"{where}: not JSON ({error.msg}). One object a line, such as {{...}}.") from error
    if not isinstance(value, dict):
        raise ContentError(f"{where}: an object was expected, found {type(value).__name__}.")
    return value
