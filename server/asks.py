"""What visitors ask any clinic, as it stands for one site: what a build proposes beside what its editors chose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from index.builds.manifest import BuildRefused
from index.linking import Link, load_links
from kb.asks import load_asks
from kb.checklist import Checklist, as_choices, load_checklist
from kb.content import Content
from kb.lines import ContentError
from server.editing.actors import COMMAND_LINE
from server.editing.saving import STRUCK, Saving
from server.publishing import Publisher

SHOWN = 3  # passages for an ask
WORDS_SHOWN = 76  # characters of a passage in the list


class State(StrEnum):
    """What an editor chose for an ask."""

    UNDECIDED = "undecided"
    ANSWERED = "answered"
    NOT_SAID = "not said"


@dataclass(frozen=True, slots=True)
class AskRow:
    """An ask at one site.

    passages: ids, the chosen ones first, then what the build proposes, three or all chosen; words: of each, the sentence
    nearest to the ask, "" for one that the build did not propose.
    """

    id: str
    title: str
    pack: str
    passages: tuple[str, ...]
    words: tuple[str, ...]
    chosen: tuple[str, ...] | None
    is_likely: bool  # whether the first proposal answers it as likely as not
    is_possible: bool  # whether it may; otherwise it is proposed that the page does not say
    certainty: float

    @property
    def state(self) -> State:
        if self.chosen is None:
            return State.UNDECIDED
        return State.ANSWERED if self.chosen else State.NOT_SAID

    def as_json(self) -> dict[str, object]:
        passages, words = list(self.passages), list(self.words)
        return {"id": self.id, "title": self.title, "passages": passages, "state": str(self.state), "words": words}


def ask_rows(content: Content, links: Sequence[Link], built: Content, struck: Checklist) -> tuple[AskRow, ...]:
    """Every ask of the bank, the undecided before the decided, each part with the least certain first.

    built: the content that the links were made of. struck: passages that an editor said do not answer an ask; neither they nor
    one that an edit removed since are proposed.
    """
    standing = {passage.passage_id for _, passage in content.passages()}
    linked = [passage.passage_id for _, passage in built.passages()]
    texts = [page.text_of(passage) for page, passage in built.passages()]
    by_id = {link.ask_id: link for link in links}
    rows = []
    for ask in load_asks():
        link, chosen = by_id.get(ask.id, Link(ask.id, ask.title, (), None)), content.checklist.get(ask.id)
        offered = standing - {*struck.get(ask.id, ())}
        left = replace(link, best=tuple(one for one in link.best if linked[one[0]] in offered))
        proposed = [linked[position] for position, _ in left.best]
        shown = tuple(dict.fromkeys([*(chosen or ()), *proposed]))[: max(SHOWN, len(chosen or ()))]
        said = {
            linked[at]: texts[at][slice(*span)] for (at, _), span in zip(link.best, link.spans, strict=False) if span
        }
        words = tuple(said.get(one, "") for one in shown)
        sure = left.is_likely, left.is_possible, left.certainty
        rows.append(AskRow(ask.id, ask.title, ask.pack, shown, words, chosen, *sure))
    return tuple(sorted(rows, key=lambda row: (row.chosen is not None, row.certainty)))


async def read_asks(publisher: Publisher, site: str) -> tuple[AskRow, ...]:
    """The asks of a site's latest content, with what its newest build proposes. Raises ContentError, BuildRefused."""
    content = await publisher.content(site)
    newest = publisher.builds(site).newest(1)
    if not newest:
        raise BuildRefused(f"{site} has no build yet, so nothing is proposed. Run `advocate build --site {site}`.")
    links = await asyncio.to_thread(load_links, newest[0])
    built = publisher.built_content(site, newest[0].name)
    struck = await publisher.store.content.latest(site, STRUCK)
    return ask_rows(content, links, built, as_choices(struck.body) if struck else {})


def as_lines(rows: Sequence[AskRow]) -> str:
    """A JSON object a line."""
    return "\n".join(json.dumps(row.as_json(), ensure_ascii=False) for row in rows)


def as_text(rows: Sequence[AskRow], content: Content, site: str) -> str:
    """The asks as a person reads them in a terminal."""
    texts = {one.passage_id: page.text_of(one) for page, one in content.passages()}
    lines = [f"{counts_of(rows)}. Undecided ones first, the least certain at the top."]
    for row in rows:
        guess = " (probably)" if row.is_likely else " (perhaps)" if row.is_possible else " (probably not said)"
        likely = guess if row.chosen is None else ""
        lines += ["", f"{row.state}{likely}: {row.title}  [{row.id}]"]
        lines += [
            f"    {one}  {_shortened(' '.join((words or texts[one]).split()))}"
            for one, words in zip(row.passages, row.words, strict=True)
        ]
    take = 'lines of {"id", "passages": [ids that answer it] or []}'
    lines += ["", f"Choose in the editor, or `advocate asks --site {site} --take FILE` with {take}."]
    return "\n".join(lines)


def counts_of(rows: Sequence[AskRow]) -> str:
    """How many are in each state, in words."""
    counts = {
        state: sum(row.state is state for row in rows) for state in (State.ANSWERED, State.NOT_SAID, State.UNDECIDED)
    }
    return ", ".join(f"{count} {state}" for state, count in counts.items())


async def take_choices(saving: Saving, publisher: Publisher, site: str, file: Path) -> str:
    """Save the choices of a file as one revision; what is not in it stays as it is. Says what that makes.

    Other keys of a line are not read. Raises ContentError at the first line that cannot be taken; then nothing is saved.
    """
    if not file.is_file():
        raise ContentError(f'{file}: no such file. Give one with lines of {{"id", "passages"}}.')
    content = await publisher.content(site)
    taken = load_checklist(file, {passage.passage_id for _, passage in content.passages()})

    def edit(choices: Checklist) -> Checklist:
        return {**choices, **taken}

    reason = f"Took {len(taken)} choices from {file.name}"
    await saving.checklist(site, edit, by=COMMAND_LINE, reason=reason)
    answered = sum(bool(passages) for passages in taken.values())
    open_ = len(load_asks()) - len((await publisher.content(site)).checklist)
    return (
        f"{len(taken)} taken: {answered} answered, {len(taken) - answered} not said. {open_} are still undecided. "
        f"`advocate build --site {site} --publish` brings them to visitors."
    )


def _shortened(words: str) -> str:
    return words if len(words) <= WORDS_SHOWN else f"{words[: WORDS_SHOWN - 1].rstrip()}…"
