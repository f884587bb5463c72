"""What keeps an installation, through the doors of the `advocate` command: on real SQLite stores, with builds that hold
their pages and a manifest alone, so that no encoder runs."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import shutil
import sys
import tarfile
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from sqlalchemy import text

from index.builds.build import inputs_of
from index.builds.layout import vectors_file
from index.builds.manifest import Manifest, digest_files, read_manifest, verify
from index.builds.publish import Builds
from index.encoding.cache import VectorCache
from index.model import digest_of
from kb.content import load_content
from kb.labels import Label
from kb.sites import SITES, load_site
from server import cli, keeping, publishing
from server.answers import assistants
from server.core.handing.handover import Closing, Closure, Step
from server.core.reply import Reply
from server.settings import Settings
from server.storage import Author, Event, Kind, Store, VisitorMessage
from server.storage.database.transactions import utc_now
from server.storage.talks.events import NewEvent, append, lock
from tests.server.storage.clinic import PAT, TurnedClock, claimed, say, start
from tests.server.storage.clinic import reply as reply_of
from tests.server.web.editor.test_pages import DOCUMENT, NEEDLES, PAGE, Builder
from tests.server.web.stand_in import Opened

QUESTION = "What if I hate needles?"
NEW_WORDS = ("numb the joint before", "numb the knees before")  # as long: the passages after it stay where they are


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str


async def advocate(data_dir: Path, *arguments: str | Path) -> Done:
    """Run the command in a thread of this process: the same as a user's, without the seconds a process takes to start."""
    return await asyncio.to_thread(run, data_dir, *map(str, arguments))


