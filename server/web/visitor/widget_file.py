"""The widget's one script, as it is served: under a stable address, and under one that never changes its content."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, sha384
from pathlib import Path

from widget import SCRIPT


@dataclass(frozen=True, slots=True)
class WidgetFile:
    """The script and the digests it is known by."""

    script: bytes

    @property
    def digest(self) -> str:
        """Twelve hex digits: part of the address that is kept for ever."""
        return sha256(self.script).hexdigest()[:12]

    @property
    def integrity(self) -> str:
        """For the `integrity` attribute (Subresource Integrity)."""
        return f"sha384-{b64encode(sha384(self.script).digest()).decode()}"


@lru_cache(maxsize=1)
def load_widget(path: Path = SCRIPT) -> WidgetFile | None:
    """The widget, or None in a checkout that has none."""
    return WidgetFile(path.read_bytes()) if path.is_file() else None
