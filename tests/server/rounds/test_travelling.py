"""Builds on their way between replicas with data folders of their own, on a real PostgreSQL; builds hold pages and manifest."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from index.builds.layout import PAGES
from index.builds.manifest import BuildRefused, verify
from server.editing import COMMAND_LINE, Editing
from server.rounds import travelling
from server.storage import Store
from tests.server.conftest import EMPTY
from tests.server.test_keeping import NEW_WORDS, change_words
from tests.server.web.editor.test_pages import Builder
from tests.server.web.stand_in import StandIn

SITE = "kneecare"


class Replica:
    """One server's share: its store, its data folder, and who publishes there."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.builder = Builder(store, folder, "stand-in")
        self.travelling = self.builder.travelling
        self.releasing = Editing.of(store, self.builder, StandIn()).releasing

    def serves(self) -> dict[str, str | None]:
        """What its visitors are answered from once it has looked."""
        return {SITE: self.builder.current(SITE)}

    async def publish_latest(self) -> str:
        build = await self.builder.make(SITE)
        await self.releasing.publish(SITE, build, COMMAND_LINE)
        return build


@pytest.fixture
async def replicas(postgresql_server: str, tmp_path: Path) -> AsyncIterator[list[Replica]]:
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(EMPTY)
    stores = [await Store.open(postgresql_server) for _ in range(3)]
    made = [Replica(store, tmp_path / f"replica{number}") for number, store in enumerate(stores)]
    await made[0].builder.seed()
    yield made
    for store in stores:
        await store.close()


async def correct_a_sentence(replica: Replica) -> None:
    await change_words(replica.store, *NEW_WORDS)


async def test_a_published_build_reaches_every_data_folder_byte_for_byte(replicas):
    one, other, third = replicas
    build = await one.publish_latest()
    await asyncio.gather(other.travelling.follow(), third.travelling.follow())
    for replica in replicas:
        assert replica.builder.current(SITE) == build
        folder = replica.builder.builds(SITE).path(build)
        assert verify(folder) == verify(one.builder.builds(SITE).path(build))
    assert other.builder.builds(SITE).publications() == one.builder.builds(SITE).publications()


async def test_a_correction_published_at_one_replica_replaces_the_sentence_at_the_others(replicas):
    one, other, _ = replicas
    first = await one.publish_latest()
    await other.travelling.follow()
    await correct_a_sentence(one)
    second = await one.publish_latest()
    await other.travelling.follow()
    current = other.builder.builds(SITE).current_path()
    assert current is not None and current.name == second != first
    assert NEW_WORDS[1] in (current / PAGES).read_text(encoding="utf-8")
    assert NEW_WORDS[0] not in (current / PAGES).read_text(encoding="utf-8")


async def test_a_draft_made_at_one_replica_can_be_published_at_another_and_taken_back_at_a_third(replicas):
    one, other, third = replicas
    first = await one.publish_latest()
    await correct_a_sentence(one)
    draft = await one.builder.make(SITE)
    await one.travelling.send(SITE, draft)
    await other.travelling.follow()
    assert (await other.builder.build_of_latest(SITE)) is not None  # the editor there sees that it was rebuilt
    await other.releasing.publish(SITE, draft, COMMAND_LINE)
    await third.releasing.roll_back(SITE, COMMAND_LINE)
    await asyncio.gather(*(replica.travelling.follow() for replica in replicas))
    assert [replica.builder.current(SITE) for replica in replicas] == [first] * 3
    assert [one.build for one in one.builder.builds(SITE).publications()] == [first, draft, first]


async def test_what_arrives_damaged_is_refused_and_the_last_good_build_stays(replicas, caplog):
    one, other, _ = replicas
    first = await one.publish_latest()
    await other.travelling.follow()
    await correct_a_sentence(one)
    second = await one.publish_latest()
    pages = verify(one.builder.builds(SITE).path(second)).files[PAGES]
    await damage(one.store, pages)
    await other.travelling.follow()
    await other.travelling.follow()
    assert other.builder.current(SITE) == first
    told = [record.getMessage() for record in caplog.records if "cannot be brought here" in record.getMessage()]
    assert len(told) == 1 and PAGES in told[0]  # once, not each second
    assert not list(other.builder.builds(SITE).folder.glob(".fetched-*"))
    await one.releasing.publish(SITE, second, COMMAND_LINE)  # the way out that it names
    await other.travelling.follow()
    assert other.builder.current(SITE) == second


