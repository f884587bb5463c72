"""How large a body may be, and that a JSON door gets JSON."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.guards.problems import Problem

MAX_BYTES = 64 * 1024
LARGER = {"/editor/": 32 * 1024 * 1024}  # an editor imports documents


class BodyLimit:
    """Refuses a body over the limit of its address, by its declared length or while it arrives."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = next((most for start, most in LARGER.items() if scope["path"].startswith(start)), MAX_BYTES)
        declared = Headers(scope=scope).get("content-length", "")
        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            if declared.isdecimal() and (len(declared) > 12 or int(declared) > max_bytes):
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413)
            return message

        await self._app(scope, limited_receive, send)


async def json_only(request: Request) -> None:
    """Refuse a body that does not call itself JSON: what a foreign page's form can send never does."""
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise Problem(415, "This address takes JSON. Send it with Content-Type: application/json.")
