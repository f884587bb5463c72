"""The widget's one script, as it is served: under a stable address, and under one that never changes its content."""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256, sha384

from kb.policy import Policy
from server.core.matching.plain_signs import plain_signs
from server.web.words.texts import in_both_languages
from widget import join


@dataclass(frozen=True)
class WidgetFile:
    """The script and the digests it is known by."""

    script: bytes

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.script, 9, mtime=0)

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
    said = {name: (text.en, text.es) for name, text in fixed.items()}
    return WidgetFile(join({**in_both_languages(), **said}, plain_signs(policy.rules)).encode())