async def damage(store: Store, digest: str) -> None:
    from sqlalchemy import update

    from server.storage.database.schema import build_file

    changed = update(build_file).where(build_file.c.sha256 == digest).values(body=b"[]")
    assert await store.database.write(lambda tx: tx.run(changed)) == 1


async def test_a_manifest_that_was_changed_in_the_database_is_refused(replicas):
    one, other, _ = replicas
    build = await one.publish_latest()
    kept = verify(one.builder.builds(SITE).path(build)).as_json()
    await one.store.builds.keep(SITE, {**kept, "build": "1" * 64, "threshold": 0.0}, {})
    with pytest.raises(BuildRefused, match="build 111111111111 in the database: not as it was written"):
        await other.travelling.bring(SITE, "1" * 64)


async def test_a_replica_that_cannot_follow_is_told_apart_and_says_why(replicas, monkeypatch):
    one, other, _ = replicas
    await one.publish_latest()
    await other.travelling.follow()
    await correct_a_sentence(one)
    second = await one.publish_latest()
    await damage(one.store, verify(one.builder.builds(SITE).path(second)).files[PAGES])
    await other.travelling.follow()
    for replica in (one, other):
        await replica.travelling.report(replica.serves())
    assert await one.travelling.spread(SITE, second) == (1, 2)
    assert other.travelling.behind(other.serves()) == {}  # builds may take a moment
    monkeypatch.setattr(travelling, "SPREADS_WITHIN_S", 0.0)
    behind = other.travelling.behind(other.serves())[SITE]
    assert (behind.published, behind.serves) == (second, other.builder.current(SITE))
    assert PAGES in behind.why
    assert one.travelling.behind(one.serves()) == {}


async def test_a_replica_that_left_counts_no_longer(replicas):
    one, other, _ = replicas
    build = await one.publish_latest()
    await one.travelling.report(one.serves())
    await other.travelling.report(other.serves())
    assert await one.travelling.spread(SITE, build) == (1, 2)
    await other.travelling.leave()
    assert await one.travelling.spread(SITE, build) == (1, 1)


async def test_three_that_publish_a_first_build_at_once_publish_one(replicas):
    builds = [await replica.builder.make(SITE) for replica in replicas]
    await asyncio.gather(
        *(
            one.releasing.publish_first(SITE, build, COMMAND_LINE, waiver="first")
            for one, build in zip(replicas, builds, strict=True)
        )
    )
    assert len(await replicas[0].store.builds.publications(SITE, 10)) == 1
    actions = [entry.action for entry in await replicas[0].store.audits(SITE)]
    assert actions.count("published") == 1


async def test_what_a_folder_published_before_builds_travelled_is_adopted_once(replicas):
    one, other, _ = replicas
    build = await one.builder.make(SITE)
    one.builder.builds(SITE).publish(build, "Ann")
    await one.travelling.follow()
    await other.travelling.follow()
    assert other.builder.current(SITE) == build
    assert [(row.build, row.by) for row in await one.store.builds.publications(SITE, 10)] == [(build, "Ann")]


async def test_a_file_that_would_leave_its_folder_is_refused(replicas):
    one, other, _ = replicas
    build = await one.publish_latest()
    kept = verify(one.builder.builds(SITE).path(build))
    outside = replace(kept, build="0" * 64, files={"../../outside.json": kept.files[PAGES]})
    await one.store.builds.keep(SITE, outside.as_json(), {})
    with pytest.raises(BuildRefused, match="outside.json"):
        await other.travelling.bring(SITE, "0" * 64)
    assert not list(other.builder.builds(SITE).folder.rglob("outside.json"))
    assert json.loads((one.builder.builds(SITE).path(build) / PAGES).read_text(encoding="utf-8"))


async def test_on_sqlite_the_data_folder_says_what_is_published(tmp_path):
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/advocate.db")
    replica = Replica(store, tmp_path)
    await replica.builder.seed()
    build = await replica.publish_latest()
    assert replica.builder.current(SITE) == build
    assert await store.builds.live() == [] and await replica.travelling.spread(SITE, build) == (0, 0)
    await store.close()
