"""Slow clients: whoever sends a request too slowly is told so and let go; whoever reads for long is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from server.web import connections
from server.web.connections import FULL, LATE, TOO_MANY, WatchedProtocol
from tests.server.web.conftest import begin

WITHIN_S = 0.4
HALF_A_HEADER = b"GET /healthz HTTP/1.1\r\nHost: here.test\r\n"
HALF_A_BODY = b"POST /api/v1/sites/kneecare/ask HTTP/1.1\r\nHost: here.test\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: here.test\r\n\r\n"
CLOSING = WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.fixture
async def port(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(connections, "HEADER_WITHIN_S", WITHIN_S)
    monkeypatch.setattr(connections, "BODY_WITHIN_S", WITHIN_S)
    options = {"timeout_graceful_shutdown": 1, "forwarded_allow_ips": "127.0.0.8/30"}
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, http=WatchedProtocol, **options)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    app.state.parts.desk.stop()
    server.should_exit = True
    await serving


async def read_all(port: int, sent: bytes, *, then: bytes = b"", from_host: str = "127.0.0.1") -> tuple[str, float]:
    """What a server answers until it closes the connection, and after how long. `then`: sent a byte each tenth of a second."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(from_host, 0))
    writer.write(sent)
    reading = asyncio.create_task(reader.read())
    for byte in then:
        if reading.done():
            break
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)
    answer = (await asyncio.wait_for(reading, 20)).decode()
    writer.close()
    return answer, time.monotonic() - began


@pytest.mark.parametrize("sent", [b"", HALF_A_HEADER, HALF_A_BODY], ids=["nothing", "half a header", "half a body"])
async def test_who_sends_no_whole_request_in_time_is_told_so(port: int, sent: bytes):
    answer, took_s = await read_all(port, sent)
    assert answer.startswith("HTTP/1.1 408 ") and answer.endswith(LATE)
    assert took_s >= WITHIN_S


@pytest.mark.parametrize("sent", [HALF_A_HEADER, HALF_A_BODY], ids=["header", "body"])
async def test_a_byte_now_and_then_gives_no_more_time(port: int, sent: bytes):
    answer, _ = await read_all(port, sent, then=b"x" * 80)  # 8 s of bytes
    assert answer.startswith("HTTP/1.1 408 ")


async def test_a_large_body_that_goes_on_arriving_has_its_time(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "BYTES_A_SECOND", 1)
    answer, took_s = await read_all(port, HALF_A_BODY, then=b' "text": "How long?"'.ljust(89) + b"}")
    assert took_s > 2 * WITHIN_S and not answer.startswith("HTTP/1.1 408 ")


async def test_a_stream_of_events_and_a_connection_that_is_kept_go_on(port: int):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        visitor = await begin(client)
        async with client.stream("GET", f"{visitor.address}/events", headers=visitor.headers) as response:
            lines = response.aiter_lines()
            await asyncio.sleep(3 * WITHIN_S)
            await visitor.say("What is a trigger point?")
            while not (await anext(lines)).startswith("id: 2"):
                pass


async def test_an_address_holds_so_many_connections_and_others_are_still_answered(
    port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "MOST_OF_ADDRESS", 3)
    monkeypatch.setattr(connections, "HEADER_WITHIN_S", 30)
    held = [await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0)) for _ in range(3)]
    answer, _ = await read_all(port, WHOLE, from_host="127.0.0.2")
    assert answer.startswith("HTTP/1.1 503 ") and answer.endswith(TOO_MANY)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/healthz")).status_code == 200
    held[0][1].close()
    await held[0][1].wait_closed()
    again, _ = await read_all(port, CLOSING, from_host="127.0.0.2")
    assert again.startswith("HTTP/1.1 200 ")
    for _, writer in held:
        writer.close()


async def test_what_a_trusted_proxy_passes_on_is_many_peoples(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "MOST_OF_ADDRESS", 1)
    monkeypatch.setattr(connections, "HEADER_WITHIN_S", 30)
    proxies = ("127.0.0.1", "127.0.0.9")  # one on this machine, one that is named
    held = [await asyncio.open_connection("127.0.0.1", port, local_addr=(one, 0)) for one in proxies for _ in range(3)]
    for proxy in proxies:
        answer, _ = await read_all(port, CLOSING, from_host=proxy)
        assert answer.startswith("HTTP/1.1 200 ")
    for _, writer in held:
        writer.close()


async def test_before_descriptors_run_out_new_connections_are_refused_in_words(
    port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "most_in_all", lambda: 1)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(0.05)
    answer, _ = await read_all(port, WHOLE)
    assert answer.startswith("HTTP/1.1 503 ") and answer.endswith(FULL)
    writer.close()
