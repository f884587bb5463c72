"""A real server process: told to stop with streams open, and killed between a message and its reply."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from server.storage import Store
from tests.server.web.conftest import begin
from tests.server.web.stand_in_server import DIE_AFTER_STORING, seed

CANARY = "canaryword"
HALF_A_MESSAGE = b"POST /api/v1/sites/kneecare/ask HTTP/1.1\r\nHost: here.test\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def server(folder: Path, port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers; killed at the end if it still runs. Its log is in server.log."""
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.web.stand_in_server", str(folder), str(port)],
            stdout=log,
            stderr=log,
            env=os.environ | environment,
        )
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


async def test_told_to_stop_with_streams_open_it_ends_within_five_seconds(tmp_path: Path):
    url, port = f"sqlite+aiosqlite:///{tmp_path}/advocate.db", free_port()
    await seed(url)
    with server(tmp_path, port) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            visitor = await begin(client)
            await visitor.say(f"What about my {CANARY}?")
            await client.get(f"/sites/kneecare/ask?q={CANARY}")
            async with client.stream("GET", f"{visitor.address}/events", headers=visitor.headers) as response:
                lines = response.aiter_lines()
                while not (await anext(lines)).startswith("id: 2"):
                    pass
                told_at = time.monotonic()
                process.send_signal(signal.SIGTERM)
                async for _ in lines:  # ends, and is not cut
                    pass
            process.wait(timeout=5)
        assert time.monotonic() - told_at < 5
    log = (tmp_path / "server.log").read_text()
    assert "GET /sites/kneecare/ask HTTP" in log
    assert CANARY not in log and "Traceback" not in log


async def test_a_reader_who_leaves_a_stream_or_a_message_half_sent_is_no_error(tmp_path: Path):
    url, port = f"sqlite+aiosqlite:///{tmp_path}/advocate.db", free_port()
    await seed(url)
    with server(tmp_path, port) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            visitor = await begin(client)
            async with client.stream("GET", f"{visitor.address}/events", headers=visitor.headers) as response:
                await anext(response.aiter_lines())
            with socket.create_connection(("127.0.0.1", port)) as half:
                half.sendall(HALF_A_MESSAGE)
            await visitor.say("What is a trigger point?")  # written to nobody any more
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    log = (tmp_path / "server.log").read_text()
    assert "ERROR" not in log and "Traceback" not in log, log


async def test_killed_after_storing_a_retry_with_the_same_key_finds_the_message_once(tmp_path: Path):
    url, port = f"sqlite+aiosqlite:///{tmp_path}/advocate.db", free_port()
    await seed(url)
    text = "Is it safe for my heart?"
    with server(tmp_path, port, **{DIE_AFTER_STORING: "1"}) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            visitor = await begin(client)
            with suppress(httpx.TransportError):
                await visitor.say(text, key="once")
            assert process.wait(timeout=5) == -signal.SIGKILL
    with server(tmp_path, port):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            visitor.client = client
            first, again = await visitor.say(text, key="once"), await visitor.say(text, key="once")
    assert first.status_code == 201 and first.content == again.content
    assert first.json()["reply"]["handed_over"]
    store = await Store.open(url)
    events = await store.conversations.events(visitor.conversation_id)
    inbox = await store.handovers.inbox(["kneecare"])
    await store.close()
    assert [str(event.kind) for event in events] == ["message", "handover"]
    assert len(inbox) == 1
