"""Reads a document or web page in a process of its own, with limits on its memory and time, since files come from anywhere.

`python -m kb.convert .pdf` reads the file from its input and writes one JSON object: the text, the web page, or the error.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from io import BytesIO
from typing import Any

from kb.errors import AdvocateError

_TIMEOUT_S = 60
_MAX_MEMORY = 4 * 2**30  # address space; the libraries alone map about one of it


class ConversionFailed(AdvocateError):
    """A document that could not be read: why, in words that follow its name."""


def convert(data: bytes, suffix: str) -> dict[str, Any]:
    """Read a file of this kind in a process of its own. Raises ConversionFailed."""
    command = [sys.executable, "-m", "kb.convert", suffix]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConversionFailed(f"took longer than {_TIMEOUT_S} s to read. Import a shorter one.") from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise ConversionFailed("could not be read: it needs too much memory, or is damaged.") from error
    if "error" in answer:
        raise ConversionFailed(str(answer["error"]))
    return answer


def main() -> None:
    _limit()
    suffix = sys.argv[1]
    data = sys.stdin.buffer.read()
    try:
        answer = _page(data) if suffix == ".html" else {"text": _document(data, suffix)}
    except Exception as error:  # noqa: BLE001  (a library may raise anything on a file from anywhere)
        is_locked = any("Password" in repr(one) for one in (error, error.__cause__, error.__context__))
        answer = {
            "error": "is locked with a password. Save it without one and import it again."
            if is_locked
            else f"could not be read ({type(error).__name__}). Open it, save it again, and import that."
        }
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _page(data: bytes) -> dict[str, Any]:
    from kb.webpage import parse_page

    return asdict(parse_page(data.decode("utf-8")))


def _document(data: bytes, suffix: str) -> str:
    """A DOCX as Markdown, a PDF as text."""
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter, PdfConverter

    kind: Any = DocxConverter if suffix == ".docx" else PdfConverter
    converter = kind()
    return str(converter.convert(BytesIO(data), StreamInfo(extension=suffix)).markdown)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_TIMEOUT_S, _TIMEOUT_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
