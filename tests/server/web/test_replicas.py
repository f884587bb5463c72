"""Servers on one PostgreSQL, killed while visitors talk and a sentence is corrected. `python -m tests.bench.replicas` is the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.storage import Store
from tests.bench.replicas.campaign import Campaign, Plan
from tests.bench.replicas.servers import until_ready
from tests.bench.replicas.site import Editor, servers_on

PLAN = Plan(visitors=10, lasts_s=6, message_every_s=0.8, kill_every_s=1.5, kill_until_s=2.5, corrected_at_s=0)


@pytest.fixture
def own_database(postgresql_server: str) -> Iterator[str]:
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE replicas")
    yield postgresql_server.replace("/postgres?", "/replicas?")
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE replicas WITH (FORCE)")


async def test_what_is_said_while_servers_are_killed_is_told_once_and_the_same_to_everyone(
    own_database: str, tmp_path: Path
):
    store = await Store.open(own_database)
    editor = Editor(store, tmp_path / "editor")
    await editor.publish_first()
    servers = servers_on(own_database, tmp_path, 2)
    try:
        await editor.correct()
        await until_ready(servers, within_s=120)
        campaign = Campaign(PLAN, servers, [one.address for one in servers], store)
        found = await campaign.run(editor.publish)
    finally:
        for one in servers:
            one.end()
        await store.close()
    assert found.wrong == []
    assert min(found.figures[one] for one in ("kills", "sent_again", "broke_off")) >= 1
    assert found.figures["acknowledged"] > 20 and found.figures["written"] > 0
    assert {is_old for _, _, is_old in found.answers} == {True, False} and found.figures["after_late"] >= 2
