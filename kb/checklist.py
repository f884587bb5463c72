"""A site's checklist: for each ask an editor looked at, the passages that answer it, or none where the page does not say.

An ask that is not in it is undecided. Beside pages and phrasings it is content: kept in revisions, built, exported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from kb.asks import load_asks
from kb.lines import ContentError, read_lines

Checklist: TypeAlias = Mapping[str, tuple[str, ...]]
NONE = "none"  # may stand for an empty list of passages


def load_checklist(path: Path, passage_ids: Collection[str]) -> Checklist:
    """The choices of a file of lines {"id", "passages": [ids]}; a file that is not there has none.

    An empty list, or "none", says that the page does not say. Raises ContentError for a line that is no choice, an ask or
    a passage that is not known, and an ask chosen for twice.
    """
    known = {ask.id for ask in load_asks()}
    choices: dict[str, tuple[str, ...]] = {}
    for line, where in read_lines(path):
        ask_id, passages = _choice(line, where)
        if ask_id not in known:
            raise ContentError(f"{where}: there is no ask {ask_id!r}. `advocate asks` lists those there are.")
        if ask_id in choices:
            raise ContentError(f"{where}: {ask_id} was chosen for in an earlier line. Keep one of the two.")
        unknown = next((one for one in passages if one not in passage_ids), None)
        if unknown is not None:
            raise ContentError(
                f"{where}: there is no passage {unknown!r}. `advocate asks --json` and `advocate export` give their ids."
            )
        choices[ask_id] = passages
    return choices


def standing_choices(lines: Iterable[Mapping[str, Any]], passage_ids: Collection[str]) -> Checklist:
    """The kept choices that still hold: without passages that an edit removed, and without asks that are left with none
    of theirs, or that the bank has no more. Lines as of `as_lines`."""
    known = {ask.id for ask in load_asks()}
    choices: dict[str, tuple[str, ...]] = {}
    for ask_id, passages in as_choices(lines).items():
        left = tuple(one for one in passages if one in passage_ids)
        if ask_id in known and (left or not passages):
            choices[ask_id] = left
    return choices


def as_lines(checklist: Checklist) -> list[dict[str, Any]]:
    """The choices as JSON, by the asks' ids."""
    return [{"id": ask_id, "passages": list(passages)} for ask_id, passages in sorted(checklist.items())]


def as_choices(lines: Iterable[Mapping[str, Any]]) -> Checklist:
    """The choices that `as_lines` wrote, as they are."""
    return {line["id"]: tuple(line["passages"]) for line in lines}


def _choice(line: Mapping[str, Any], where: str) -> tuple[str, tuple[str, ...]]:
    ask_id, passages = line.get("id"), line.get("passages")
    if passages == NONE:
        passages = []
    if not isinstance(ask_id, str) or not isinstance(passages, list):
        raise ContentError(f'{where}: a choice needs the "id" of an ask and a list of "passages", [] for none of them.')
    if not all(isinstance(one, str) for one in passages):
        raise ContentError(f'{where}: "passages" should hold ids of passages, each in quotation marks.')
    return ask_id, tuple(dict.fromkeys(passages))
