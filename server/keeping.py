"""Keeps an installation: a backup in one file, its restoring, and the replay of what was once decided."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from index.builds.layout import CURRENT, MODELS_FOLDER, SITES_FOLDER, pointers
from index.builds.publish import Builds
from kb.errors import AdvocateError
from server.answers.assistants import Assistants
from server.core.editing.withheld import held_of
from server.core.typed import HEARD, judged
from server.editing.saving import WITHHELD
from server.settings import Settings
from server.storage.database.engine import PRIVATE
from server.storage.store import Store
from server.storage.talks.erased import ErasedList
from server.storage.talks.events import Event, is_settled_by

if TYPE_CHECKING:
    from server.core.reply import Reply

DATABASE = "advocate.db"
DIGESTS = "digests.json"  # the sha256 of every other file of a backup, by its name there
FOLDERS = (MODELS_FOLDER, SITES_FOLDER)


class KeepingRefused(AdvocateError):
    """A backup that cannot be made or restored as asked; nothing was changed."""


async def back_up(store: Store, settings: Settings, out: Path) -> str:
    """Write the database and every build to one new .tar.gz, while the server runs. Raises KeepingRefused."""
    if out.exists():
        raise KeepingRefused(f"{out}: exists already. Name a file that does not.")
    try:
        with tempfile.TemporaryDirectory(dir=out.resolve().parent) as aside:
            copy = Path(aside) / DATABASE
            await store.backup(copy)
            whole = Path(aside) / "backup.tar.gz"
            digests: dict[str, str] = {}
            with tarfile.open(whole, "w:gz", compresslevel=3) as archive:
                _add(archive, copy, DATABASE, digests)
                # The pointers before the builds: what one points to is there, whatever is published meanwhile.
                for pointer in pointers(settings.data_dir):
                    _add(archive, pointer, str(pointer.relative_to(settings.data_dir)), digests)
                for name in FOLDERS:
                    if (settings.data_dir / name).is_dir():
                        _add(archive, (settings.data_dir / name).resolve(), name, digests)
                told = json.dumps(digests, indent=1).encode()
                member = tarfile.TarInfo(DIGESTS)
                member.size = len(told)
                archive.addfile(member, io.BytesIO(told))
            whole.chmod(PRIVATE)
            whole.rename(out)
    except OSError as error:
        raise KeepingRefused(
            f"{out}: the backup could not be written ({error}). Name a file in a folder that exists and has room, "
            "and run `advocate backup` again."
        ) from error
    size = out.stat().st_size // 1_000_000
    return f"Backed up to {out} ({size} MB). Keep it as safe as the data folder: it holds visitors' words."


def restore(backup: Path, settings: Settings, *, beside: Path | None = None) -> str:
    """Unpack a backup into a data folder that holds none yet, without what was erased since. Raises KeepingRefused.

    beside: the folder whose list of erasures counts, besides the one that the data folder still holds.
    """
    if settings.database_url:
        raise KeepingRefused(
            "The database is PostgreSQL: restore it with pg_restore, then run `advocate restore` without a file. "
            "Servers with an empty data folder fetch its builds."
        )
    # A log left behind counts too: SQLite would replay it over the restored database.
    held = [name for name in (DATABASE, f"{DATABASE}-wal", *FOLDERS) if (settings.data_dir / name).exists()]
    if held:
        raise KeepingRefused(
            f"{settings.data_dir}: expected an empty data folder, but it holds {' and '.join(held)} already. "
            "Name another folder with ADVOCATE_DATA_DIR."
        )
    aside = None
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".restore-", dir=settings.data_dir))
        with gzip.open(backup) as whole:
            with tarfile.open(fileobj=whole, mode="r:") as archive:
                archive.extractall(aside, filter="data")
            while whole.read(1 << 20):  # to the end, where gzip's checksum stands: tarfile stops before it
                pass
        if not (aside / DATABASE).is_file():
            raise KeepingRefused(f"{backup}: holds no {DATABASE}. Was it made by `advocate backup`?")
        _check_digests(backup, aside)
        (aside / DATABASE).chmod(PRIVATE)
        erased = _erased_since(settings.data_dir, beside)
        again = asyncio.run(_erase_again(aside / DATABASE, erased)) if erased else 0
        for name in (*FOLDERS, DATABASE):  # the database last: only then is it restored
            if (aside / name).exists():
                (aside / name).rename(settings.data_dir / name)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise KeepingRefused(
            f"{backup}: cannot be unpacked into {settings.data_dir} ({error}). "
            "Is it whole, and made by `advocate backup`? Is there room?"
        ) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
    told = f"{again} conversations that were erased since were erased again. " if again else ""
    return f"Restored into {settings.data_dir}. {told}`advocate verify` checks every file and the audit log."


def erase_after_pg_restore(settings: Settings, *, beside: Path | None = None) -> str:
    """Erase again what PostgreSQL's dump brought back, by this data folder's list and another's. Raises KeepingRefused."""
    if not settings.database_url:
        raise KeepingRefused("Name the backup to restore: `advocate restore FILE`.")

    async def erase() -> int:
        store = await Store.open(settings.database, data_dir=settings.data_dir)
        try:
            return await store.conversations.erase_again(_erased_since(settings.data_dir, beside))
        finally:
            await store.close()

    return f"{asyncio.run(erase())} conversations that were erased since were erased again."


