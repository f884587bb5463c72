"""What visitors ask, at one site: listed with the passages that would answer, and an editor's choices taken from a file."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from index.linking import LIKELY, Link
from kb.asks import load_asks
from kb.content import Content, load_content
from server.asks import State, ask_rows
from server.settings import Settings
from server.storage import Store
from tests.server.test_keeping import advocate, assert_refused, data_dir, installation  # noqa: F401
from tests.server.web.editor.test_pages import DAY, NEEDLES

COUNT = len(load_asks())


@pytest.fixture
def content(tmp_path) -> Content:
    (tmp_path / "faq.csv").write_text("id,question,answer\na,A?,One.\nb,B?,Two.\nc,C?,Three.\nd,D?,Four.\n")
    return load_content(tmp_path)


def links(**best: tuple[float, ...]) -> list[Link]:
    """Every ask, linked by default to the first three passages with no score at all; `_` stands for `-` in a name."""
    scores = {name.replace("_", "-"): some for name, some in best.items()}
    return [Link(ask.id, ask.title, (*enumerate(scores.get(ask.id, (-1.0, -1.0, -1.0))),), None) for ask in load_asks()]


def test_the_least_certain_come_first_and_the_decided_last(content):
    chosen = Content(content.pages, checklist={"what-it-is": ("faq-d", "faq-b"), "who-it-suits": ()})
    near, clear = (LIKELY + 0.01, 0.0, 0.0), (LIKELY + 0.3, 0.0, 0.0)
    some = links(age_limits=clear, alternatives=near)
    some = [replace(one, spans=((0, 4), (0, 3), None)) if one.ask_id == "alternatives" else one for one in some]
    rows = ask_rows(chosen, some, content, {})
    assert (len(rows), [row.id for row in rows[:2]]) == (COUNT, ["alternatives", "age-limits"])
    assert rows[0].as_json() == {
        "id": "alternatives",
        "title": "What are the alternatives?",
        "passages": ["faq-a", "faq-b", "faq-c"],
        "state": "undecided",
        "words": ["One.", "Two", ""],
    }
    decided = {row.id: (row.state, row.passages) for row in rows[-2:]}
    assert decided == {
        "what-it-is": (State.ANSWERED, ("faq-d", "faq-b", "faq-a")),  # the chosen ones first
        "who-it-suits": (State.NOT_SAID, ("faq-a", "faq-b", "faq-c")),
    }


def test_a_struck_passage_and_one_that_is_gone_are_proposed_no_more(content):
    some = links(alternatives=(LIKELY + 0.2, LIKELY + 0.1, 0.0), age_limits=(LIKELY + 0.2, 0.0, 0.0))
    struck = {"alternatives": ("faq-a",), "age-limits": ("faq-a",)}
    left = [
        replace(page, passages=tuple(p for p in page.passages if p.passage_id != "faq-c")) for page in content.pages
    ]
    rows = {row.id: row for row in ask_rows(Content(tuple(left)), some, content, struck)}
    assert (rows["alternatives"].passages, rows["alternatives"].is_likely) == (("faq-b",), True)
    assert (rows["age-limits"].passages, rows["age-limits"].is_likely) == (("faq-b",), False)


async def test_the_list_is_json_by_line_with_three_passages_each(data_dir):  # noqa: F811
    done = await advocate(data_dir, "asks", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert (done.status, len(lines)) == (0, COUNT)
    assert all([*one] == ["id", "title", "passages", "state", "words"] and len(one["passages"]) == 3 for one in lines)
    assert {one["state"] for one in lines} == {"undecided"}


async def test_choices_are_taken_from_a_file_and_what_it_leaves_out_stays(data_dir, tmp_path):  # noqa: F811
    first = take(tmp_path, {"id": "alternatives", "passages": [DAY]}, {"id": "age-limits", "passages": []})
    assert (await advocate(data_dir, "asks", "--take", first)).status == 0
    second = take(
        tmp_path, {"id": "alternatives", "passages": [NEEDLES, DAY]}, {"id": "need-referral", "passages": "none"}
    )
    done = await advocate(data_dir, "asks", "--site", "kneecare", "--take", second)
    assert f"2 taken: 1 answered, 1 not said. {COUNT - 3} are still undecided." in done.out
    assert "advocate build --site kneecare" in done.out
    listed = (await advocate(data_dir, "asks")).out
    assert listed.startswith(f"1 answered, 2 not said, {COUNT - 3} undecided.")
    decided = listed[listed.index("answered: What are the alternatives?") :]
    assert decided.index(NEEDLES) < decided.index(DAY)
    assert "not said: Is there an age limit?" in listed
    assert [one.reason for one in await revisions(data_dir)] == [f"Took 2 choices from {second.name}"] * 2


async def test_a_file_with_a_line_that_cannot_be_taken_changes_nothing(data_dir, tmp_path):  # noqa: F811
    file = take(tmp_path, {"id": "alternatives", "passages": [DAY]}, {"id": "age-limits", "passages": ["p-nowhere"]})
    assert_refused(await advocate(data_dir, "asks", "--take", file), "line 2", "p-nowhere", "advocate asks --json")
    assert_refused(await advocate(data_dir, "asks", "--take", tmp_path / "no.jsonl"), "no.jsonl", "no such file")
    assert [one.body for one in await revisions(data_dir)] == [[]]  # as it was seeded


def take(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "choices.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


async def revisions(data_dir: Path):  # noqa: F811
    """Of the site's checklist, newest first, the seeded one left out unless it is alone."""
    store = await Store.open(Settings(data_dir=data_dir).database)
    history = await store.content.history("kneecare", "asks")
    await store.close()
    await asyncio.sleep(0)
    return history[:-1] or history
