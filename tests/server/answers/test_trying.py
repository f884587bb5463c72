"""A sentence is changed at a real site: tried before it is saved, and made ready, each within seconds of one core."""

from __future__ import annotations

import resource
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from index.builds.withheld import write_withheld
from index.model import DEFAULT_MODEL
from kb.content import Content, Phrasing
from kb.editing import add_answer, add_paragraph, replace_text, set_dates
from server.answers.assistants import Assistants
from server.core.reasons import Reason
from server.core.reply import Reply
from server.editing import Actor, Editing
from server.publishing import Publisher
from server.storage import Store

ANN = Actor("u-ann", "Ann Ruiz")
MINUTES = "how many minutes does the procedure take?"
TRY_S, READY_S = 2.0, 5.0  # of processor time: how long it takes where nothing else runs


@pytest.fixture
async def desk(copy_of_kneecare: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Editing, Publisher]]:
    monkeypatch.setenv("ADVOCATE_DATA_DIR", str(copy_of_kneecare))
    store = await Store.open(f"sqlite+aiosqlite:///{copy_of_kneecare}/advocate.db")
    publisher = Publisher(store, copy_of_kneecare, DEFAULT_MODEL)
    assistants = Assistants(copy_of_kneecare, await publisher.sites())
    yield Editing.of(store, publisher, assistants), publisher
    assistants.close()
    await store.close()


def saying(minutes: str):
    """An edit of the sentence with "8-12 minutes", wherever it stands."""

    def edit(content: Content) -> Content:
        pages = []
        for page in content.pages:
            for one in page.passages:
                if "8-12 minutes" in page.text_of(one):
                    page = replace_text(page, one.passage_id, page.text_of(one).replace("8-12", minutes))
            pages.append(page)
        return replace(content, pages=tuple(pages))

    return edit


def from_new_year(content: Content) -> Content:
    """The content with the sentence until the year's end, and another one of 20-25 minutes from then on."""
    page = content.pages[0]
    old = next(one for one in page.passages if "8-12 minutes" in page.text_of(one))
    words = page.text_of(old).replace("8-12", "20-25")
    page = set_dates(page, old.passage_id, effective=None, expires=date(2026, 12, 31))
    page, fresh = (
        add_answer(page, f"{old.question}", words, after=old.passage_id)
        if old.question
        else add_paragraph(page, old.passage_id, words)
    )
    page = set_dates(page, fresh, effective=date(2027, 1, 1), expires=date(2027, 1, 31))
    return replace(content, pages=(page,), phrasings=(*content.phrasings, Phrasing(MINUTES, fresh, None)))


async def test_what_holds_for_a_time_is_quoted_then_and_counts_as_not_there_before_and_after(desk):
    editing, _ = desk

    async def on(day: date) -> Reply:
        reply: Reply = await editing.trying.reply("kneecare", MINUTES, unsaved=from_new_year, day=day)
        return reply

    before, then, after = [await on(one) for one in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 1))]
    assert "8-12 minutes" in quoted(before) and "20-25" not in quoted(before)
    assert "20-25 minutes" in quoted(then) and "8-12" not in quoted(then)
    assert "minutes" not in quoted(after)
    assert {one.passage_id for one in before.trace.candidates}.isdisjoint(one.passage_id for one in then.quotes)


async def test_what_changed_on_the_clinics_page_is_handed_over_at_once_and_quoted_again_in_its_new_words(desk):
    editing, publisher = desk
    assistants = Assistants(publisher.models.parent, await publisher.sites(), encoder_wait_s=60)
    await assistants.refresh()
    [quote] = (await assistants.reply("kneecare", MINUTES)).quotes
    fresh = quote.text.replace("8-12", "15-20")
    write_withheld(publisher.builds("kneecare").folder, {quote.passage_id: sha256(fresh.encode()).hexdigest()})
    await assistants.refresh()
    reply = await assistants.reply("kneecare", MINUTES)
    chosen = await assistants.choose("kneecare", quote.passage_id)
    for one in (reply, chosen):
        assert (one.outcome, one.quotes, one.suggestions) == ("handover", (), ())
        assert one.trace.rules[-1] == Reason.WITHHELD
    assert quote.passage_id not in [one.passage_id for _, one in assistants.quotable("kneecare")]
    assert "15-20 minutes" in quoted(await editing.trying.reply("kneecare", MINUTES, unsaved=saying("15-20")))
    (publisher.builds("kneecare").folder / "withheld.json").write_text("{", encoding="utf-8")
    await assistants.refresh()
    assert assistants.quotable("kneecare") == ()
    assert (await assistants.reply("kneecare", MINUTES)).quotes == ()  # what was known last still holds
    assistants.close()


def quoted(reply: Reply) -> str:
    return " ".join(one.text for one in reply.quotes)


async def test_a_changed_sentence_is_tried_unsaved_and_then_made_ready_within_seconds(desk):
    editing, publisher = desk
    first = publisher.current("kneecare")
    assert "8-12 minutes" in quoted(await editing.trying.reply("kneecare", MINUTES))
    for minutes in ("15-20", "16-21"):
        began = time.process_time()
        reply = await editing.trying.reply("kneecare", MINUTES, unsaved=saying(minutes))
        assert time.process_time() - began < TRY_S
        assert f"{minutes} minutes" in quoted(reply) and "8-12" not in quoted(reply)
    assert (await publisher.content("kneecare")).pages == publisher.built_content("kneecare", first).pages

    page = (await publisher.content("kneecare")).pages[0]
    edit = saying("16-21")
    await editing.saving.page(
        "kneecare", page.page_id, lambda one: edit(Content((one,))).pages[0], by=ANN, reason="longer"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    editing.rebuilding.start("kneecare", ANN)
    await editing.rebuilding.wait("kneecare")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    job = editing.rebuilding.of("kneecare")
    assert (job.state, job.build) == ("done", reply.build), job.problem  # the trial had the build's own id
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < READY_S
    built = await editing.trying.reply("kneecare", MINUTES)
    assert replace(built, trace=reply.trace) == reply
    await editing.rebuilding.checked("kneecare")
    assert not editing.rebuilding.distrusts(job.build)
