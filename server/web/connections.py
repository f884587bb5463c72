"""Closes connections that hold a place and say nothing: uvicorn waits for a header, or for a body, without end."""

from __future__ import annotations

import asyncio
import resource

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.core.networks import is_among

HEADER_WITHIN_S = 10.0
BODY_WITHIN_S = 30.0
BYTES_A_SECOND = 64 * 1024  # a document that an editor sends arrives at this pace at least, after that
REFUSED_WITHIN_S = 1.0  # who asks nothing in this time is not told why
MOST_OF_ADDRESS = 256  # a clinic's visitors may share one address: a browser opens six at most
THIS_MACHINE = ("127.0.0.1", "::1")  # where a proxy on it connects from, whether or not it is named in the settings
KEPT_FREE = 200  # descriptors for the database, the builds, the log
MOST_DESCRIPTORS = 16_384

HELP = "In an emergency call 911. If you may hurt yourself, call or text 988."
LATE = f"The request did not arrive in time. Try again. {HELP}"
FULL = f"Too many connections are open. Try again in a minute, or call the clinic directly. {HELP}"
TOO_MANY = f"Too many connections are open from your address. Close some pages, or call the clinic. {HELP}"
ANSWER = (
    "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n"
    "retry-after: 60\r\nconnection: close\r\n\r\n{words}"
)


class WatchedProtocol(H11Protocol):
    """uvicorn's own, with an end to waiting and to the number of connections.

    What is open is only a request's arrival: a response, such as a stream of events, may take as long as it takes.
    """

    _timer: asyncio.TimerHandle | None = None
    _awaited: object = None
    _refusal = ""
    _received = 0  # of what is awaited

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._refusal = self._why_not()
        if self._refusal:
            self._timer = self.loop.call_later(REFUSED_WITHIN_S, self._close)
        else:
            self._await()

    def data_received(self, data: bytes) -> None:
        if self._refusal:
            self._answer("503 Service Unavailable", self._refusal)
            return
        self._received += len(data)
        super().data_received(data)
        self._await()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await(self) -> None:
        """Give the part of a request that is awaited now its time, once, however it trickles in."""
        awaited = self.conn.their_state
        if awaited is self._awaited:
            return
        self._stop_waiting()
        self._awaited, self._received = awaited, 0
        within_s = {h11.IDLE: HEADER_WITHIN_S, h11.SEND_BODY: BODY_WITHIN_S}.get(awaited)
        if within_s is not None:
            self._timer = self.loop.call_later(within_s, self._is_late)

    def _is_late(self) -> None:
        if self._awaited is h11.SEND_BODY and self._received >= BYTES_A_SECOND:
            self._received -= BYTES_A_SECOND
            self._timer = self.loop.call_later(1.0, self._is_late)
        elif self._awaited is h11.SEND_BODY and self.cycle.response_started:
            self._close()
        else:
            self._answer("408 Request Timeout", LATE)

    def _why_not(self) -> str:
        """Why this connection is one too many; nothing when it is not. A proxy's stand for many people, as this machine's may."""
        if len(self.connections) > most_in_all():
            return FULL
        host = self.client[0] if self.client else ""
        if host in THIS_MACHINE or is_among(host, str(self.config.forwarded_allow_ips or "")):
            return ""
        of_it = sum(bool(one.client) and one.client[0] == host for one in self.connections)  # type: ignore[index, union-attr]
        return TOO_MANY if of_it > MOST_OF_ADDRESS else ""

    def _answer(self, status: str, words: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(ANSWER.format(status=status, length=len(words.encode()), words=words).encode())
        self._close()

    def _close(self) -> None:
        self._stop_waiting()
        self.transport.close()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def take_descriptors() -> None:
    """Let this process, and those it begins, hold as many connections as the system allows, up to MOST_DESCRIPTORS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(MOST_DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_in_all() -> int:
    """How many connections this process holds: some descriptors are kept for what answers them."""
    return max(1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - KEPT_FREE)
