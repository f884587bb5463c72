"""Which other sites' pages may call the visitor's doors: those a site lists, and no other (CORS).

Starlette's own middleware takes one list for the whole server; here each site has its own. Credentials are never
allowed: the widget's token travels in a header.
"""

from __future__ import annotations

from contextlib import suppress

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import AdvocateError
from server.storage.database.faults import StorageUnavailable
from server.web.parts import Parts, parts_of_scope

SHARED = "/api/v1/"
METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Receipt-Code"
READABLE = "Retry-After"
PREFLIGHT_S = "600"


class SiteOrigins:
    """Answers preflights and adds the headers that let a listed page read the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sites: tuple[str, ...] = ()  # as last read: listed pages are answered with the store in trouble too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if scope["type"] != "http" or not scope["path"].startswith(SHARED):
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            headers = {"Vary": "Origin"}
            if origin and await self._is_allowed(scope, origin):
                headers |= {
                    "Access-Control-Allow-Origin": origin,
                    "Access-Control-Allow-Methods": METHODS,
                    "Access-Control-Allow-Headers": HEADERS,
                    "Access-Control-Max-Age": PREFLIGHT_S,
                }
            await Response(status_code=204, headers=headers)(scope, receive, send)
        else:
            await self._app(scope, receive, self._with_headers(scope, send, origin))

    def _with_headers(self, scope: Scope, send: Send, origin: str | None) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if origin and await self._is_allowed(scope, origin):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = READABLE
            await send(message)

        return send_with_headers

    async def _is_allowed(self, scope: Scope, origin: str) -> bool:
        if origin == f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}":
            return True
        parts = parts_of_scope(scope)
        if site := _site_of(scope):
            return origin in _origins(parts, site)
        return self._is_known(parts, origin) or (await self._look_again(parts) and self._is_known(parts, origin))

    def _is_known(self, parts: Parts, origin: str) -> bool:
        """Whether any site lists the origin: for addresses that name no site, before a conversation is looked up."""
        return any(origin in _origins(parts, site) for site in self._sites)

    async def _look_again(self, parts: Parts) -> bool:
        """Whether there are other sites than when last looked."""
        before = self._sites
        with suppress(StorageUnavailable):
            self._sites = tuple(await parts.store.content.sites())
        return self._sites != before


def note_site(request: Request, site: str) -> None:
    """Note which site a request turned out to belong to, so that only that site's pages may read the answer."""
    request.state.site = site


def _site_of(scope: Scope) -> str | None:
    known: str | None = scope.get("state", {}).get("site")
    pieces = scope["path"].removeprefix(SHARED).split("/")
    return known or (pieces[1] if len(pieces) > 1 and pieces[0] == "sites" else None)


def _origins(parts: Parts, site: str) -> tuple[str, ...]:
    try:
        return parts.assistants.site(site).allowed_origins
    except AdvocateError:
        return ()
