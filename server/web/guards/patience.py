"""One deadline for a whole request: however many steps it takes, the database is waited for 8 s in all."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from server.storage.database.patience import one_patience

STREAMS = "/events"  # how the addresses of event streams end: they wait for hours, and look again each second


class OnePatience:
    """Gives every request but an event stream one patience with the database."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(STREAMS):
            await self._app(scope, receive, send)
            return
        with one_patience():
            await self._app(scope, receive, send)
