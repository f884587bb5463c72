"""What was asked in vain, and pages brought in: as an editor does both in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from kb.labels import Label
from kb.pages import Page
from server.core.editing.gaps import InVain, gaps
from server.core.reply import Candidate, Reply, Trace
from server.storage import Store, VisitorMessage
from tests.server.web.editor.test_pages import (  # noqa: F401 - fixtures
    HOME,
    NEEDLES,
    SITE,
    Builder,
    Person,
    ann,
    app,
    assistants,
    builder,
    plain,
    settings,
    sign_in,
)
from tests.server.web.stand_in import BUILD


@pytest.fixture
async def rosa(app: FastAPI, store: Store, builder: Builder) -> AsyncIterator[Person]:  # noqa: F811
    person = await sign_in(app, store, "rosa@clinic.test")
    yield person
    await person.client.aclose()


async def ask_in_vain(store: Store, *texts: str) -> None:
    reply = Reply(Label.OUT_OF_KB, "Not here.", BUILD, trace=Trace(candidates=(Candidate(NEEDLES, None, 0.2),)))
    started = await store.conversations.start("kneecare", language="en", page_url=None)
    for text in texts:
        await store.conversations.receive(started.conversation_id, VisitorMessage(text, f"key of {text}"), reply)


def test_questions_of_much_the_same_words_are_one_gap_and_those_asked_most_stand_first():
    at = datetime(2026, 11, 30, tzinfo=UTC)
    asked = [
        InVain(text, at, "p-1")
        for text in ("do you take visa", "parking cost?", "what does parking cost", "Parking costs")
    ]
    found = gaps(asked)
    assert [[one.text for one in gap.asked] for gap in found] == [
        ["parking cost?", "what does parking cost", "Parking costs"],
        ["do you take visa"],
    ]


async def test_a_gap_is_closed_by_another_way_to_ask_whose_effect_is_shown_before_it_is_saved(ann, app, store):  # noqa: F811
    await ann.rebuild(app)
    await ask_in_vain(store, "I'm Ann Ruiz. How thin is the needle?", "how thin is the needle")
    page = await ann.get(f"{SITE}/gaps")
    words = plain(page)
    assert "how thin is the needle Asked 2 times" in words and "Ann Ruiz. How" not in words
    assert "Closest: Frequently Asked Questions › What if I hate needles?" in words
    assert (await store.audits("kneecare"))[0].action == "read what was asked in vain"
    golden = [{"text": "What if I hate needles?", "label": "answer", "gold": ["3 different agents"]}]
    await store.content.save("kneecare", "golden", golden, author="test", reason="test")
    query = f"{SITE}/gaps/answer?text=how+thin+is+the+needle&passage={NEEDLES}"
    proposal = plain(await ann.get(query))
    assert "What it would do" in proposal and "All 1 test questions go as before." in proposal
    phrasings = await store.content.latest("kneecare", "phrasings")
    await ann.post(f"{SITE}/gaps/answer", {"text": "how thin is the needle", "passage": "p-gone"}, status=422)
    assert (await store.content.latest("kneecare", "phrasings")).revision == phrasings.revision
    saved = await ann.post(f"{SITE}/gaps/answer", {"text": "how thin is the needle", "passage": NEEDLES})
    assert "Saved as another way to ask." in plain(saved)
    assert (await store.content.latest("kneecare", "phrasings")).body[-1]["text"] == "how thin is the needle"


async def test_a_gap_that_the_text_answers_now_is_closed_by_itself(ann, app, store):  # noqa: F811
    await ann.rebuild(app)
    await ask_in_vain(store, "very thin needles")
    assert "Answered by your text as it is now" not in plain(await ann.get(f"{SITE}/gaps"))
    await ann.save(NEEDLES, "We use very thin needles.")
    assert "Answered by your text as it is now (1)" in plain(await ann.get(f"{SITE}/gaps"))


FIRST = "# Parking\n\nYou can park behind the clinic.\n\nThe bus stops at the door.\n"
SECOND = "# Parking\n\nYou can park under the clinic.\n\nThe bus stops at the corner.\n"


async def bring(person: Person, text: str, *, status: int = 200) -> str:
    files = {"file": ("../../parking.md", text.encode(), "text/markdown")}
    answer = await person.client.post(f"{SITE}/import", files=files, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


async def test_a_page_is_brought_in_and_what_changed_in_both_places_is_decided_by_a_person(ann, store):  # noqa: F811
    assert "2 passages can be quoted from it." in plain(await bring(ann, FIRST))
    latest = await store.content.latest("kneecare", "page:parking")
    page = Page.from_json(latest.body)
    assert latest.author != "import"  # whoever brings it in has written it, and cannot approve it
    edited, other = (one.passage_id for one in page.passages)
    form = {"revision": 1, "text": "You can park beside the clinic.", "reason": ""}
    await ann.post(f"{SITE}/pages/parking/passages/{edited}", form)

    assert "1 passage waits for you to decide" in plain(await bring(ann, SECOND))
    waiting = await ann.get(f"{SITE}/import/waiting")
    for words in (
        "You can park behind the clinic.",
        "<del>behind</del><ins>beside</ins>",
        "<del>behind</del><ins>under</ins>",
    ):
        assert words in waiting
    assert other not in waiting  # changed at the source alone: taken
    decided = await ann.post(f"{SITE}/import/decide", {"passage": edited, "take": "true"})
    assert "Nothing waits for a decision." in plain(decided)
    page = Page.from_json((await store.content.latest("kneecare", "page:parking")).body)
    assert [page.text_of(one) for one in page.passages] == [
        "You can park under the clinic.",
        "The bus stops at the corner.",
    ]
    again = await ann.post(f"{SITE}/import/decide", {"passage": edited, "take": "false"}, status=409)
    assert "Somebody has decided this one already." in plain(again)


@pytest.mark.parametrize(
    "address", ["", "/etc/passwd", "file:///etc/passwd", "kb/sites/kneecare/pages", "http://127.0.0.1:1/"]
)
async def test_only_addresses_that_anybody_can_open_are_read_and_never_a_file_of_the_server(ann, store, address):  # noqa: F811
    page = await ann.post(f"{SITE}/import", {"address": address}, status=422)
    assert 'role="alert"' in page and "root:" not in page
    assert [one.document for one in await store.content.documents("kneecare") if one.document.startswith("page:")] == [
        "page:trigger-point-injections"
    ]


async def test_what_cannot_be_read_is_said_without_where_it_was_kept(ann):  # noqa: F811
    page = plain(await bring(ann, "", status=422))
    assert "parking.md" in page and "advocate-import" not in page


async def test_a_reviewer_brings_nothing_in_and_decides_nothing(rosa):
    await bring(rosa, FIRST, status=403)
    await rosa.post(f"{SITE}/import/decide", {"passage": "p", "take": "true"}, status=403)
    await rosa.post(f"{SITE}/gaps/answer", {"text": "x", "passage": NEEDLES}, status=403)
    await rosa.get(f"{SITE}/gaps")
    await rosa.get(f"{HOME}")


async def test_a_new_question_is_added_with_other_ways_to_ask_which_are_offered_and_tried_first(ann, app, store):  # noqa: F811
    await ann.rebuild(app)
    await ask_in_vain(store, "parking cost?", "what does it cost to park a truck")
    form = {
        "kind": "answer",
        "question": "How much does parking cost?",
        "text": "Parking is free.",
        "ways": "parking is free",
    }
    page = await ann.post(f"{HOME}/add", {**form, "check": "true"})
    words = plain(page)
    assert "parking is free This text is quoted" in words  # as the saved text would be asked
    assert 'class="chip"><span>parking cost?</span>' in page and "what is the price of parking" in page
    assert "Parking is free." in page.split('<textarea id="text"')[1]
    assert "Parking is free." not in (await ann.page()).text  # nothing was saved
    await ann.post(f"{HOME}/add", {**form, "ways": "parking fee\nwhat if i hate needles\n parking  fee \n"})
    fresh = next(one for one in (await ann.page()).passages if one.question == "How much does parking cost?")
    phrasings = (await store.content.latest("kneecare", "phrasings")).body
    assert [one["text"] for one in phrasings if one["passage_id"] == fresh.passage_id] == ["parking fee"]
