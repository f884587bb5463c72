"""The widget's one script, as it is served: under a stable address, and under one that never changes its content."""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, sha384

from kb.policy import Policy
from server.core.matching.plain_signs import plain_signs
from server.translating import LANGUAGES
from server.web.words.texts import in_every_language
from widget import join

try:
    import brotli
except ImportError:  # an installation from before it was needed serves gzip until its next `make setup`
    brotli = None

_CODING = re.compile(r"([\w*-]+)\s*(?:;\s*q=([\d.]+))?(?:,|$)")


@dataclass(frozen=True)
class WidgetFile:
    """The script, packed by content coding (the smallest first), and the digests it is known by."""

    script: bytes
    packed: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """Twelve hex digits: part of the address that is kept for ever."""
        return sha256(self.script).hexdigest()[:12]

    @property
    def integrity(self) -> str:
        """For the `integrity` attribute (Subresource Integrity)."""
        return f"sha384-{b64encode(sha384(self.script).digest()).decode()}"


@lru_cache(maxsize=1)
def widget_file(policy: Policy) -> WidgetFile:
    """The widget with its words in it: the interface's, and the policy's replies and signs for when no server answers.

    The first call takes a second or two: see `plain_signs`.
    """
    fixed = {
        "emergency": policy.replies.emergency,
        "crisis_line": policy.replies.crisis_line,
        "not_passed_on": policy.replies.not_passed_on,
    }
    said = {name: tuple(getattr(text, language) for language in LANGUAGES) for name, text in fixed.items()}
    script = join(LANGUAGES, {**in_every_language(), **said}, plain_signs(policy.rules)).encode()
    packed = {"br": brotli.compress(script)} if brotli else {}
    return WidgetFile(script, {**packed, "gzip": gzip.compress(script, 9, mtime=0)})


def coding_for(accepted: str, offered: Iterable[str]) -> str:
    """The coding that an Accept-Encoding likes best (RFC 9110, 12.5.3), the first offered among equals; empty for none.

    A coding is taken when it is named, or by `*`, and not with q=0.
    """
    found = {name: float(quality or 1) for name, quality in _CODING.findall(accepted.lower())}

    def quality(coding: str) -> float:
        return found.get(coding, found.get("*", 0.0))

    best = max(offered, key=quality, default="")
    return best if quality(best) > 0 else ""
