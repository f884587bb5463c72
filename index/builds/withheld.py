"""Which passages of a site may not be quoted for now, whatever its builds say: a file beside them, replaced in one rename.

The clinic's own page says something else by now. Of each passage the digest of the only text that may be quoted stands there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from index.builds.layout import WITHHELD
from index.builds.manifest import BuildRefused

Withheld = Mapping[str, str | None]


def read_withheld(builds: Path) -> Withheld:
    """By the passages' ids; None: no text of it. builds: the folder of a site's builds. Raises BuildRefused."""
    path = builds / WITHHELD
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(passage_id): digest and str(digest) for passage_id, digest in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise BuildRefused(
            f"{path}: cannot be read ({type(error).__name__}), so nobody knows what may be quoted. Start the server again, "
            "which writes it anew."
        ) from error


def may_quote(withheld: Withheld, passage_id: str, text: str) -> bool:
    """Whether a passage may be quoted with this text."""
    return passage_id not in withheld or withheld[passage_id] == sha256(text.encode()).hexdigest()


def write_withheld(builds: Path, withheld: Withheld) -> None:
    """Replace what may not be quoted, unless it is that already."""
    try:
        if read_withheld(builds) == dict(withheld):
            return
    except BuildRefused:
        pass  # one that cannot be read is replaced
    builds.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=builds, prefix=".withheld-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dict(withheld), file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(builds / WITHHELD)
