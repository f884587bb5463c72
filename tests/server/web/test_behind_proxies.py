"""The configurations of server/docs/proxies.md as they stand there, run by real proxies. Part of `make soak`: needs nginx, caddy, openssl."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from server.front import examine_front
from server.settings import Settings
from server.storage import Role, Store
from tests.server.channels.receivers import self_signed
from tests.server.web.conftest import begin
from tests.server.web.stand_in_server import seed
from tests.server.web.test_process import free_port, server

pytestmark = pytest.mark.skipif(not os.environ.get("ADVOCATE_PROXIES"), reason="a part of `make soak`")

DOCS = Path(__file__).parents[3] / "server/docs/proxies.md"
NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 2048; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/temp; {site} }}
"""
BARE = "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}"
CADDY = "{{\nadmin off\nskip_install_trust\ngrace_period 1s\nauto_https disable_redirects\n}}\n{site}"
PASSWORD = "quiet orchard lamp"


def from_docs(name: str, *, port: int, behind: int, folder: Path) -> str:
    """A configuration of the page, at this test's ports and certificate."""
    found = re.search(rf"```{name}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    site = found[1].replace("127.0.0.1:8000", f"127.0.0.1:{behind}").replace("listen 443 ", f"listen 127.0.0.1:{port} ")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    site = site.replace("/etc/ssl/chat.clinic.example.pem", str(certificate))
    site = site.replace("/etc/ssl/chat.clinic.example.key", str(key))
    return site.replace(
        "chat.clinic.example {", f"https://localhost:{port} {{\nbind 127.0.0.1\ntls {certificate} {key}"
    )


@contextmanager
def proxy(name: str, site: str, folder: Path, port: int) -> Iterator[None]:
    file = folder / name
    text = NGINX if name == "nginx" else CADDY
    file.write_text(text.format(folder=folder, site=site), encoding="utf-8")
    command = ["nginx", "-p", str(folder), "-c", str(file)]
    if name == "caddy":
        command = ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | {"HOME": str(folder)})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
            break
        except httpx.RemoteProtocolError:
            break
        except httpx.TransportError:
            time.sleep(0.05)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def browser(port: int, address: str = "127.0.0.1", scheme: str = "https") -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(verify=False, local_address=address)
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://localhost:{port}", timeout=20)


async def prepare(folder: Path) -> None:
    url = f"sqlite+aiosqlite:///{folder}/advocate.db"
    await seed(url)
    store = await Store.open(url)
    await store.staff.add("pat@kneecare.test", "Pat", Role.ADVOCATE, PASSWORD)
    await store.close()


@pytest.mark.parametrize("name", ["nginx", "caddy"])
async def test_the_configuration_of_the_page_passes_on_what_it_must(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    await prepare(tmp_path)
    self_signed(tmp_path, "localhost")
    port, behind = free_port(), free_port()
    settings = {"ADVOCATE_TRUSTED_PROXIES": "127.0.0.1", "ADVOCATE_PUBLIC_URL": f"https://localhost:{port}"}
    site = from_docs(name, port=port, behind=behind, folder=tmp_path)
    with server(tmp_path, behind, **settings), proxy(name, site, tmp_path, port):
        async with browser(port, "127.0.0.2") as client:
            forged = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"}
            seen = (await client.get("/healthz?seen=1", headers=forged)).json()["seen"]
            assert seen == {"address": "127.0.0.2", "scheme": "https", "is_forwarded": True}
            assert (await client.get("/metrics")).status_code == 404
            assert (await client.post("/editor/kneecare", content=b"x" * 2_000_000)).status_code != 413
            origin = {"Origin": f"https://localhost:{port}"}
            form = {"email": "pat@kneecare.test", "password": PASSWORD}
            signed_in = await client.post("/sign-in", data=form, headers=origin)
            assert signed_in.status_code == 303 and "__Host-advocate_session" in signed_in.headers["set-cookie"]
            await an_event_arrives_at_once(client)
            await more_connections_than_one_address_may_hold(port)
        figures = httpx.get(f"http://127.0.0.1:{behind}/metrics")
        assert figures.status_code == 200  # a proxy that marks what it passes on takes them from nobody here
        trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        client_of = httpx.AsyncClient
        monkeypatch.setattr("server.front.httpx.AsyncClient", lambda **given: client_of(verify=trusting, **given))
        monkeypatch.setattr("server.front.is_loopback", lambda host: False)
        [found] = await examine_front(Settings(trusted_proxies="127.0.0.1", public_url=settings["ADVOCATE_PUBLIC_URL"]))
        assert not found.is_fault and "passes on" in str(found)
    assert "proxies.md" not in (tmp_path / "server.log").read_text()


async def an_event_arrives_at_once(client: httpx.AsyncClient) -> None:
    visitor = await begin(client)
    async with client.stream("GET", f"{visitor.address}/events", headers=visitor.headers) as response:
        lines = response.aiter_lines()
        sent_at = time.monotonic()
        await visitor.say("Is my knee all right?")
        while not (await anext(lines)).startswith("id: 2"):
            pass
        assert time.monotonic() - sent_at < 2


async def more_connections_than_one_address_may_hold(port: int) -> None:
    """300 visitors, each on a connection of their own, all at once."""
    clients = [browser(port, f"127.0.1.{number % 250}") for number in range(1, 301)]
    answers = await asyncio.gather(*(one.get("/api/v1/sites/kneecare") for one in clients))
    assert {one.status_code for one in answers} == {200}
    await asyncio.gather(*(one.aclose() for one in clients))


async def test_a_bare_proxy_pass_shows_no_figures_believes_nobody_and_is_noticed(tmp_path: Path):
    await prepare(tmp_path)
    port, behind = free_port(), free_port()
    with server(tmp_path, behind), proxy("nginx", BARE.format(port=port, behind=behind), tmp_path, port):
        async with browser(port, "127.0.0.2", "http") as client:
            assert (await client.get("/metrics")).status_code == 404
            forged = {"X-Forwarded-For": "192.0.2.1"}
            assert (await client.get("/healthz?seen=1", headers=forged)).json()["seen"]["address"] == "127.0.0.1"
            await client.get("/widget.js", headers={"Referer": "https://www.clinic.example/knees"})
    assert "do not say from where" in (tmp_path / "server.log").read_text()