def _erased_since(data_dir: Path, beside: Path | None) -> list[str]:
    """Ids in the lists of both folders; the data folder's holds all of them from now on. Raises KeepingRefused."""
    if beside is not None and not beside.is_dir():
        raise KeepingRefused(f"{beside}: no such folder. Name the data folder whose list of erasures counts too.")
    kept = ErasedList(data_dir)
    for one in set(ErasedList(beside).ids() if beside else ()) - set(kept.ids()):
        kept.add(one)
    return kept.ids()


async def _erase_again(database: Path, ids: list[str]) -> int:
    """Erase what was erased after the backup was made, before anybody can read it. Returns how many."""
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    try:
        erased = await store.conversations.erase_again(ids)
        await store.conversations.finish_erasing()
    finally:
        await store.close()
    return erased


@dataclass(frozen=True, slots=True)
class Replayed:
    """A turn decided again on the build that decided it."""

    seq: int
    build: str
    label: str
    is_same: bool

    def __str__(self) -> str:
        return f"message {self.seq}: {self.label} on build {self.build[:12]}: {'same' if self.is_same else 'DIFFERS'}"


async def replay(store: Store, settings: Settings, conversation_id: str) -> list[Replayed]:
    """Decide a conversation's messages again, each on its own build. Raises NotFound, or BuildRefused for one that is gone."""
    conversation = await store.conversations.get(conversation_id)
    builds = Builds.of(settings.data_dir, conversation.site)
    assistants = Assistants(settings.data_dir, {})
    replayed: list[Replayed] = []
    said: list[str] = []
    changes = await store.content.history(conversation.site, WITHHELD)  # newest first
    for event, reply, settled in _turns(await _events(store, conversation_id)):
        text = judged(event.body["text"])
        if reply is not None and reply.build:
            assistant = assistants.open_build(builds.path(reply.build))
            held = next((one.body for one in changes if one.at <= event.at), None)
            assistant.withhold({passage_id: one.may for passage_id, one in held_of(held).items()})
            day = assistant.day_of(event.at)
            if chosen := event.body.get("choose"):
                again = assistant.choose(chosen, language=conversation.language, day=day)
            else:
                again = assistant.reply(text, said[-HEARD:], settled=settled, language=conversation.language, day=day)
            is_same = (again.label, again.quotes, again.note) == (reply.label, reply.quotes, reply.note)
            replayed.append(Replayed(event.seq, reply.build, reply.label, is_same))
        said.append(text)
    return replayed


async def _events(store: Store, conversation_id: str) -> list[Event]:
    """The whole log, however long."""
    events: list[Event] = []
    while more := await store.conversations.events(conversation_id, after=events[-1].seq if events else 0):
        events.extend(more)
    return events


def _turns(events: list[Event]) -> Iterator[tuple[Event, Reply | None, bool]]:
    """Each visitor's message with the reply it got, and whether a person had dealt with all before it.

    An advocate's visitor gets no reply. The last event has none either.
    """
    settled = False
    for event, following in pairwise(events):
        settled = settled or is_settled_by(event)
        if event.author == "visitor" and event.kind == "message":
            yield event, None if following.author == "advocate" else following.reply, settled
            settled = False


def _check_digests(backup: Path, folder: Path) -> None:
    """Raises KeepingRefused unless the folder holds the files of the backup, each as it was written, and no other."""
    try:
        expected = json.loads((folder / DIGESTS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise KeepingRefused(f"{backup}: holds no readable {DIGESTS}. Was it made by this `advocate backup`?") from None
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path != folder / DIGESTS:
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = file_digest(file, "sha256").hexdigest()
    wrong = sorted({name for name, _ in found.items() ^ expected.items()})
    if wrong:
        raise KeepingRefused(
            f"{backup}: {wrong[0]} is not as it was written ({len(wrong)} such files). Nothing was restored: take another."
        )


def _add(archive: tarfile.TarFile, path: Path, name: str, digests: dict[str, str]) -> None:
    """Add a file or a folder, without the pointers. A dot begins the name of what is still being made, and may vanish."""
    if path.is_file() and not path.is_symlink():
        with path.open("rb") as file:  # opened once: a file that is replaced meanwhile has the size that is written
            member = archive.gettarinfo(arcname=name, fileobj=file)
            watched = _Watched(file)
            archive.addfile(member, watched)
            digests[name] = watched.digest.hexdigest()
        return
    archive.add(path, name, recursive=False)
    if path.is_dir() and not path.is_symlink():
        for inner in sorted(path.iterdir()):
            if not inner.name.startswith(".") and inner.name != CURRENT:
                _add(archive, inner, f"{name}/{inner.name}", digests)


class _Watched(io.RawIOBase):
    """A file whose digest is of the very bytes that were read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        read = self._file.read(size)
        self.digest.update(read)
        return read
