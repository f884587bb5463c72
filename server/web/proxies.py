"""A proxy in front: whose word on addresses is believed, and what is wrong with how it passes requests on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from server.core.networks import is_among, is_loopback

MARKS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
ASKED_BY_MACHINES = ("/healthz", "/readyz", "/metrics")  # by balancers themselves, for no visitor
PEER = "advocate.peer"  # of a scope: who really opened the connection

log = logging.getLogger(__name__)


class Wrong(StrEnum):
    """What can be wrong with a proxy's settings, or with ours."""

    UNTRUSTED = "untrusted"
    UNMARKED = "unmarked"
    NO_SCHEME = "no scheme"
    OTHER_HOST = "other host"


WORDS: Mapping[Wrong, str] = {
    Wrong.UNTRUSTED: "requests from %s name other addresses, and are not believed: all their visitors count as one. "
    "If that is your proxy, add it to ADVOCATE_TRUSTED_PROXIES; if not, somebody tries to be somebody else",
    Wrong.UNMARKED: "requests from %s come from elsewhere and do not say from where: all their visitors count as one, and "
    "/metrics asks for its token. Have the proxy set X-Forwarded-For and X-Forwarded-Proto",
    Wrong.NO_SCHEME: "requests from %s do not say whether they came by https. Have the proxy set X-Forwarded-Proto",
    Wrong.OTHER_HOST: "requests from %s bring another Host than visitors asked for, so that forms may be refused. "
    "Have the proxy pass Host on",
}


class Proxies:
    """What this process has seen of proxies. Each thing that is wrong is said in the log once."""

    def __init__(self, trusted: str) -> None:
        """trusted: addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""
        self.trusted = trusted
        self.wrong: set[Wrong] = set()
        self._is_bare = False  # something on this machine passes requests on that look like its own

    def note(self, scope: Scope) -> None:
        """Look at a request as it came: before anybody's word is believed."""
        if scope["path"] in ASKED_BY_MACHINES:
            return
        peer, headers = _peer(scope), Headers(scope=scope)
        if not any(name in headers for name in MARKS):
            if (is_loopback(peer) or is_among(peer, self.trusted)) and _is_from_elsewhere(headers):
                self._is_bare = self._is_bare or is_loopback(peer)
                self._say(Wrong.UNMARKED, peer)
        elif not is_among(peer, self.trusted):
            self._say(Wrong.UNTRUSTED, peer)
        elif "x-forwarded-for" not in headers:
            self._say(Wrong.UNMARKED, peer)
        elif "x-forwarded-proto" not in headers:
            self._say(Wrong.NO_SCHEME, peer)
        elif headers.get("sec-fetch-site") == "same-origin" and _asked_from(headers) not in ("", headers.get("host")):
            self._say(Wrong.OTHER_HOST, peer)

    def is_direct(self, scope: Scope) -> bool:
        """Whether a request comes from this machine itself, and not through a proxy on it that leaves no mark.

        nginx without further settings asks by HTTP/1.0, which no reader of figures does; what else passes on in
        silence is known by the first request that a visitor's page sends through it.
        """
        headers = Headers(scope=scope)
        is_marked = any(name in headers for name in MARKS)
        is_old = scope.get("http_version") == "1.0"
        is_ours = is_loopback(_name_of(headers.get("host", "localhost")))
        return is_loopback(_peer(scope)) and is_ours and not (is_marked or is_old or self._is_bare)

    def _say(self, wrong: Wrong, peer: str) -> None:
        if wrong not in self.wrong:
            self.wrong.add(wrong)
            log.warning(WORDS[wrong] + " (server/docs/proxies.md).", peer)


def _peer(scope: Scope) -> str:
    client = scope.get(PEER) or scope.get("client")
    return str(client[0]) if client else ""


def _asked_from(headers: Headers) -> str:
    """Host and port of the page that sent a request; "" where it does not say."""
    return urlsplit(headers.get("origin") or headers.get("referer") or "").netloc


def _is_from_elsewhere(headers: Headers) -> bool:
    """Whether a request to this machine was sent by, or for, a page that is not on it."""
    hosts = (headers.get("host", ""), _asked_from(headers))
    return any(host and not is_loopback(_name_of(host)) for host in hosts)


def _name_of(host: str) -> str:
    """A host without its port."""
    return urlsplit(f"//{host}").hostname or ""
