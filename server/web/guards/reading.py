"""Reads a JSON body that is not quite in order: a broken character in it never loses the words around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from server.core.typed import mended


class ForgivingRoute(APIRoute):
    """A route whose JSON may hold bytes that are no UTF-8, and lone surrogates: each becomes U+FFFD."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_forgivingly(request: Request) -> Response:
            return await handle(_ForgivingRequest(request.scope, request.receive))

        return handle_forgivingly


class _ForgivingRequest(Request):
    async def json(self) -> Any:
        return read_json(await self.body())


def read_json(body: bytes) -> Any:
    """The value of a JSON text in UTF-8, UTF-16 or UTF-32, told by its first bytes. Raises JSONDecodeError, RecursionError."""
    return _mended(json.loads(body.decode(json.detect_encoding(body), "replace")))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {mended(name): _mended(one) for name, one in value.items()}
    return value
