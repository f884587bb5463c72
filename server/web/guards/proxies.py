"""Gives each request the address and scheme that a trusted proxy names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.web.parts import parts_of_scope
from server.web.proxies import PEER


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as this server takes it, for `advocate doctor`."""

    address: str
    scheme: str
    is_forwarded: bool  # a trusted proxy said so

    @classmethod
    def of(cls, scope: Scope) -> Seen:
        client = scope.get("client")
        return cls(client[0] if client else "", scope["scheme"], tuple(client or ()) != tuple(scope.get(PEER) or ()))


class BehindProxies:
    """Gives each request the address and scheme that a trusted proxy names, and keeps the peer's own beside them."""

    def __init__(self, app: ASGIApp) -> None:
        self._believing = lru_cache(maxsize=8)(lambda trusted: _believing(app, trusted))
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        proxies = parts_of_scope(scope).proxies
        scope[PEER] = scope.get("client")
        proxies.note(scope)
        await self._believing(proxies.trusted)(scope, receive, send)


def _believing(app: ASGIApp, trusted: str) -> ASGIApp:
    return cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), trusted))
