"""What visitors ask any clinic: the bank of asks that ships, each with many phrasings, in packs by kind of visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from kb.lines import ContentError, read_lines

ASKS = Path(__file__).parent / "starter" / "asks"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that visitors have of any clinic. `title` is the question as a button or a checklist shows it."""

    id: str
    title: str
    pack: str
    phrasings: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Every way it is asked, the title first."""
        return tuple(dict.fromkeys([self.title, *self.phrasings]))


@lru_cache(maxsize=2)
def load_asks(folder: Path = ASKS) -> tuple[Ask, ...]:
    """The bank, pack by pack in the order of their names. Raises ContentError for a line that is no ask or an id twice."""
    asks: dict[str, Ask] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line, where in read_lines(path):
            ask = _ask(line, path.stem, where)
            if ask.id in asks:
                raise ContentError(f"{where}: {ask.id} is also in pack {asks[ask.id].pack}. Give one another id.")
            asks[ask.id] = ask
    return tuple(asks.values())


@lru_cache(maxsize=1)
def asks_version() -> str:
    """sha256 over the names and bytes of the bank's files."""
    digest = sha256()
    for path in sorted(ASKS.glob("*.jsonl")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _ask(line: Mapping[str, Any], pack: str, where: str) -> Ask:
    identity, title, phrasings = line.get("id"), line.get("title"), line.get("phrasings")
    is_whole = isinstance(identity, str) and isinstance(title, str) and isinstance(phrasings, list)
    if not is_whole or not all(isinstance(one, str) and one.strip() for one in [identity, title, *(phrasings or ())]):
        raise ContentError(f'{where}: an ask needs "id", "title" and a list of "phrasings", none of them empty.')
    return Ask(str(identity), str(title), pack, tuple(phrasings or ()))
