"""Fetches one web page for an importer: the only outgoing request of the product, of pages that a person brought in.

Then, or on a schedule to see whether they changed.

An address on a private network is refused at the moment of connecting, so a redirect or a name that changes its mind
leads nowhere either.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

from kb.errors import AdvocateError

_STEP_TIMEOUT_S = 10.0
_WHOLE_TIMEOUT_S = 30.0
_HEADERS = {"User-Agent": "patient-advocate import", "Accept-Encoding": "identity"}


class FetchFailed(AdvocateError):
    """A page that could not be fetched: its address, what happened, and the way out. `status` is the site's, if it answered."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: `address` is where it was found after redirects; `charset` is empty when not said."""

    data: bytes
    address: str
    media_type: str
    charset: str


def fetch(address: str, *, max_bytes: int, allow_private: bool = False) -> Fetched:
    """Fetch an http or https address. Raises FetchFailed."""
    limit = _Limit()
    too_long = FetchFailed(f"{address}: took longer than {_WHOLE_TIMEOUT_S:.0f} s. Save the page and import the file.")
    opener = OpenerDirector()
    for handler in (HTTPDefaultErrorHandler(), HTTPRedirectHandler(), HTTPErrorProcessor(), UnknownHandler()):
        opener.add_handler(handler)
    opener.add_handler(_Http(allow_private, limit))
    opener.add_handler(_Https(allow_private, limit))
    try:
        with opener.open(Request(address, headers=_HEADERS), timeout=_STEP_TIMEOUT_S) as response:
            data = response.read(max_bytes + 1)
            kind, found_at, missing = response.headers, response.geturl(), response.length
    except HTTPError as error:
        error.close()
        raise FetchFailed(
            f"{address}: the site answered {error.code} ({error.reason}). Check the address.", error.code
        ) from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        if limit.is_over:
            raise too_long from error  # cut off by us, which shows as a reset or as an end, as it happens
        reason = error.reason if isinstance(error, URLError) else error
        raise FetchFailed(f"{address}: cannot be fetched ({reason}). Save the page and import the file.") from error
    finally:
        limit.stop()
    if limit.is_over:
        raise too_long
    if len(data) > max_bytes:
        raise FetchFailed(f"{address}: larger than {max_bytes // 2**20} MB. Import a smaller page.")
    if missing:
        raise FetchFailed(f"{address}: ended {missing:,} bytes early. Try again, or save the page and import the file.")
    if kind.get("Content-Encoding", "identity") != "identity":
        raise FetchFailed(f"{address}: came compressed though asked not to. Save the page and import the file.")
    return Fetched(data, found_at, kind.get_content_type(), kind.get_content_charset() or "")


class _Limit:
    """Cuts a connection off when the whole takes too long, however often it gives a sign of life."""

    def __init__(self) -> None:
        self.is_over = False
        self._timers: list[threading.Timer] = []

    def watch(self, connection: socket.socket) -> None:
        timer = threading.Timer(_WHOLE_TIMEOUT_S, self._end, [connection])
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _end(self, connection: socket.socket) -> None:
        self.is_over = True
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it had ended by itself


class _Http(HTTPHandler):
    def __init__(self, allow_private: bool, limit: _Limit) -> None:
        super().__init__()
        self._connect = partial(_connection, HTTPConnection, allow_private, limit)

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._connect, request)


class _Https(HTTPSHandler):
    def __init__(self, allow_private: bool, limit: _Limit) -> None:
        super().__init__()
        self._connect = partial(_connection, HTTPSConnection, allow_private, limit)

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._connect, request)


def _connection(
    kind: type[HTTPConnection], allow_private: bool, limit: _Limit, host: str, timeout: float
) -> HTTPConnection:
    """A connection to exactly the address that was checked: the name is looked up once."""
    connection: Any = kind(host, timeout=timeout)
    connection._create_connection = partial(_checked_socket, allow_private)
    connect: Callable[[], None] = connection.connect

    def connect_and_watch() -> None:
        connect()
        limit.watch(connection.sock)

    connection.connect = connect_and_watch
    found: HTTPConnection = connection
    return found


def _checked_socket(
    allow_private: bool, place: tuple[str, int], timeout: float, _source: tuple[str, int] | None = None
) -> socket.socket:
    host, port = place
    found = [one[4] for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not allow_private and not all(_is_public(str(one[0])) for one in found):
        raise FetchFailed(f"{host}: an address of a private network. Save the page and import the file.")
    return socket.create_connection((str(found[0][0]), port), timeout)


def _is_public(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    inner = [getattr(ip, "ipv4_mapped", None), getattr(ip, "sixtofour", None)]
    return all(one.is_global and not one.is_multicast for one in [ip, *filter(None, inner)])
