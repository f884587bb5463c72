"""A lean HTTP client for measuring: on two cores shared with the server, the client's own work is part of the figure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Line:
    """One connection that is kept open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**20))

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer. Raises ConnectionError when the server hung up."""
        payload = json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Content-Length": str(len(payload)), **headers}
        self._send("POST", path, sent, payload)
        status, length = await self._head()
        answer = await self.reader.readexactly(length)
        return status, json.loads(answer) if answer else None

    async def events(self, path: str, **headers: str) -> AsyncIterator[str]:
        """The names of the events of a stream."""
        self._send("GET", path, {"Accept": "text/event-stream", **headers})
        await self._head()
        while line := await self.reader.readline():
            if line.startswith(b"event:"):
                yield line[6:].strip().decode()

    def close(self) -> None:
        self.writer.close()

    def _send(self, method: str, path: str, headers: dict[str, str], payload: bytes = b"") -> None:
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + payload)

    async def _head(self) -> tuple[int, int]:
        """Status and length of what is answered."""
        first = await self.reader.readline()
        if not first:
            raise ConnectionError("the server hung up")
        length = 0
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        return int(first.split()[1]), length