def run(data_dir: Path, *arguments: str) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, ADVOCATE_DATA_DIR=str(data_dir)),
        patch.object(sys, "argv", ["advocate", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def keep_a_model(folder: Path) -> None:
    """An exported encoder's files, described as the export does."""
    folder.mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).write_text(f"the {name} of a stand-in")
    files = {path.name: digest_of(path) for path in folder.iterdir()}
    (folder / "encoder.json").write_text(json.dumps({"files": files}))


def assert_refused(done: Done, *words: str) -> None:
    """The command said in one line what was wrong: these words."""
    assert (done.status, done.out) == (2, ""), done
    assert done.err.startswith("advocate: ") and done.err.count("\n") == 1, done.err
    missing = [one for one in words if one not in done.err]
    assert not missing, (missing, done.err)


async def open_store(data_dir: Path, *, clock: Callable[[], datetime] = utc_now) -> Store:
    return await Store.open(Settings(data_dir=data_dir).database, clock=clock)


def builds_of(data_dir: Path, site: str = "kneecare") -> Builds:
    return Builds(data_dir / "sites" / site / "builds")


def published(builds: Builds) -> Path:
    """The folder of the build that answers."""
    path = builds.current_path()
    assert path is not None
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with KneeCare seeded, built and published. Nothing changes it: `data_dir` is a copy."""
    data_dir = tmp_path_factory.mktemp("installation") / "var"

    async def install() -> None:
        store = await open_store(data_dir)
        builder = Builder(store, data_dir, "stand-in")
        await builder.seed()
        builder.builds("kneecare").publish(await builder.make("kneecare"), "test")
        await store.close()

    asyncio.run(install())
    keep_a_model(data_dir / "models" / "stand-in")
    return data_dir


@pytest.fixture(scope="module")
def backup(installation: Path) -> Path:
    """A backup of the installation. Nothing changes it either."""
    out = installation.with_name("backup.tar.gz")
    assert run(installation, "backup", str(out)).status == 0
    return out


@pytest.fixture
def data_dir(installation: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(installation, tmp_path / "var"))


@pytest.fixture
async def store(data_dir: Path) -> AsyncIterator[Store]:
    """The store of the data folder, open as a server has it while commands run beside."""
    store = await open_store(data_dir)
    yield store
    await store.close()


async def change_words(store: Store, old: str, new: str) -> None:
    """An editor saves the page with other words."""
    latest = await store.content.latest("kneecare", DOCUMENT)
    assert latest is not None
    body = {**latest.body, "text": latest.body["text"].replace(old, new)}
    assert body != latest.body
    await store.content.save("kneecare", DOCUMENT, body, author="ann", reason="test")


# Publish and roll back

RIGHT = {"text": QUESTION, "label": "answer", "gold": ["3 different agents"]}
WRONG = {"text": "What does parking cost?", "label": "answer", "gold": ["free"]}


@pytest.fixture
def opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds are opened and made without a model."""

    async def make(self: publishing.Publisher, site: str, _progress: object, *, quick: bool) -> Manifest:
        assert not quick
        build = await Builder(self.store, self.models.parent, "stand-in").make(site)
        return read_manifest(self.builds(site).path(build))

    monkeypatch.setattr(assistants, "Assistants", Reopened)
    monkeypatch.setattr(publishing.Publisher, "build", make)


async def draft_of(store: Store, data_dir: Path) -> str:
    """A draft with other words, built and not published."""
    await change_words(store, *NEW_WORDS)
    return await Builder(store, data_dir, "stand-in").make("kneecare")


async def give_golden(store: Store, *questions: Mapping[str, object]) -> None:
    await store.content.save("kneecare", "golden", list(questions), author="ann", reason="test")


async def last_done(store: Store) -> tuple[str, str, str, dict[str, object]]:
    entry = (await store.audits("kneecare", limit=1))[0]
    return entry.actor, entry.action, entry.about, dict(entry.detail)


async def test_publishing_asks_the_golden_questions_and_is_audited(store, data_dir, opening):
    await give_golden(store, RIGHT)
    draft = await draft_of(store, data_dir)
    done = await advocate(data_dir, "publish", draft[:12])
    assert (done.status, done.out) == (0, f"{draft}\n"), done
    assert Reopened.asked == [(QUESTION, ())]
    assert builds_of(data_dir).current() == draft
    assert await last_done(store) == ("command line", "published", draft, {})


async def test_a_golden_question_that_goes_wrong_keeps_a_build_from_visitors_until_someone_says_why(
    store, data_dir, opening
):
    await give_golden(store, RIGHT, WRONG)
    live, draft = builds_of(data_dir).current(), await draft_of(store, data_dir)
    for arguments in (
        ("publish", draft),
        ("publish", draft, "--anyway", " "),
        ("build", "--publish", "--progress", "json"),
    ):
        refused = await advocate(data_dir, *arguments)
        assert_refused(
            refused, "“What does parking cost?”", f'advocate publish {draft[:12]} --site kneecare --anyway "'
        )
        assert builds_of(data_dir).current() == live
    assert (await advocate(data_dir, "publish", draft, "--anyway", "parking comes next week")).status == 0
    assert builds_of(data_dir).current() == draft
    waived = {"waived": "parking comes next week", "questions": ["What does parking cost?"]}
    assert await last_done(store) == ("command line", "published", draft, waived)


async def test_a_build_without_a_current_one_goes_live_whatever_it_answers_and_that_is_audited(
    store, data_dir, opening
):
    await give_golden(store, WRONG)
    (builds_of(data_dir).folder / "current.json").unlink()
    done = await advocate(data_dir, "build")
    assert done.status == 0 and builds_of(data_dir).current() == done.out.strip()
    reason = "the site's first build: nothing was live before it"
    waived = {"waived": reason, "questions": ["What does parking cost?"]}
    assert await last_done(store) == ("command line", "published", done.out.strip(), waived)


async def test_rolling_back_is_audited_with_what_was_live(store, data_dir, opening):
    live, draft = builds_of(data_dir).current(), await draft_of(store, data_dir)
    assert_refused(await advocate(data_dir, "rollback"), "no earlier published build")
    await advocate(data_dir, "publish", draft)
    done = await advocate(data_dir, "rollback")
    assert (done.status, done.out) == (0, f"{live}\n"), done
    assert builds_of(data_dir).current() == live
    assert await last_done(store) == ("command line", "rolled back", live, {"from": draft})


# Backup and restore


async def test_what_is_restored_is_what_was_backed_up(store, data_dir, tmp_path):
    handover = await claimed(store)
    await say(store, handover.conversation_id, "Is it normal?")
    await change_words(store, *NEW_WORDS)  # a draft, not yet built
    done = await advocate(data_dir, "backup", tmp_path / "backup.tar.gz")
    assert done.status == 0 and "visitors' words" in done.out

    fresh = tmp_path / "fresh"
    done = await advocate(fresh, "restore", tmp_path / "backup.tar.gz")
    assert done.status == 0 and str(fresh) in done.out
    copy = await open_store(fresh)
    assert await copy.check() == []
    assert await everything_in(copy, handover.conversation_id) == await everything_in(store, handover.conversation_id)
    await copy.close()
    for folder in ("sites", "models"):
        assert files_in(fresh / folder) == files_in(data_dir / folder)
    assert builds_of(fresh).current() == builds_of(data_dir).current()
    assert (await advocate(fresh, "verify")).status == 0
    assert not [path.name for path in (*tmp_path.iterdir(), *fresh.iterdir()) if path.name.startswith((".", "tmp"))]


async def everything_in(store: Store, conversation_id: str) -> tuple[object, ...]:
    documents = [one for site in await store.content.sites() for one in await store.content.documents(site)]
    inbox, audit = await store.handovers.inbox(["*"]), await store.audits("kneecare")
    return documents, inbox, audit, await store.conversations.events(conversation_id)


@pytest.mark.parametrize("change", ["advocate.db", "added", "removed", "digests"])
async def test_a_backup_that_was_changed_is_not_restored(data_dir, tmp_path, change):
    out, changed = tmp_path / "kept.tar.gz", tmp_path / "changed.tar.gz"
    assert (await advocate(data_dir, "backup", out)).status == 0
    with tarfile.open(out) as archive:
        archive.extractall(tmp_path / "inside", filter="data")
    inside = tmp_path / "inside"
    if change == "advocate.db":
        (inside / change).write_bytes((inside / change).read_bytes() + b"x")
    elif change == "added":
        (inside / "sites" / "added").write_text("x")
    elif change == "removed":
        next(path for path in (inside / "sites").rglob("pages.json")).unlink()
    else:
        (inside / keeping.DIGESTS).unlink()
    with tarfile.open(changed, "w:gz") as archive:
        for path in inside.iterdir():
            archive.add(path, path.name)
    done = await advocate(tmp_path / "restored", "restore", changed)
    assert done.status == 2
    assert "not as it was written" in done.err or keeping.DIGESTS in done.err
    assert [one.name for one in (tmp_path / "restored").iterdir()] == []


async def test_what_holds_visitors_words_is_for_its_owner_alone(store, data_dir, tmp_path):
    await say(store, (await start(store)).conversation_id, "My knee is swollen.")
    for suffix in ("", "-wal", "-shm"):
        assert (data_dir / f"advocate.db{suffix}").stat().st_mode & 0o777 == 0o600
    out = tmp_path / "kept.tar.gz"
    assert (await advocate(data_dir, "backup", out)).status == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert (await advocate(tmp_path / "restored", "restore", out)).status == 0
    assert (tmp_path / "restored" / "advocate.db").stat().st_mode & 0o777 == 0o600


async def test_a_backup_made_while_visitors_write_holds_every_log_up_to_a_moment(store, data_dir, tmp_path):
    started = await start(store)

    async def write(stop: threading.Event) -> None:
        own = await open_store(data_dir)  # as another process has its own
        for number in count():
            await say(own, started.conversation_id, f"Message {number}", Label.SMALLTALK)
            if stop.is_set():
                break
        await own.close()

    async with meanwhile(lambda stop: asyncio.run(write(stop))) as writing:
        while not (await store.conversations.events(started.conversation_id) or writing.done()):
            await asyncio.sleep(0.01)
        done = await advocate(data_dir, "backup", tmp_path / "backup.tar.gz")
    assert done.status == 0, done
    assert (await advocate(tmp_path / "fresh", "restore", tmp_path / "backup.tar.gz")).status == 0
    copy = await open_store(tmp_path / "fresh")
    copied, written = await whole_log(copy, started.conversation_id), await whole_log(store, started.conversation_id)
    assert 0 < len(copied) < len(written) and copied == written[: len(copied)]
    assert await copy.check() == []
    await copy.close()


@asynccontextmanager
async def meanwhile(work: Callable[[threading.Event], None]) -> AsyncIterator[asyncio.Task[None]]:
    """Work that goes on in a thread of its own until it is told to stop."""
    stop = threading.Event()
    task = asyncio.create_task(asyncio.to_thread(work, stop))
    try:
        yield task
    finally:
        stop.set()
        await task


async def whole_log(store: Store, conversation_id: str) -> list[Event]:
    return await store.conversations.events(conversation_id, limit=100_000)


@pytest.mark.parametrize("way", ["the folder as it was left", "another folder"])
async def test_what_was_erased_since_the_backup_is_not_restored(store, data_dir, tmp_path, way):
    erased, stays = await claimed(store), await claimed(store)
    await say(store, erased.conversation_id, "Is it cancer?")
    assert (await advocate(data_dir, "backup", tmp_path / "backup.tar.gz")).status == 0
    await store.conversations.erase(erased.conversation_id)
    assert (data_dir / "erased").read_text() == f"{erased.conversation_id}\n"
    assert (data_dir / "erased").stat().st_mode & 0o777 == 0o600
    fresh, told = tmp_path / "fresh", ["--erased-in", data_dir]
    if way == "the folder as it was left":
        fresh.mkdir()
        shutil.copy(data_dir / "erased", fresh)  # the database beside it was lost
        told = []
    done = await advocate(fresh, "restore", tmp_path / "backup.tar.gz", *told)
    assert done.status == 0 and "1 conversations that were erased since" in done.out, done
    assert not [path for path in fresh.rglob("*") if path.is_file() and b"Is it cancer?" in path.read_bytes()]
    copy = await open_store(fresh)
    assert (await copy.conversations.get(erased.conversation_id)).is_erased
    assert not (await copy.conversations.get(stays.conversation_id)).is_erased
    assert await copy.check() == []
    await copy.close()
    assert (fresh / "erased").read_text() == f"{erased.conversation_id}\n"  # for a restore after this one


async def test_a_backup_made_while_builds_are_published_holds_the_build_that_it_calls_current(data_dir, tmp_path):
    builds = builds_of(data_dir, "hipcare")
    manifest = read_manifest(published(builds_of(data_dir)))

    def publish(stop: threading.Event) -> None:
        for number in count():
            aside, build = builds.folder / f".build-{number}", sha256(str(number).encode()).hexdigest()
            aside.mkdir(parents=True)
            (aside / "pages.json").write_text("[]")
            replace(manifest, build=build, files=digest_files(aside)).write(aside)
            aside.rename(builds.path(build))
            builds.publish(build, "test")
            if stop.wait(0.001):
                break

    async with meanwhile(publish) as at_work:
        while not (len(builds.publications()) > 80 or at_work.done()):  # so that more come while these are archived
            await asyncio.sleep(0.01)
        done = await advocate(data_dir, "backup", tmp_path / "backup.tar.gz")
    assert done.status == 0, done
    assert (await advocate(tmp_path / "fresh", "restore", tmp_path / "backup.tar.gz")).status == 0
    restored = builds_of(tmp_path / "fresh", "hipcare")
    assert verify(published(restored)).build == restored.current()


async def test_a_build_that_is_not_finished_is_not_backed_up(data_dir, tmp_path):
    aside = builds_of(data_dir).folder / ".build-half"
    aside.mkdir()
    (aside / "pages.json").write_text('[{"page_')
    assert (await advocate(data_dir, "backup", tmp_path / "backup.tar.gz")).status == 0
    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        names = archive.getnames()
    assert len(names) == len(set(names)) and not [one for one in names if "/." in one]


async def test_a_backup_never_takes_the_place_of_a_file(data_dir, tmp_path):
    (tmp_path / "backup.tar.gz").write_text("the backup of last week")
    done = await advocate(data_dir, "backup", tmp_path / "backup.tar.gz")
    assert_refused(done, str(tmp_path / "backup.tar.gz"), "exists already", "Name a file that does not")
    assert (tmp_path / "backup.tar.gz").read_text() == "the backup of last week"


async def test_a_backup_into_a_folder_that_is_not_there_is_refused(data_dir, tmp_path):
    done = await advocate(data_dir, "backup", tmp_path / "nowhere" / "backup.tar.gz")
    assert_refused(done, str(tmp_path / "nowhere"), "No such file or directory", "Name a file in a folder that exists")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("held", ["advocate.db", "advocate.db-wal", "sites/kneecare/builds/current.json", "models/m"])
async def test_restore_leaves_a_folder_that_holds_something_as_it_is(backup, tmp_path, held):
    (tmp_path / "var" / held).parent.mkdir(parents=True)
    (tmp_path / "var" / held).write_text("somebody's")
    done = await advocate(tmp_path / "var", "restore", backup)
    assert_refused(done, str(tmp_path / "var"), "expected an empty", held.partition("/")[0], "ADVOCATE_DATA_DIR")
    assert files_in(tmp_path / "var") == {held: b"somebody's"}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut to half": lambda whole: whole[: len(whole) // 2],
    "cut by a byte": lambda whole: whole[:-1],
    "one byte changed early": lambda whole: changed(whole, len(whole) // 7),
    "one byte changed in the middle": lambda whole: changed(whole, len(whole) // 2),
    "one byte changed late": lambda whole: changed(whole, len(whole) - 300),
    "another checksum": lambda whole: changed(whole, len(whole) - 8),
    "empty": lambda whole: b"",
}


def changed(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_of_a_damaged_backup_nothing_is_restored(backup, tmp_path, damage):
    damaged, fresh = tmp_path / "damaged.tar.gz", tmp_path / "fresh"
    damaged.write_bytes(DAMAGES[damage](backup.read_bytes()))
    assert_refused(await advocate(fresh, "restore", damaged), str(damaged), "Is it whole", "advocate backup")
    assert list(fresh.iterdir()) == []
    assert damaged.exists()


def archive_of(path: str, words: bytes) -> bytes:
    """A .tar.gz with one file."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        member = tarfile.TarInfo(path)
        member.size = len(words)
        archive.addfile(member, io.BytesIO(words))
    return held.getvalue()


FOREIGN: dict[str, tuple[bytes, str]] = {
    "a text": (b"Dear diary", "Not a gzipped file"),
    "a compressed text": (gzip.compress(b"Dear diary"), "advocate backup"),
    "an archive of something else": (archive_of("photos/knee.jpg", b"..."), "holds no advocate.db"),
    "an archive that climbs out": (archive_of("../escaped", b"..."), "outside the destination"),
}


@pytest.mark.parametrize("kind", FOREIGN)
async def test_a_file_that_is_no_backup_is_not_restored(tmp_path, kind):
    content, words = FOREIGN[kind]
    (tmp_path / "foreign").write_bytes(content)
    done = await advocate(tmp_path / "fresh", "restore", tmp_path / "foreign")
    assert_refused(done, str(tmp_path / "foreign"), words, "made by `advocate backup`?")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["foreign", "fresh"]


async def test_a_backup_that_is_not_there_is_named(tmp_path):
    done = await advocate(tmp_path / "fresh", "restore", tmp_path / "nowhere.tar.gz")
    assert_refused(done, str(tmp_path / "nowhere.tar.gz"), "No such file or directory")


async def test_a_postgresql_database_is_restored_by_its_own_tool(backup, tmp_path, monkeypatch):
    monkeypatch.setenv("ADVOCATE_DATABASE_URL", "postgresql://clinic@localhost/advocate")
    assert_refused(await advocate(tmp_path / "fresh", "restore", backup), "PostgreSQL", "pg_restore")
    assert not (tmp_path / "fresh").exists()


# Purge


async def test_purge_removes_what_rested_so_long_and_nothing_else(data_dir):
    clock = TurnedClock()
    clock.now = datetime.now(UTC) - timedelta(days=40)
    store = await open_store(data_dir, clock=clock)
    old, taken_up, waiting, closed = [await start(store) for _ in range(3)] + [await claimed(store)]
    await say(store, old.conversation_id, "An old secret", Label.SMALLTALK)
    await say(store, waiting.conversation_id, "My knee is swollen.", Label.CLINICAL)
    await store.handovers.step(closed.handover_id, Step.CLOSE, version=2, user=PAT, closure=Closure(Closing.ANSWERED))
    clock.turn(days=11)  # 29 days ago
    await say(store, taken_up.conversation_id, "Me again", Label.SMALLTALK)
    recent = await start(store)
    before = [await store.content.documents("kneecare"), files_in(data_dir / "sites")]

    assert (await advocate(data_dir, "purge", "--older-than-days", "30")).out == "2 conversations removed.\n"
    for gone in (old, closed):
        assert_refused(await advocate(data_dir, "replay", gone.conversation_id), "does not exist, or was purged")
    for kept in (taken_up, waiting, recent):
        assert await store.conversations.get(kept.conversation_id)
    assert [one.conversation_id for one in await store.handovers.inbox(["*"])] == [waiting.conversation_id]
    assert [await store.content.documents("kneecare"), files_in(data_dir / "sites")] == before
    assert await store.check() == []
    await store.close()
    assert not [path.name for path in data_dir.glob("advocate.db*") if b"An old secret" in path.read_bytes()]


async def test_purge_keeps_to_the_site_it_is_given(data_dir):
    clock = TurnedClock()  # months ago
    store = await open_store(data_dir, clock=clock)
    here, elsewhere = await start(store), await start(store, site="hipcare")
    done = await advocate(data_dir, "purge", "--older-than-days", "1", "--site", "kneecar")
    assert_refused(done, "no site 'kneecar'", "nothing was removed", "Known: ", "kneecare")
    assert await store.conversations.get(here.conversation_id)
    done = await advocate(data_dir, "purge", "--older-than-days", "1", "--site", "kneecare")
    assert done.out == "1 conversations removed.\n"
    assert await store.conversations.get(elsewhere.conversation_id)
    await store.close()


@pytest.mark.parametrize("days", ["0", "-1", "1000000", "999999999999", "many"])
async def test_purge_takes_no_number_of_days_that_makes_no_sense(data_dir, days):
    done = await advocate(data_dir, "purge", "--older-than-days", days)
    assert done.status == 2 and "--older-than-days" in done.err and "Traceback" not in done.err


# Diff


async def test_diff_shows_the_words_that_would_change(store, data_dir, monkeypatch):
    monkeypatch.setattr(publishing, "load_build", Opened.build)
    assert (await advocate(data_dir, "diff")).out == "The draft's text is the published text.\n"
    await change_words(store, *NEW_WORDS)
    lines = (await advocate(data_dir, "diff")).out.splitlines()
    assert lines[:2] == [f"--- {PAGE} (published)", f"+++ {PAGE} (draft)"]
    [taken], [given] = ([one for one in lines[2:] if one.startswith(sign)] for sign in "-+")
    assert NEW_WORDS[0] in taken and taken[1:].replace(*NEW_WORDS) == given[1:]


async def test_diff_of_a_site_without_pages_says_how_to_bring_one_in(data_dir):
    assert_refused(await advocate(data_dir, "diff", "--site", "nowhere"), "'nowhere' has no pages", "advocate import")


# Replay


class Reopened:
    """Stands for the assistants: opens a build's folder as `Opened` does, and notes what it is asked."""

    asked: list[tuple[str, tuple[str, ...]]]
    withheld: Mapping[str, str | None]

    def __init__(self, _data_dir: Path, _sites: object) -> None:
        Reopened.asked = []

    def open_build(self, folder: Path) -> Noted:
        verify(folder)
        return Noted.build(folder)


class Noted(Opened):
    """Quotes what a visitor chose, too."""

    def reply(
        self,
        text: str,
        history: Sequence[str] = (),
        *,
        settled: bool = False,
        language: str = "en",
        day: date | None = None,
    ) -> Reply:
        Reopened.asked.append((text, tuple(history)))
        return super().reply(text, language=language)

    def day_of(self, at: datetime) -> date:
        return at.date()

    def withhold(self, passages: Mapping[str, str | None]) -> None:
        Reopened.withheld = dict(passages)

    def choose(self, passage_id: str, *, language: str = "en", day: date | None = None) -> Reply:
        [question] = [one.question for page in self.pages for one in page.passages if one.passage_id == passage_id]
        return super().reply(question or "", language=language)


@pytest.fixture
def reopened(monkeypatch: pytest.MonkeyPatch) -> type[Reopened]:
    monkeypatch.setattr(keeping, "Assistants", Reopened)
    return Reopened


async def hear(store: Store, data_dir: Path, conversation_id: str, words: str, choose: str | None = None) -> None:
    """The visitor says something, or taps the heading of a passage, and gets the current build's reply."""
    path = published(builds_of(data_dir))
    decided = Noted.build(path).choose(choose) if choose else Opened.build(path).reply(words)
    message = VisitorMessage(words, f"the key of {words}", choose)
    await store.conversations.receive(conversation_id, message, replace(decided, build=path.name))


async def test_replay_says_of_each_message_whether_its_own_build_decides_it_the_same(
    store, data_dir, reopened, monkeypatch
):
    started, new_words = await start(store), NEW_WORDS[1]
    first = published(builds_of(data_dir)).name
    for words in (QUESTION, new_words):
        await hear(store, data_dir, started.conversation_id, words)
    await change_words(store, *NEW_WORDS)
    builder = Builder(store, data_dir, "stand-in")
    second = builder.builds("kneecare").publish(await builder.make("kneecare"), "test").build
    await hear(store, data_dir, started.conversation_id, f"{new_words}?")
    done = await advocate(data_dir, "replay", started.conversation_id)
    assert done.out.splitlines() == [
        f"message 1: answer on build {first[:12]}: same",
        f"message 3: out_of_kb on build {first[:12]}: same",
        f"message 5: answer on build {second[:12]}: same",
    ]
    assert done.status == 0

    # A change to the code: now nothing is found any more.
    monkeypatch.setattr(Noted, "reply", lambda self, *_, **__: Opened.reply(self, "nowhere on the page"))
    done = await advocate(data_dir, "replay", started.conversation_id)
    assert [line.split()[-1] for line in done.out.splitlines()] == ["DIFFERS", "same", "DIFFERS"]
    assert done.status == 1


async def test_replay_gives_each_message_the_history_it_had(store, data_dir, reopened):
    conversation_id = (await start(store)).conversation_id
    by_rules = replace(reply_of(Label.HUMAN), build="")
    received = await store.conversations.receive(conversation_id, VisitorMessage("A person, please.", "key"), by_rules)
    await store.handovers.step(received.handover_id, Step.CLAIM, version=1, user=PAT)
    await say(store, conversation_id, "My knee is warm.")  # to the advocate, who alone answers
    await store.handovers.step(received.handover_id, Step.CLOSE, version=2, user=PAT, closure=Closure(Closing.ANSWERED))
    await hear(store, data_dir, conversation_id, QUESTION, choose=NEEDLES)
    for number in range(5):
        await hear(store, data_dir, conversation_id, f"Is it\x07 safe, {number}?")

    done = await advocate(data_dir, "replay", conversation_id)
    assert [line.split()[-1] for line in done.out.splitlines()] == ["same"] * 6, done
    # As the desk gave them: the last six whoever answered, without control characters. A choice is not read as typed.
    said = ["A person, please.", "My knee is warm.", QUESTION, *(f"Is it safe, {number}?" for number in range(5))]
    assert reopened.asked == [(said[at], tuple(said[max(0, at - 6) : at])) for at in range(3, 8)]
    assert reopened.withheld == {}  # then; what was withheld later changes nothing
    held = {NEEDLES: {"page": "knees", "may": None, "was": "0" * 64}}
    await store.content.save("kneecare", "withheld", held, author="test", reason="test")
    await hear(store, data_dir, conversation_id, "And then?")
    await advocate(data_dir, "replay", conversation_id)
    assert reopened.withheld == {NEEDLES: None}


async def test_replay_decides_a_conversation_to_its_end_however_long(store, data_dir, reopened):
    started = await start(store)
    lines = [NewEvent(Kind.MESSAGE, Author.SYSTEM, {"text": "Still here?"})] * 600
    await store.database.write(lambda tx: append(tx, lock(tx, started.conversation_id), lines))
    await hear(store, data_dir, started.conversation_id, QUESTION)
    done = await advocate(data_dir, "replay", started.conversation_id)
    assert done.out.startswith("message 601: answer on build") and done.status == 0


async def test_replay_says_what_is_missing(store, data_dir, reopened):
    assert_refused(await advocate(data_dir, "replay", "0" * 32), "does not exist, or was purged", "inbox")
    started = await start(store)
    await hear(store, data_dir, started.conversation_id, QUESTION)
    current = published(builds_of(data_dir))
    shutil.move(current, current.with_name("elsewhere"))
    done = await advocate(data_dir, "replay", started.conversation_id)
    assert_refused(done, str(current), "no readable manifest", "advocate build")
    await store.conversations.erase(started.conversation_id)
    done = await advocate(data_dir, "replay", started.conversation_id)
    assert (done.status, done.out) == (0, "No message of it was decided by a build.\n")


# Verify and export


async def test_verify_names_the_file_that_was_altered(data_dir):
    done = await advocate(data_dir, "verify")
    assert (done.status, done.out) == (0, "Everything is as it was written.\n")
    page = published(builds_of(data_dir)) / "pages.json"
    page.write_bytes(page.read_bytes().replace(b"3 different agents", b"9 different agents"))
    done = await advocate(data_dir, "verify")
    assert done.status == 1 and done.out.count("\n") == 1
    for words in (str(page), "expected sha256", "found", "advocate build"):
        assert words in done.out


async def test_verify_names_the_model_that_was_altered(data_dir):
    model = data_dir / "models" / "stand-in" / "model.onnx"
    model.write_text("another one")
    done = await advocate(data_dir, "verify")
    assert done.status == 1 and done.out.startswith(f"{model}: altered since it was exported.")


async def test_verify_names_the_vectors_that_were_altered(data_dir):
    path = vectors_file(data_dir / "models", "0" * 64)
    cache = VectorCache(path)
    cache.add(["one", "two"], np.ones((2, 3), dtype=np.float32))
    cache.save()
    assert (await advocate(data_dir, "verify")).status == 0
    altered = bytearray(path.read_bytes())
    altered[-2] ^= 1
    path.write_bytes(altered)
    done = await advocate(data_dir, "verify")
    assert done.status == 1 and done.out.startswith(f"{path}: 1 of 2 vectors are not as they were written.")
    path.write_bytes(b"something else")
    assert "is no file of vectors" in (await advocate(data_dir, "verify")).out


async def test_verify_names_a_build_whose_manifest_cannot_be_read_and_a_pointer_to_nothing(data_dir):
    builds = builds_of(data_dir)
    current = published(builds)
    (current / "manifest.json").write_text("{")
    done = await advocate(data_dir, "verify")
    assert done.status == 1 and done.out.startswith(str(current)) and "manifest" in done.out
    shutil.move(current, current.with_name("moved"))
    done = await advocate(data_dir, "verify")
    assert done.status == 1 and done.out.startswith(str(current)) and "advocate rollback" in done.out


async def test_verify_finds_what_was_changed_in_the_audit_log(store, data_dir):
    await claimed(store)
    for statement in ("DROP TRIGGER audit_refuses_update", "UPDATE audit SET actor = 'x' WHERE number = 2"):
        await store.database.write(lambda tx, statement=statement: tx.run(text(statement)))
    done = await advocate(data_dir, "verify")
    assert done.status == 1 and "audit of kneecare, entry 2: was altered\n" in done.out


async def test_an_export_is_a_folder_that_reads_back_as_the_same_site(store, data_dir, tmp_path):
    await change_words(store, *NEW_WORDS)
    choices = [
        {"id": "what-it-is", "passages": ["p-e73b9088461f", "p-long-gone"]},
        {"id": "who-it-suits", "passages": []},
    ]
    await store.content.save("kneecare", "asks", choices, author="test", reason="test")
    done = await advocate(data_dir, "export", tmp_path / "out")
    assert done.status == 0 and "1 pages" in done.out and str(tmp_path / "out") in done.out
    exported = load_content(tmp_path / "out")
    builder = Builder(store, data_dir, "stand-in")
    assert exported == await builder.content("kneecare")
    assert exported.checklist == {"what-it-is": ("p-e73b9088461f",), "who-it-suits": ()}
    first = inputs_of(await builder.recipe("kneecare"), "any")
    await builder.bring_in(load_site(tmp_path / "out"), exported, author="test", reason="brought back")
    assert inputs_of(await builder.recipe("kneecare"), "any") == first  # so it has the same build id
    assert NEW_WORDS[1] in exported.pages[0].text
    assert load_site(tmp_path / "out") == load_site(SITES / "kneecare")


async def test_an_export_writes_over_nothing(data_dir, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "site.toml").write_text("mine")
    assert_refused(
        await advocate(data_dir, "export", tmp_path / "out"), str(tmp_path / "out"), "not empty", "new folder"
    )
    assert files_in(tmp_path / "out") == {"site.toml": b"mine"}
    taken = tmp_path / "out" / "site.toml"
    assert_refused(await advocate(data_dir, "export", taken), str(taken), "a file", "new folder")
