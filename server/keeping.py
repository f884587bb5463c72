"""Keeps an installation: a backup in one file, its restoring, and the replay of what was once decided."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.publish import Builds
from kb.errors import AdvocateError
from server.assistant import Assistants
from server.settings import Settings

if TYPE_CHECKING:
    from server.storage.store import Store

DATABASE = "advocate.db"
HISTORY = 6  # earlier visitor messages a decision is given, as `Desk.receive` gives them


class KeepingRefused(AdvocateError):
    """A backup that cannot be made or restored as asked; nothing was changed."""


async def back_up(store: Store, settings: Settings, out: Path) -> str:
    """Write the database and every build to one new .tar.gz, while the server runs. Raises KeepingRefused."""
    if out.exists():
        raise KeepingRefused(f"{out}: exists already. Name a file that does not.")
    with tempfile.TemporaryDirectory(dir=out.resolve().parent) as aside:
        copy = Path(aside) / DATABASE
        await store.backup(copy)
        whole = Path(aside) / "backup.tar.gz"
        with tarfile.open(whole, "w:gz", compresslevel=3) as archive:
            archive.add(copy, DATABASE)
            for name in ("sites", "models"):
                if (settings.data_dir / name).is_dir():
                    archive.add((settings.data_dir / name).resolve(), name)
        whole.rename(out)
    size = out.stat().st_size // 1_000_000
    return f"Backed up to {out} ({size} MB). Keep it as safe as the data folder: it holds visitors' words."


def restore(backup: Path, settings: Settings) -> str:
    """Unpack a backup into a data folder that holds none yet. Raises KeepingRefused."""
    if settings.database_url:
        raise KeepingRefused("The database is PostgreSQL: restore it with pg_restore.")
    if (settings.data_dir / DATABASE).exists():
        raise KeepingRefused(
            f"{settings.data_dir}: holds a database already. Name another folder with ADVOCATE_DATA_DIR."
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".restore-", dir=settings.data_dir))
    try:
        with tarfile.open(backup) as archive:
            archive.extractall(aside, filter="data")
        if not (aside / DATABASE).is_file():
            raise KeepingRefused(f"{backup}: holds no {DATABASE}. Was it made by `advocate backup`?")
        for path in (
            aside / "models",
            aside / "sites",
            aside / DATABASE,
        ):  # the database last: only then is it restored
            if path.exists() and not (settings.data_dir / path.name).exists():
                path.rename(settings.data_dir / path.name)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise KeepingRefused(
            f"{backup}: cannot be unpacked ({error}). Is it whole, and made by `advocate backup`?"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return f"Restored into {settings.data_dir}. `advocate verify` checks every file and the audit log."


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
    events = await store.conversations.events(conversation_id)
    builds = Builds(settings.data_dir / "sites" / conversation.site / "builds")
    assistants = Assistants(settings.data_dir, {})
    replayed: list[Replayed] = []
    said: list[str] = []
    for event, body in _turns(events):
        assistant = assistants.open_build(builds.path(body["build"]))
        again = assistant.reply(event.body["text"], said[-HISTORY:], language=conversation.language).as_json()
        is_same = all(again[name] == body[name] for name in ("label", "quotes", "note"))
        replayed.append(Replayed(event.seq, body["build"], body["label"], is_same))
        said.append(event.body["text"])
    return replayed


def _turns(events: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each visitor's message with the reply it got, where a build decided it."""
    for event, following in pairwise(events):
        reply = following.body.get("reply") if event.author == "visitor" and event.kind == "message" else None
        if reply and reply.get("build"):
            yield event, reply
