"""Small sources of every kind that clinics have, read whole: each passage, each heading, and everything left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kb.importing.coverage import coverage
from kb.reading.sentences import sentence_spans
from kb.shaping.markdown import parse_markdown, render_markdown
from tests.kb.importing.reading import Reading, read_html

DATA = Path(__file__).parents[1] / "data"


def read_markdown(source: str) -> Reading:
    return Reading(parse_markdown(source, page_id="page", where="page.md"))


READERS = {"html": read_html, "markdown": read_markdown}


def sources(kind: str) -> list[Any]:
    found = yaml.safe_load((DATA / f"{kind}.yaml").read_text(encoding="utf-8"))
    return [pytest.param(kind, one, id=f"{kind}: {one['name']}") for one in found]


CORPUS = [one for kind in READERS for one in sources(kind)]


@pytest.mark.parametrize(("kind", "source"), CORPUS)
def test_a_source_is_read_as_a_person_reads_it(kind, source):
    found = READERS[kind](source["source"])
    passages = [{"heading": " › ".join(heading), "text": text} for heading, text in found.passages]
    assert passages == [{**one, "text": one["text"].rstrip("\n")} for one in source["passages"]]
    assert list(found.page.left_out) == source["left_out"]
    assert (found.page.title, found.page.reviewed) == (source["title"], source.get("reviewed"))


@pytest.mark.parametrize(("kind", "source"), CORPUS)
def test_no_passage_only_leads_on_or_asks(kind, source):
    for _, text in READERS[kind](source["source"]).passages:
        assert not text.endswith((":", "?"))


@pytest.mark.parametrize(("kind", "source"), CORPUS)
def test_what_was_read_is_whole_and_is_written_and_read_back_the_same(kind, source):
    page = READERS[kind](source["source"]).page
    assert coverage(page).is_whole
    assert parse_markdown(render_markdown(page), page_id="page", where="page.md") == page
    for passage in page.passages:
        text = page.text_of(passage)
        assert all(text[start:end] in page.text for start, end in sentence_spans(text))
