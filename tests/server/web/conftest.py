"""A running app on a real SQLite store, with a stand-in for the assistants; and the ways in that tests use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from server.publishing import Publisher
from server.settings import Settings
from server.storage import Store
from server.web.app import create_app, make_parts
from tests.server.web.stand_in import CLINIC_ORIGIN, StandIn

HERE = "http://localhost:8000"


@pytest.fixture
def engine_name() -> str:
    """What HTTP looks like does not depend on the engine: its own tests run on both."""
    return "sqlite"


@pytest.fixture
def settings() -> Settings:
    return Settings(rate_limit="off")


@pytest.fixture
def assistants() -> StandIn:
    return StandIn()


@pytest.fixture(scope="session")
def every_tests_app() -> FastAPI:
    """One app for all tests: FastAPI reads its routes anew for each, and that takes longer than most tests."""
    return create_app(Settings())


@pytest.fixture
async def app(every_tests_app: FastAPI, settings: Settings, store: Store, assistants: StandIn) -> FastAPI:
    """The app with this test's own parts, as its lifespan would give it."""
    for site in assistants.sites.values():
        await store.content.save(site.site, "site", site.model_dump(mode="json"), author="test", reason="test")
    publisher = Publisher(store, settings.data_dir, settings.embedding_model)
    every_tests_app.state.parts = make_parts(settings, store, assistants, publisher)
    return every_tests_app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
        yield client


@pytest.fixture
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address of a real server: needed where answers stream."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    app.state.parts.desk.stop()
    server.should_exit = True
    await serving


@dataclass
class Visitor:
    """Someone with a conversation, as the widget would speak for them."""

    client: httpx.AsyncClient
    conversation_id: str
    token: str
    receipt: str
    keys: Any

    @property
    def address(self) -> str:
        return f"/api/v1/conversations/{self.conversation_id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, door: str, body: Any, key: str | None = None) -> httpx.Response:
        headers = self.headers | {"Idempotency-Key": key or f"key-{next(self.keys)}"}
        return await self.client.post(f"{self.address}/{door}", json=body, headers=headers)

    async def say(self, text: str, key: str | None = None) -> httpx.Response:
        return await self.post("messages", {"text": text}, key)


async def begin(client: httpx.AsyncClient, site: str = "kneecare", **body: Any) -> Visitor:
    response = await client.post(f"/api/v1/sites/{site}/conversations", json=body)
    assert response.status_code == 201, response.text
    told = response.json()
    return Visitor(client, told["id"], told["token"], told["receipt"], count())


@pytest.fixture
async def visitor(client: httpx.AsyncClient) -> Visitor:
    return await begin(client)


__all__ = ["CLINIC_ORIGIN", "Visitor", "begin"]
