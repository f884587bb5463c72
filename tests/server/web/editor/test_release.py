"""What stands before publishing: what reads differently, safety text ticked and approved, test questions, the check."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from kb.sites import new_site
from server.storage import Role, Store
from tests.server.storage.clinic import PAT, answered
from tests.server.web.editor.test_pages import (  # noqa: F401 - fixtures
    HOME,
    NEEDLES,
    PASSWORD,
    SITE,
    Builder,
    Person,
    ann,
    app,
    assistants,
    build_in,
    builder,
    plain,
    settings,
    sign_in,
)
from tests.server.web.stand_in import PAGE

RISKY = next(one.passage_id for one in PAGE.passages if one.needs_note)


@pytest.fixture
async def rosa(app: FastAPI, store: Store, builder: Builder) -> AsyncIterator[Person]:  # noqa: F811
    person = await sign_in(app, store, "rosa@clinic.test")
    yield person
    await person.client.aclose()


@pytest.fixture
async def root(app: FastAPI, store: Store, builder: Builder) -> AsyncIterator[Person]:  # noqa: F811
    await store.staff.add("root@clinic.test", "Pat Root", Role.ADMIN, PASSWORD)
    person = await sign_in(app, store, "root@clinic.test")
    yield person
    await person.client.aclose()


async def test_the_page_before_publishing_shows_what_visitors_will_read_differently(ann, app):  # noqa: F811
    await ann.publish(app)
    await ann.save(NEEDLES, "We numb it in four ways.")
    await ann.rebuild(app)
    page = plain(await ann.get(f"{SITE}/publish"))
    assert "What visitors will read differently" in page and "Reads differently" in page
    assert "What if I hate needles?" in page.split("read differently")[2]
    progress = await ann.client.get(f"{SITE}/publish/progress?build={build_in(await ann.get(f'{SITE}/publish'))}")
    assert progress.json() == {"state": "done", "words": "", "percent": None}


async def test_safety_text_is_approved_by_a_reviewer_and_ticked_before_it_goes_live(ann, rosa, app, builder):  # noqa: F811
    await ann.publish(app)
    await ann.save(RISKY, "It may be sore.", tag="risk")
    await ann.rebuild(app)
    page = await ann.get(f"{SITE}/publish")
    assert "Written by Ann Ruiz. Somebody else, a reviewer, has to read it" in plain(page)
    assert "Publish as" not in page
    hers = await rosa.get(f"{SITE}/publish")
    draft = build_in(hers)
    await ann.post(f"{SITE}/publish/approve", {"build": draft}, status=403)
    assert "nobody but those who wrote it" in plain(
        await ann.post(f"{SITE}/publish", {"build": draft, "ticked": RISKY}, status=409)
    )
    assert "Approved by Rosa Diaz" in plain(
        await rosa.post(f"{SITE}/publish/approve", {"build": draft, "note": "fine"})
    )
    page = await ann.get(f"{SITE}/publish")
    assert f'name="ticked" value="{RISKY}"' in page
    assert "each by itself" in plain(await ann.post(f"{SITE}/publish", {"build": draft}, status=409))
    assert "It is live." in plain(await ann.post(f"{SITE}/publish", {"build": draft, "ticked": RISKY}))
    assert builder.current("kneecare") == draft


async def test_a_reviewer_reads_and_tries_and_changes_no_text(rosa, ann, app):  # noqa: F811
    await ann.rebuild(app)
    assert "In a real chat" in plain(await rosa.post(f"{HOME}/try", {"question": "Do you take Visa?"}))
    for path, data in (
        (f"{HOME}/passages/{NEEDLES}", {"revision": 1, "text": "x"}),
        (f"{HOME}/add", {"kind": "paragraph", "text": "x"}),
        (f"{HOME}/passages/{NEEDLES}/remove", {"revision": 1}),
        (f"{HOME}/passages/{NEEDLES}/phrasings", {"text": "x"}),
        (f"{HOME}/reviewed", {"day": ""}),
        (f"{SITE}/build", {}),
        (f"{SITE}/publish", {"build": "a" * 64}),
        (f"{SITE}/history", {"build": "a" * 64, "seen": ""}),
        (f"{SITE}/tests", {"text": "x"}),
        (f"{SITE}/check/accept", {"key": "a" * 24, "why": "x"}),
        (f"{SITE}/publish/second-person", {"off": "true", "why": "x"}),
    ):
        await rosa.post(path, data, status=403)


async def test_only_an_administrator_lets_a_one_person_clinic_do_without_a_second(ann, root, app, builder):  # noqa: F811
    await ann.publish(app)
    await ann.post(f"{SITE}/publish/second-person", {"off": "true", "why": "alone"}, status=403)
    assert "Say why" in plain(await root.post(f"{SITE}/publish/second-person", {"off": "true"}, status=409))
    await root.post(f"{SITE}/publish/second-person", {"off": "true", "why": "alone"})
    await ann.save(RISKY, "It may be sore.", tag="risk")
    await ann.rebuild(app)
    page = await ann.get(f"{SITE}/publish")
    assert "One person may publish safety text here: Pat Root switched the second one off" in plain(page)
    assert "It is live." in plain(await ann.post(f"{SITE}/publish", {"build": build_in(page), "ticked": RISKY}))


async def test_test_questions_are_added_and_removed(ann):  # noqa: F811
    page = await ann.post(
        f"{SITE}/tests", {"text": "Is parking free?", "label": "answer", "gold": "no such words"}, status=422
    )
    assert "No passage says “no such words”." in plain(page) and 'value="Is parking free?"' in page
    page = await ann.post(f"{SITE}/tests", {"text": "needles?", "label": "answer", "gold": "3 different agents"})
    assert "needles? May be answered: “3 different agents”" in plain(page)
    assert "None yet." in plain(await ann.post(f"{SITE}/tests/remove", {"text": "needles?"}))


async def test_an_answer_that_the_desk_marked_wrong_becomes_a_test_question_or_is_left_out(ann, store):  # noqa: F811
    for question in ("Do you open on Sunday?", "Is it cold there?"):
        conversation_id, seq = await answered(store, question)
        await store.corrections.mark_wrong(conversation_id, PAT, seq, str.upper)
    first, second = await store.corrections.proposed("kneecare")
    page = await ann.get(f"{SITE}/tests?use={first.name}")
    assert "Proposed by the desk (2)" in plain(page) and "Marked wrong by Pat." in plain(page)
    assert 'value="Do you open on Sunday?"' in page and '<option value="out_of_kb" selected>' in page
    fields = {"text": first.text, "label": "out_of_kb", "gold": "", "proposal": first.name}
    page = plain(await ann.post(f"{SITE}/tests", fields))
    assert "In use (1)" in page and "Proposed by the desk (1)" in page
    latest = await store.content.latest("kneecare", "golden")
    assert [(one["text"], one["label"]) for one in latest.body] == [("Do you open on Sunday?", "out_of_kb")]
    assert "Proposed by the desk" not in plain(await ann.post(f"{SITE}/tests/leave", {"proposal": second.name}))


async def test_what_the_check_finds_is_put_right_or_accepted_with_a_reason(ann):  # noqa: F811
    page = await ann.get(f"{SITE}/check")
    words = plain(page)
    assert "Two answers to one question These do not say the same of ice or heat." in words
    assert f'href="{HOME}?edit={NEEDLES}#{NEEDLES}"' in page
    keys = re.findall(r'name="key" value="([0-9a-f]{24})"', page)
    assert "Say why it may stay" in plain(await ann.post(f"{SITE}/check/accept", {"key": keys[0]}, status=422))
    accepted = await ann.post(f"{SITE}/check/accept", {"key": keys[0], "why": "both are true"})
    assert f"{len(keys) - 1} things to put right" in plain(accepted)
    assert "Accepted as it is (1)" in plain(accepted) and "Ann Ruiz: “both are true”" in plain(accepted)
    assert f"{len(keys)} things" in plain(await ann.post(f"{SITE}/check/reopen", {"key": keys[0]}))
    await ann.save(NEEDLES, "Relief is immediate in 100% of patients.")
    assert "“Relief is immediate” promises more than a clinic can keep" in plain(await ann.get(f"{SITE}/check"))


async def test_who_works_for_several_clinics_chooses_by_their_names_and_sees_how_each_stands(ann, builder):  # noqa: F811
    site = new_site(site="hipcare", clinic="Hip & Co", topic="hips", advocate="Sam", url="/hip", zone="America/Chicago")
    await builder.add_site(site)
    words = plain(await ann.get("/editor"))
    assert "Hip & Co Nothing is live yet" in words and "KneeCare Clinics" in words and "hipcare" not in words
    assert "Other clinics" in plain(await ann.get(HOME))
