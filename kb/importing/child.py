"""The process that reads one document or web page, and ends: `python -m kb.importing.child .pdf`, the file on its input.

It writes one JSON object: the page's blocks, the sheets of a workbook, or the error. `convert.py` starts it and says
what it may use.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from kb.importing.convert import MAX_DATA, MAX_MEMORY, TIMEOUT_S


def main() -> None:
    _limit()
    suffix = sys.argv[1]
    data = sys.stdin.buffer.read()
    try:
        answer = _READERS[suffix](data)
    except Exception as error:  # noqa: BLE001  (a library may raise anything on a file from anywhere)
        is_locked = any("Password" in repr(one) for one in (error, error.__cause__, error.__context__))
        answer = {
            "error": "is locked with a password. Save it without one and import it again."
            if is_locked
            else f"could not be read ({type(error).__name__}). Open it, save it again, and import that."
        }
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _page(data: bytes) -> dict[str, Any]:
    from kb.importing.web.page import parse_page

    return asdict(parse_page(data.decode("utf-8")))


def _word(data: bytes) -> dict[str, Any]:
    from kb.importing.word.page import parse_word

    return asdict(parse_word(data))


def _pdf(data: bytes) -> dict[str, Any]:
    from kb.importing.pdf.page import parse_pdf

    return asdict(parse_pdf(data))


def _workbook(data: bytes) -> dict[str, Any]:
    from kb.importing.workbook import read_workbook

    return {"sheets": [asdict(one) for one in read_workbook(data)]}


_READERS = {".html": _page, ".docx": _word, ".pdf": _pdf, ".xlsx": _workbook}


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_DATA, MAX_DATA))
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
