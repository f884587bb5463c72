"""Colleagues at the desk over HTTP, without scripts; and the visitor whom they answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from server.storage import Handover, Role, Store
from tests.server.web.conftest import HERE, Visitor

PASSWORD = "quiet orchard lamp"
SORE = "Is my knee all right?"


class Colleague:
    """Someone signed in at the desk, without scripts: pages, forms, and what they say."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def queue(self) -> str:
        return unescape((await self.client.get("/desk")).text)

    async def open(self, handover: Handover, **query: str | int) -> str:
        response = await self.client.get(f"/desk/{handover.handover_id}", params=query)
        assert response.status_code == 200
        return unescape(response.text)

    async def post(self, handover: Handover, door: str, **fields: object) -> httpx.Response:
        fields.setdefault("version", handover.version)
        return await self.client.post(f"/desk/{handover.handover_id}/{door}", data=fields)

    async def write(self, handover: Handover, text: str, *, seen: int | None = None) -> httpx.Response:
        """Fill in the form as the page has it."""
        page = await self.open(handover)
        key, seen_seq = hidden(page, "key"), seen if seen is not None else int(hidden(page, "seen_seq"))
        return await self.post(handover, "messages", text=text, seen_seq=seen_seq, key=key)


def hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name} on the page"
    return found[1]


def rows_of(page: str) -> dict[str, str]:
    """The words of each row of the queue, by its handover."""
    rows = re.findall(r'<a href="/desk/([0-9a-f]{32})"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {handover_id: " ".join(re.sub("<[^>]*>", "", row).split()) for handover_id, row in rows}


async def arrive(
    app: FastAPI, store: Store, name: str, role: Role = Role.ADVOCATE, sites: Sequence[str] = ("*",)
) -> Colleague:
    email = f"{name.split()[0].lower()}@kneecare.test"
    await store.staff.add(email, name, role, PASSWORD, sites)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE)
    signed_in = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert signed_in.status_code == 303
    return Colleague(client)


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "server.storage.people.passwords._hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
async def pat(app: FastAPI, store: Store) -> Colleague:
    return await arrive(app, store, "Pat Cashen")


@pytest.fixture
async def sam(app: FastAPI, store: Store) -> Colleague:
    return await arrive(app, store, "Sam Reed")


@pytest.fixture
async def handover(visitor: Visitor, store: Store) -> Handover:
    """A visitor asked about their own knee."""
    await visitor.say(SORE)
    return await now(store, visitor)


async def now(store: Store, visitor: Visitor) -> Handover:
    handover = await store.handovers.of_conversation(visitor.conversation_id)
    assert handover is not None
    return handover


async def claimed(pat: Colleague, store: Store, visitor: Visitor, handover: Handover) -> Handover:
    assert (await pat.post(handover, "claim")).status_code == 303
    return await now(store, visitor)
