"""Many sites in one process: what their builds have in common is held once, and the least used are dropped."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from index.builds.publish import Builds
from kb.sites import SITES, Site, load_site
from server.answers import shelves
from server.answers.assistants import Assistants
from server.answers.reading import rules_of
from server.answers.shelves import Shelves
from server.core.reply import Reply

NAMES = ("one", "two", "three")
QUESTION = "What if I hate needles?"


@pytest.fixture(scope="module")
def many(kneecare_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three sites that have KneeCare's build. Nothing changes it."""
    data_dir = tmp_path_factory.mktemp("many")
    (data_dir / "models").symlink_to(kneecare_data_dir / "models")
    for name in NAMES:
        shutil.copytree(kneecare_data_dir / "sites" / "kneecare", data_dir / "sites" / name)
    return data_dir


@pytest.fixture
async def assistants(many: Path) -> AsyncIterator[Assistants]:
    site = load_site(SITES / "kneecare")
    sites: dict[str, Site] = {name: site.model_copy(update={"site": name}) for name in NAMES}
    opened = Assistants(many, sites, encoder_wait_s=60)
    yield opened
    opened.close()


async def ask(assistants: Assistants, site: str) -> Reply:
    return await assistants.reply(site, QUESTION)


def units_of(many: Path) -> int:
    [manifest] = Builds.of(many, "one").all()
    return manifest.counts["units"]


def test_what_sites_have_in_common_is_held_once(many):
    found = Shelves(many)
    one, two = (found.current(name) for name in NAMES[:2])
    assert one is not None and two is not None and one is not two
    assert one.build.policy is two.build.policy and one.build.gate is two.build.gate
    assert rules_of(one.build.policy) is rules_of(two.build.policy)


async def test_the_site_used_least_lately_is_dropped_and_its_next_question_is_answered_all_the_same(
    assistants, many, monkeypatch
):
    monkeypatch.setattr(shelves, "MOST_UNITS", 2 * units_of(many))
    replies = [await ask(assistants, name) for name in (*NAMES, "one")]
    assert [bool(reply.quotes) for reply in replies] == [True] * 4
    held = assistants._shelves
    assert [held.loaded(name) is not None for name in NAMES] == [True, False, True]
    assert all(assistants.is_ready(name) for name in NAMES)
    assert assistants.serves() == dict.fromkeys(NAMES, replies[0].build)
    assert assistants.pages("two") == assistants.pages("one") != ()


async def test_looking_round_loads_what_there_is_room_for_and_makes_every_site_ready(assistants, many, monkeypatch):
    monkeypatch.setattr(shelves, "MOST_UNITS", units_of(many))
    assert not any(assistants.is_ready(name) for name in NAMES)
    for _ in range(2):
        await assistants.refresh()
    assert all(assistants.is_ready(name) for name in NAMES)
    assert sum(assistants._shelves.loaded(name) is not None for name in NAMES) == 1


async def test_a_site_that_is_not_loaded_follows_its_publications(assistants, many, monkeypatch):
    monkeypatch.setattr(shelves, "MOST_UNITS", 0)
    await assistants.refresh()
    assistants._shelves.to_load(NAMES)
    path = Builds.of(many, "three").folder / "current.json"
    before = path.read_bytes()
    try:
        Builds.of(many, "three").publish(Builds.of(many, "three").all()[0].build, "Ann")
        path.write_text(path.read_text().replace(assistants.serves()["three"] or "", "0" * 64))
        await assistants.refresh()
        assert assistants.serves()["three"] == "0" * 64
        assert not (await ask(assistants, "three")).quotes  # no such build: a person
        assert assistants.serves()["three"] is None and not assistants.is_ready("three")
    finally:
        path.write_bytes(before)
