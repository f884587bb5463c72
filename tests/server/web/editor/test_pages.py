"""The editor's pages, on a real store with the KneeCare site; building and answering have small working stand-ins."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from index.builds.build import inputs_of
from index.builds.manifest import FORMAT, Manifest, canonical_digest, digest_files
from index.lexical import tokens
from index.linking import Link, save_links
from index.scale import load_scales
from kb.asks import load_asks
from kb.content import Content
from kb.pages import Page
from kb.policy import policy_version
from kb.reading.sentences import sentence_spans
from server.editing import Editing
from server.importing import Importing, Withholding
from server.publishing import ChildBuildFailed, Publisher
from server.settings import Settings
from server.storage import Role, Store
from server.storage.builds import Replica
from server.web.app import create_app
from server.web.editor.release import releasing
from server.web.editor.text import pages
from server.web.staff import signin
from tests.kb.importing.test_following import clinic  # noqa: F401
from tests.server.web.conftest import HERE
from tests.server.web.stand_in import Opened, StandIn

PAGE = "trigger-point-injections"
AS_SHIPPED = load_scales()["plain"].threshold
DOCUMENT = f"page:{PAGE}"
NEEDLES, SORENESS, BURSITIS, DAY = "p-e73b9088461f", "p-384f2b52d6c3", "p-fc547bf7b560", "p-37f18284d3b3"
SITE = "/editor/kneecare"
HOME = f"{SITE}/pages/{PAGE}"
PASSWORD = "four unrelated words here"
NEW_WORDS = "Our physicians numb the knee in 3 different ways. Most patients don’t even feel the injection."


class Builder(Publisher):
    """Builds folders with pages and a manifest, without a model: all that the editor reads of a build."""

    fault = ""
    pause: asyncio.Event | None = None

    async def build_in_child(self, site: str, progress: Callable[[str, int, int], Awaitable[None]]) -> str:
        await progress("Embedding your pages", 10, 40)
        if self.pause is not None:
            await self.pause.wait()
        if self.fault:
            raise ChildBuildFailed(self.fault)
        return await self.make(site)

    async def check_in_child(self, site: str) -> str:
        return "0"

    async def make(self, site: str) -> str:
        recipe = await self.recipe(site)
        build = canonical_digest(inputs_of(recipe, "stand-in"))
        folder = self.builds(site).path(build)
        folder.mkdir(parents=True, exist_ok=True)
        pages = [one.as_json() for one in recipe.content.pages]
        phrasings = [[one.text, one.passage_id, one.quote] for one in recipe.content.phrasings]
        (folder / "pages.json").write_text(json.dumps(pages), encoding="utf-8")
        (folder / "phrasings.json").write_text(json.dumps(phrasings), encoding="utf-8")
        links = links_of(recipe.content)
        save_links(folder, links, np.zeros((len(links), 4), dtype=np.float32))
        passages = sum(1 for _ in recipe.content.passages())
        Manifest(
            build=build,
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            model_digest="stand-in",
            policy_version=policy_version(recipe.policy),
            threshold=AS_SHIPPED,
            counts={"pages": len(pages), "passages": passages, "phrasings": len(phrasings)},
            files=digest_files(folder),
        ).write(folder)
        return build


def links_of(content: Content) -> list[Link]:
    """Every ask with the three passages that share most words with its title, a tenth of a score for each, and their first sentences."""
    texts = [page.text_of(passage) for page, passage in content.passages()]
    held = [tokens(f"{passage.question} {page.text_of(passage)}") for page, passage in content.passages()]
    links = []
    for ask in load_asks():
        shared = [len({*tokens(ask.title)} & {*words}) / 10 for words in held]
        best = sorted(range(len(held)), key=lambda position: -shared[position])[:3]
        chosen = content.checklist.get(ask.id)
        firsts = tuple(next(iter(sentence_spans(texts[one])), None) for one in best)
        links.append(Link(ask.id, ask.title, tuple((one, shared[one]) for one in best), chosen, firsts))
    return links


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(rate_limit="off", data_dir=tmp_path / "var")


@pytest.fixture
def assistants() -> StandIn:
    return StandIn()


async def editor_app(app: FastAPI, store: Store, settings: Settings) -> Builder:
    """Give a running app the editor, with the KneeCare site seeded and two people who may edit it."""
    addresses = {getattr(route, "path", "") for route in app.routes}
    for router, address in ((signin.router, "/sign-in"), (pages.router, "/editor")):
        if address not in addresses:
            app.include_router(router)
    builder = Builder(store, settings.data_dir, settings.embedding_model)
    await builder.seed()
    editing = Editing.of(store, builder, StandIn())
    importing = Importing(store, allow_private=True)
    withholding = Withholding(store, builder, importing)
    app.state.parts = replace(
        app.state.parts, publisher=builder, editing=editing, importing=importing, withholding=withholding
    )
    await store.staff.add("ann@clinic.test", "Ann Ruiz", Role.EDITOR, PASSWORD)
    await store.staff.add("bo@clinic.test", "Bo Chen", Role.EDITOR, PASSWORD)
    await store.staff.add("rosa@clinic.test", "Rosa Diaz", Role.REVIEWER, PASSWORD)
    return builder


@pytest.fixture
async def app(settings: Settings, store: Store, assistants: StandIn) -> AsyncIterator[FastAPI]:
    app = create_app(settings, store=store, assistants=assistants)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def builder(app: FastAPI, store: Store, settings: Settings) -> Builder:
    return await editor_app(app, store, settings)


@dataclass
class Person:
    """Someone signed in, with a browser that takes pages and sends forms."""

    client: httpx.AsyncClient
    store: Store

    async def get(self, path: str, *, status: int = 200) -> str:
        answer = await self.client.get(path, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return answer.text

    async def post(self, path: str, data: dict[str, object], *, status: int = 200) -> str:
        answer = await self.client.post(path, data=data, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return answer.text

    async def save(self, passage_id: str, text: str, *, status: int = 200, **more: object) -> str:
        form = {"revision": more.pop("revision", await self.revision()), "text": text, "reason": "", **more}
        return await self.post(f"{HOME}/passages/{passage_id}", form, status=status)

    async def revision(self) -> int:
        latest = await self.store.content.latest("kneecare", DOCUMENT)
        assert latest is not None
        return latest.revision

    async def page(self) -> Page:
        latest = await self.store.content.latest("kneecare", DOCUMENT)
        assert latest is not None
        return Page.from_json(latest.body)

    async def words_of(self, passage_id: str) -> str:
        page = await self.page()
        return next(page.text_of(one) for one in page.passages if one.passage_id == passage_id)

    async def rebuild(self, app: FastAPI) -> str:
        await self.post(f"{SITE}/build", {})
        await app.state.parts.editing.rebuilding.wait("kneecare")
        await app.state.parts.editing.comparing.wait("kneecare")
        return await self.get(f"{SITE}/build")

    async def publish(self, app: FastAPI) -> str:
        await self.rebuild(app)
        return await self.post(f"{SITE}/publish", {"build": build_in(await self.get(f"{SITE}/publish"))})


def build_in(page: str) -> str:
    found = re.search(r'name="build" value="([0-9a-f]{64})"', page)
    assert found, "no build to publish on this page"
    return found[1]


def plain(page: str) -> str:
    """A page's words without its markup, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def sign_in(app: FastAPI, store: Store, email: str) -> Person:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE, headers={"Accept": "text/html"})
    answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return Person(client, store)


@pytest.fixture
async def ann(app: FastAPI, store: Store, builder: Builder) -> AsyncIterator[Person]:
    person = await sign_in(app, store, "ann@clinic.test")
    yield person
    await person.client.aclose()


@pytest.fixture
async def bo(app: FastAPI, store: Store, builder: Builder) -> AsyncIterator[Person]:
    person = await sign_in(app, store, "bo@clinic.test")
    yield person
    await person.client.aclose()


async def test_whoever_is_not_signed_in_is_sent_to_sign_in(app, builder):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as stranger:
        for path in ("/editor", SITE, HOME, f"{SITE}/publish", f"{SITE}/history", f"{SITE}/build/progress"):
            answer = await stranger.get(path, headers={"Accept": "text/html"})
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in"), path
        assert (await stranger.post(f"{SITE}/build")).status_code == 303


async def test_an_advocate_has_no_editor(app, store, builder):
    await store.staff.add("pat@clinic.test", "Pat", Role.ADVOCATE, PASSWORD)
    pat = await sign_in(app, store, "pat@clinic.test")
    assert (await pat.client.get(HOME)).status_code == 404
    assert (await pat.client.post(f"{SITE}/build")).status_code == 404
    await pat.client.aclose()


async def test_an_editor_of_another_clinic_sees_nothing_of_this_one(app, store, builder):
    await store.staff.add("hip@clinic.test", "Hip", Role.EDITOR, PASSWORD, sites=("hipcare",))
    other = await sign_in(app, store, "hip@clinic.test")
    assert (await other.client.get(HOME)).status_code == 404
    assert (await other.client.post(f"{SITE}/publish", data={"build": "a" * 64})).status_code == 404
    await other.client.aclose()


async def test_a_form_from_another_site_changes_nothing(ann):
    before = await ann.page()
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        (f"{HOME}/passages/{NEEDLES}", {"text": "x", "revision": "1"}),
        (f"{SITE}/build", {}),
        (f"{HOME}/try", {}),
    )
    for path, form in forms:
        answer = await ann.client.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, path
    assert await ann.page() == before


async def test_the_editor_opens_the_page_with_its_outline_and_marks(ann):
    page = await ann.get("/editor")
    words = plain(page)
    assert "Trigger Point Injections for Knee Pain Safety note Never reviewed" in words
    assert "Not yet reviewed by the clinic" in words
    assert "Nothing is live yet. Make it ready, try a few questions, then publish." in words
    assert "Our physicians use 3 different agents to numb the joint" in words
    assert page.count("The safety note is always shown with it.") == 4


async def test_no_page_speaks_as_engineers_do(ann, app):
    await ann.publish(app)
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.rebuild(app)
    paths = (HOME, f"{HOME}?edit={NEEDLES}", f"{HOME}/add", f"{HOME}/revisions", f"{SITE}/publish", f"{SITE}/history")
    others = (f"{SITE}/asks", f"{SITE}/gaps", f"{SITE}/check", f"{SITE}/import", f"{SITE}/tests", f"{SITE}/sureness")
    tried = await ann.post(f"{HOME}/try", {"question": "a little soreness", "against": "live"})
    assert not re.search(r"threshold|gate\b|build\b|\bp-[0-9a-f]", plain(tried.split('id="tried"')[1]))
    for path in (*paths, *others, f"{SITE}/build", f"{HOME}/passages/{NEEDLES}/phrasings"):
        words = plain((await ann.get(path)).split("<body")[1]).lower()
        assert not re.search(
            r"index|embedding|threshold|corpus|vector|rebuil|draft|\bgate\b|\bbuild\b|expert|\bp-[0-9a-f]", words
        ), path


async def test_a_passage_opens_for_editing_where_it_stands(ann):
    page = await ann.get(f"{HOME}?edit={NEEDLES}")
    assert page.count('<textarea id="text"') == 1
    assert "Our physicians use 3 different agents to numb the joint before performing the injection." in unescape(page)


async def test_a_saved_edit_is_a_revision_with_author_and_reason(ann, store):
    words = plain(await ann.save(NEEDLES, NEW_WORDS, reason="Dr. Lee asked for it"))
    assert "Saved. Visitors still get the published text" in words
    latest = await store.content.latest("kneecare", DOCUMENT)
    assert (latest.revision, latest.reason) == (2, "Dr. Lee asked for it")
    assert await ann.words_of(NEEDLES) == NEW_WORDS
    assert "Ann Ruiz : Dr. Lee asked for it" in plain(await ann.get(f"{HOME}/revisions"))


async def test_a_saved_edit_changes_no_other_passage(ann):
    before = await ann.page()
    await ann.save(NEEDLES, "One line.\r\nAnother.")
    after = await ann.page()
    texts = {one.passage_id: before.text_of(one) for one in before.passages}
    assert {one.passage_id: after.text_of(one) for one in after.passages} == {**texts, NEEDLES: "One line.\nAnother."}


async def test_saving_without_a_change_adds_no_revision(ann):
    words = plain(await ann.save(NEEDLES, await ann.words_of(NEEDLES)))
    assert "Nothing was changed" in words
    assert await ann.revision() == 1


async def test_an_empty_text_is_refused_beside_its_field_and_what_else_was_typed_stays(ann):
    page = await ann.save(NEEDLES, " ", status=422, tag="risk", reason="tidying")
    assert "A passage needs words." in plain(page)
    assert 'value="tidying"' in page
    assert re.search(r'id="tag-risk"[^>]*checked', page)


async def test_changed_words_are_marked_against_what_is_published(ann, app):
    await ann.publish(app)
    page = await ann.save(NEEDLES, NEW_WORDS)
    assert "<del>use</del><ins>numb the knee in</ins> 3 different" in page
    assert "1 change is saved, and visitors do not get it yet." in plain(page)
    assert "Changed" in plain(page)


async def test_a_ticked_box_shows_the_safety_note_and_is_said_before_publishing(ann, app):
    await ann.publish(app)
    text = await ann.words_of(NEEDLES)
    assert "The safety note is always shown with it." in plain(
        (await ann.save(NEEDLES, text, tag=["risk", "not-a-tag"])).split(f'id="{NEEDLES}"')[1].split("</article>")[0]
    )
    page = await ann.page()
    assert next(one.tags for one in page.passages if one.passage_id == NEEDLES) == {"risk"}
    await ann.rebuild(app)
    assert "The safety note is now shown with it." in plain(await ann.get(f"{SITE}/publish"))


async def test_new_words_on_side_effects_without_a_ticked_box_get_advice(ann, app):
    await ann.publish(app)
    assert "These words may be about" not in plain(await ann.get(HOME))
    page = await ann.save(NEEDLES, "You may have some bruising.")
    assert "These words may be about “Side effects or risk”." in plain(page)
    await ann.rebuild(app)
    assert "but no safety note is shown with it." in plain(await ann.get(f"{SITE}/publish"))


async def test_edits_of_two_passages_at_once_are_both_kept(ann, bo):
    began = await ann.revision()
    await bo.save(DAY, "It takes 8-12 minutes.", revision=began)
    await ann.save(NEEDLES, NEW_WORDS, revision=began)
    assert await ann.words_of(DAY) == "It takes 8-12 minutes."
    assert await ann.words_of(NEEDLES) == NEW_WORDS


async def test_edits_of_the_same_passage_meet_and_neither_is_lost(ann, bo):
    began = await ann.revision()
    await bo.save(NEEDLES, "Bo’s words on needles.", revision=began)
    page = await ann.save(NEEDLES, "Ann’s words on needles.", revision=began, reason="mine", status=409)
    words = plain(page)
    assert "Bo Chen changed this passage too" in words
    assert "Bo’s words on needles." in words
    assert "Ann’s words on needles." in unescape(page).split("<textarea")[1]
    assert await ann.words_of(NEEDLES) == "Bo’s words on needles."
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision
    await ann.save(NEEDLES, "Bo’s and Ann’s words.", revision=int(revision[1]))
    assert await ann.words_of(NEEDLES) == "Bo’s and Ann’s words."


async def test_an_edit_of_a_passage_a_colleague_removed_is_shown_to_copy(ann, bo):
    began = await ann.revision()
    await bo.post(f"{HOME}/passages/{BURSITIS}/remove", {"revision": began})
    page = await ann.save(BURSITIS, "My words on bursitis.", revision=began, status=409)
    assert "Bo Chen removed it from the page while you were writing." in plain(page)
    assert "My words on bursitis." in page


async def test_the_day_of_review_is_saved_and_shown_in_words(ann):
    words = plain(await ann.post(f"{HOME}/reviewed", {"day": "2026-01-31"}))
    assert "Reviewed by the clinic on 31 January 2026" in words
    assert "Never reviewed" not in words
    assert "Not saved. Give the date" in plain(await ann.post(f"{HOME}/reviewed", {"day": "soon"}, status=422))


async def test_days_between_which_a_passage_is_quoted_are_saved_marked_and_said_before_publishing(ann, app, builder):
    await ann.publish(app)
    words = await ann.words_of(SORENESS)
    page = await ann.save(SORENESS, words, tag="risk", effective="2027-01-01", expires="2026-12-31", status=422)
    assert "The last day comes before the first" in page and 'value="2027-01-01"' in page
    assert "Give the date" in await ann.save(SORENESS, words, tag="risk", expires="soon", status=422)
    page = plain(await ann.save(SORENESS, words, tag="risk", effective="2027-01-01", expires="2027-01-31"))
    assert "Quoted from 1 January 2027 to 31 January 2027" in page
    await ann.rebuild(app)
    page = await ann.get(f"{SITE}/publish")
    assert "It is now quoted from 1 January 2027 to 31 January 2027; before, quoted at any time" in plain(page)
    assert "has to read it and approve" in plain(page)  # days of safety text are a change to safety text
    await ann.save(NEEDLES, await ann.words_of(NEEDLES), expires="2020-01-31")
    assert "Over. Quoted until 31 January 2020" in plain(await ann.get(HOME))
    assert "Its last day was 2020-01-31" in plain(await ann.get(f"{SITE}/check"))


async def test_who_looks_after_a_page_is_saved_and_shown(ann, app, builder):
    assert "Looked after by Front desk" in plain(await ann.post(f"{HOME}/owner", {"owner": "Front desk"}))
    assert "at most 100" in plain(await ann.post(f"{HOME}/owner", {"owner": "a" * 101}, status=422))
    assert "Nobody named who looks after it" in plain(await ann.post(f"{HOME}/owner", {"owner": ""}))


async def test_what_changed_on_the_clinics_page_is_told_on_every_page_and_decided_there(
    ann,
    app,
    builder,
    store,
    clinic,  # noqa: F811
):
    await ann.publish(app)
    assert "Compare it now" not in await ann.get(HOME)
    await store.watched.watch("kneecare", PAGE, f"{clinic.url}/knees")  # where nothing is
    words = plain(await ann.post(f"{HOME}/compare", {}))
    assert "The clinic’s page could not be read" in words and "this page is gone" in words
    assert "passages have changed on the clinic’s own page. Visitors who ask get a person until you decide." in words
    assert "Not quoted now" in words
    assert "own page. Visitors who ask" in plain(await ann.get(f"{SITE}/publish"))
    page = await ann.get(f"{SITE}/import/waiting")
    waiting = page.count("Keep ours")
    assert waiting == len((await ann.page()).passages) and "No longer at the source" in page
    page = await ann.post(f"{SITE}/import/decide", {"passage": NEEDLES, "take": "false"})
    assert page.count("Keep ours") == waiting - 1
    assert f"{waiting - 1} passages have changed" in plain(page)
    assert await ann.post(f"{SITE}/pages/nowhere/compare", {}, status=404)


async def test_a_question_is_added_after_the_last_one(ann):
    words = plain(await ann.get(f"{HOME}/add?kind=answer"))
    assert "after the question “What can I expect on the day of an injection?”" in words
    form = {"kind": "answer", "after": "", "question": "Will it bruise?", "text": "It may bruise a little."}
    await ann.post(f"{HOME}/add", form)
    added = next(one for one in (await ann.page()).passages if one.question == "Will it bruise?")
    assert added.heading == ("Frequently Asked Questions", "Will it bruise?")
    assert added.tags == {"risk"}


async def test_a_paragraph_is_added_after_another_with_a_hint_and_refused_after_an_answer(ann):
    await ann.post(f"{HOME}/add", {"kind": "paragraph", "after": BURSITIS, "text": "Rest helps too."})
    page = await ann.page()
    ids = [one.passage_id for one in page.passages]
    added = page.passages[ids.index(BURSITIS) + 1]
    assert page.text_of(added) == "Rest helps too."
    hint = "Visitors find this by its own words alone. Other ways they might ask make it surer."
    assert (before := plain(await ann.get(HOME)).count(hint)) > 0
    await ann.post(f"{HOME}/passages/{added.passage_id}/phrasings", {"text": "should i rest it", "sentence": ""})
    assert plain(await ann.get(HOME)).count(hint) == before - 1
    form = {"kind": "paragraph", "after": NEEDLES, "text": "Rest helps too."}
    assert "Edit the answer itself" in plain(await ann.post(f"{HOME}/add", form, status=422))


async def test_a_removed_passage_goes_with_its_phrasings_after_a_question(ann, store):
    asked = plain(await ann.get(f"{HOME}/passages/{SORENESS}/remove"))
    assert "Remove this passage?" in asked
    await ann.post(f"{HOME}/passages/{SORENESS}/remove", {"revision": await ann.revision()})
    assert SORENESS not in {one.passage_id for one in (await ann.page()).passages}
    phrasings = await store.content.latest("kneecare", "phrasings")
    assert SORENESS not in {one["passage_id"] for one in phrasings.body}


async def test_ways_to_ask_are_listed_added_and_removed(ann, store):
    path = f"{HOME}/passages/{NEEDLES}/phrasings"
    sentence = "Most patients don’t even feel the procedure."
    words = plain(await ann.post(path, {"text": "  do the  shots hurt much", "sentence": sentence}))
    assert "do the shots hurt much" in words
    saved = (await store.content.latest("kneecare", "phrasings")).body
    assert {"text": "do the shots hurt much", "passage_id": NEEDLES, "quote": sentence} in saved
    await ann.post(f"{path}/remove", {"text": "do the shots hurt much"})
    saved = (await store.content.latest("kneecare", "phrasings")).body
    assert "do the shots hurt much" not in {one["text"] for one in saved}


async def test_a_way_to_ask_that_leads_elsewhere_is_refused_by_name(ann):
    await ann.post(f"{HOME}/passages/{NEEDLES}/phrasings", {"text": "Does it hurt a lot?"})
    page = await ann.post(f"{HOME}/passages/{SORENESS}/phrasings", {"text": "does it hurt a lot?"}, status=422)
    assert "leads to “Frequently Asked Questions › What if I hate needles?” already" in plain(page)


async def test_a_rebuild_shows_how_far_it_is_and_runs_once_at_a_time(ann, app, builder):
    builder.pause = asyncio.Event()
    page = await ann.post(f"{SITE}/build", {})
    assert '<meta http-equiv="refresh"' in page
    await asyncio.sleep(0)
    progress = (await ann.client.get(f"{SITE}/build/progress")).json()
    assert (progress["state"], progress["percent"]) == ("running", 25)
    assert progress["words"] == "Reading your text: 25% done. 0 s so far; mostly it takes less than a minute."
    await ann.post(f"{SITE}/build", {})
    assert "Your changes are being made ready." in plain(await ann.get(HOME))
    builder.pause.set()
    await app.state.parts.editing.rebuilding.wait("kneecare")
    assert "Your text is ready" in plain(await ann.get(f"{SITE}/build"))
    built = [one for one in await ann.store.audits("kneecare") if one.action == "built"]
    assert len(built) == 1


async def test_a_rebuild_that_fails_says_why_and_leaves_what_is_live(ann, app, builder):
    await ann.publish(app)
    live = builder.current("kneecare")
    await ann.save(NEEDLES, NEW_WORDS)
    builder.fault = "There is no room left on the disk. Free some, then rebuild."
    words = plain(await ann.rebuild(app))
    assert "Your text could not be made ready" in words
    assert "There is no room left on the disk." in words
    assert builder.current("kneecare") == live
    assert "Your text could not be made ready." in plain(await ann.get(HOME))


async def test_publishing_shows_before_and_after_then_goes_live(ann, app, builder):
    await ann.publish(app)
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.post(f"{HOME}/passages/{NEEDLES}/phrasings", {"text": "are the needles big"})
    await ann.rebuild(app)
    page = await ann.get(f"{SITE}/publish")
    words = plain(page)
    assert "Visitors get now" in words and "Visitors will get" in words
    assert "<del>use</del>" in page and "<ins>numb the knee in</ins>" in page
    assert "are the needles big" in words
    assert "Passages that can be quoted" in words
    assert "Ann Ruiz" in words.split("Who changed it")[1]
    after = plain(await ann.post(f"{SITE}/publish", {"build": build_in(page)}))
    assert "It is live." in after and "Chats that are running go on." in after
    assert builder.current("kneecare") == build_in(page)
    assert builder.built_content("kneecare", build_in(page)).pages == (await ann.page(),)
    audit = (await ann.store.audits("kneecare"))[0]
    assert (audit.action, audit.about) == ("published", build_in(page))


async def test_publishing_says_on_how_many_servers_it_is_live_where_there_are_several(ann, app, builder, monkeypatch):
    await ann.publish(app)
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.rebuild(app)
    draft, earlier = build_in(await ann.get(f"{SITE}/publish")), builder.current("kneecare")
    for name, build in (("one", draft), ("two", draft), ("three", earlier)):
        await ann.store.builds.report(Replica(name, "host", {"kneecare": build}))
    monkeypatch.setattr(releasing, "SPREADS_WITHIN_S", 0.0)
    words = plain(await ann.post(f"{SITE}/publish", {"build": draft}))
    travels = ann.store.database.is_postgresql  # on SQLite there is one server, and nothing to tell
    assert ("Live on 2 of 3 servers" in words) == ("not live on every server yet" in words) == travels
    await ann.store.builds.report(Replica("three", "host", {"kneecare": draft}))
    assert ("Live on 3 of 3 servers" if travels else "Live now") in plain(await ann.get(f"{SITE}/history"))


async def test_a_text_is_planned_for_a_day_shown_and_taken_back(ann, app, builder):
    await ann.publish(app)
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.rebuild(app)
    draft = build_in(await ann.get(f"{SITE}/publish"))
    assert "Choose a day after today" in await ann.post(
        f"{SITE}/publish", {"build": draft, "day": "2020-01-31"}, status=409
    )
    assert "Give the date" in await ann.post(f"{SITE}/publish", {"build": draft, "day": "soon"}, status=409)
    page = plain(await ann.post(f"{SITE}/publish", {"build": draft, "day": "2999-01-31"}))
    assert "Ann Ruiz planned that this text goes live when 31 January 2999 begins." in page
    await ann.save(DAY, "Eat nothing.")
    assert "What was changed since is no part of it." in plain(await ann.get(f"{SITE}/publish"))
    assert "2999" not in plain(await ann.post(f"{SITE}/publish/unplan", {}))


async def test_a_rebuild_is_stopped_from_its_page_and_so_is_the_asking(ann, app, builder, monkeypatch):
    await ann.publish(app)
    await ann.save(NEEDLES, NEW_WORDS)
    builder.pause = asyncio.Event()
    assert "Stop it" in await ann.post(f"{SITE}/build", {})
    assert "Nothing is being" in plain(await ann.post(f"{SITE}/build/stop", {}))
    builder.pause, go_on = None, threading.Event()
    draft, reply = await builder.make("kneecare"), Opened.reply
    monkeypatch.setattr(Opened, "reply", lambda *some, **more: go_on.wait(10) and reply(*some, **more))
    try:
        assert "Stop asking" in await ann.get(f"{SITE}/publish")
        page = await ann.post(f"{SITE}/publish/asking", {"build": draft, "stop": "true"})
        assert "The asking was stopped" in page and 'id="publish-form"' not in page
    finally:
        go_on.set()
    await ann.post(f"{SITE}/publish/asking", {"build": draft})
    await app.state.parts.editing.comparing.wait("kneecare")
    assert 'id="publish-form"' in await ann.get(f"{SITE}/publish")


async def test_publishing_is_refused_when_the_text_was_changed_since_the_rebuild(ann, app, builder):
    await ann.publish(app)
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.rebuild(app)
    draft = build_in(await ann.get(f"{SITE}/publish"))
    live = builder.current("kneecare")
    await ann.save(NEEDLES, "Words after the rebuild.")
    page = await ann.get(f"{SITE}/publish")
    assert "This text has not been made ready since it was last changed" in plain(page)
    assert 'name="build"' not in page
    assert f'action="{SITE}/build"' in page
    refused = await ann.post(f"{SITE}/publish", {"build": draft}, status=409)
    assert "Make it ready, try a few questions, then publish." in plain(refused)
    assert builder.current("kneecare") == live


async def test_publishing_a_draft_other_than_the_one_looked_through_is_refused(ann, app, builder):
    await ann.rebuild(app)
    page = await ann.post(f"{SITE}/publish", {"build": "a" * 64}, status=409)
    assert "The text was changed after you opened this page." in plain(page)
    assert builder.current("kneecare") is None


async def test_with_nothing_changed_there_is_nothing_to_publish(ann, app):
    await ann.publish(app)
    assert "There is nothing to publish" in plain(await ann.get(f"{SITE}/publish"))
    assert "Visitors get exactly this text." in plain(await ann.get(HOME))


async def test_a_test_question_that_goes_wrong_asks_for_a_reason_which_is_kept(ann, app, store, builder):
    golden = [
        {"text": "What if I hate needles?", "label": "answer", "gold": ["3 different agents"]},
        {"text": "What does parking cost?", "label": "answer", "gold": ["free"]},
    ]
    await store.content.save("kneecare", "golden", golden, author="test", reason="test")
    await ann.rebuild(app)
    page = await ann.get(f"{SITE}/publish")
    assert "1 of 2 go as they should." in plain(page)
    refused = await ann.post(f"{SITE}/publish", {"build": build_in(page)}, status=422)
    assert "Say why you publish although a test question goes wrong." in plain(refused)
    assert builder.current("kneecare") is None
    await ann.post(f"{SITE}/publish", {"build": build_in(page), "reason": "parking comes next week"})
    detail = {"waived": "parking comes next week", "questions": ["What does parking cost?"]}
    assert (await store.audits("kneecare"))[0].detail == detail


async def test_how_sure_an_answer_must_be_is_drawn_with_what_moving_it_would_do(ann, app, store, builder):
    assert "Nothing is live yet" in plain(await ann.get(f"{SITE}/sureness"))
    await ann.publish(app)
    page = await ann.get(f"{SITE}/sureness")
    assert "too few test questions" in plain(page) and page.count("<polyline") == 1
    golden = [
        {"text": "What if I hate needles?", "label": "answer", "gold": ["3 different agents"]},
        {"text": "a little soreness", "label": "answer", "gold": ["nowhere"]},
        {"text": "What does parking cost?", "label": "out_of_kb"},
    ]
    await store.content.save("kneecare", "golden", golden, author="test", reason="test")
    await ann.get(f"{SITE}/sureness")
    await app.state.parts.editing.measuring.wait("kneecare")
    page = await ann.get(f"{SITE}/sureness")
    assert "2 that your page answers, 1 that it does not." in plain(page) and page.count("<polyline") == 2
    assert re.search(r'<tr class="chosen">.*?60%.*?50%.*?50%.*?0%.*?As it is now', page)
    assert (await ann.client.get(f"{SITE}/sureness/progress")).json()["state"] == "done"


async def test_an_editor_goes_back_to_an_earlier_version(ann, app, builder):
    await ann.publish(app)
    first = builder.current("kneecare")
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.publish(app)
    second = builder.current("kneecare")
    page = await ann.get(f"{SITE}/history")
    assert plain(page).count("Live now") == 1
    assert page.count("Go back to it now") == 1
    after = plain(await ann.post(f"{SITE}/history", {"build": first, "seen": second}))
    assert "The earlier version is live again." in after
    assert builder.current("kneecare") == first
    audit = (await ann.store.audits("kneecare"))[0]
    assert (audit.action, audit.about, audit.detail) == ("rolled back", first, {"from": second})
    assert await ann.words_of(NEEDLES) == NEW_WORDS


async def test_going_back_from_an_old_look_at_the_list_is_refused(ann, app, builder):
    await ann.publish(app)
    first = builder.current("kneecare")
    await ann.save(NEEDLES, NEW_WORDS)
    await ann.publish(app)
    page = await ann.post(f"{SITE}/history", {"build": first, "seen": first}, status=409)
    assert "Someone else put another version live just now." in plain(page)
    assert builder.current("kneecare") != first


async def test_a_question_is_tried_on_the_saved_text_at_once_and_on_what_is_live(ann, app):
    await ann.publish(app)
    await ann.save(NEEDLES, "We use very thin needles.")
    page = await ann.post(f"{HOME}/try", {"question": "very thin needles", "against": "draft"})
    tried = page.split('id="tried"')[1]
    assert '<figure class="quote">' in tried
    assert "We use very thin needles." in plain(tried)
    assert "Answered from your text as it is saved. Nobody was alerted." in plain(tried)
    assert "91%" in tried.split('<details class="expert">')[1]
    assert "91%" not in tried.split('<details class="expert">')[0]
    live = plain(await ann.post(f"{HOME}/try", {"question": "What is a trigger point?", "against": "live"}))
    assert "Answered from what is live now." in live


async def test_a_tried_question_that_is_not_covered_says_what_came_closest(ann, app):
    await ann.rebuild(app)
    words = plain(await ann.post(f"{HOME}/try", {"question": "Do you take Visa?", "against": "draft"}))
    assert "Nothing on the page answers it surely enough, so a person gets it." in words
    assert "The closest passage was “Bursitis”, but it was not close enough." in words
    assert "In a real chat the message is passed on" in words


async def test_a_tried_emergency_is_shown_as_the_card(ann, app):
    await ann.publish(app)
    page = await ann.post(f"{HOME}/try", {"question": "I have chest pain", "against": "live"})
    assert '<div class="emergency-card">' in page


async def test_words_that_are_not_saved_yet_are_tried_and_stay_unsaved(ann, app, store):
    await ann.publish(app)
    typed = {"question": "thin as a hair", "passage": NEEDLES, "text": "Needles as thin as a hair.", "tag": "risk"}
    page = await ann.post(f"{HOME}/try", typed)
    tried = page.split('id="tried"')[1]
    assert "Needles as thin as a hair." in plain(tried) and '<div class="note-box">' in tried
    assert "Answered from your text, with the words that are not saved yet." in plain(tried)
    assert (await store.content.latest("kneecare", DOCUMENT)).revision == 1
    empty = await ann.post(f"{HOME}/try", {**typed, "text": " "})
    assert "Your text could not be asked: A passage needs words." in plain(empty)


async def test_trying_without_a_question_or_before_anything_was_made_ready_says_what_is_missing(ann):
    assert "Type a question first." in plain(await ann.post(f"{HOME}/try", {"question": " "}))
    page = await ann.post(f"{HOME}/try", {"question": "Does it hurt?", "against": "draft"})
    assert "Nothing was made ready on this site yet, so no question can be tried." in plain(page)


async def test_the_text_of_an_address_is_not_trusted(ann):
    assert "&lt;script&gt;" in await ann.save(NEEDLES, "<script>alert(1)</script>")
    assert (await ann.client.get(f"{HOME}?done=<script>")).status_code == 200
    assert (await ann.client.get(f"{SITE}/pages/nothing")).status_code == 404
    assert (await ann.client.get(f"{HOME}/passages/p-gone/phrasings")).status_code == 404


async def test_a_sheet_of_hundreds_of_questions_is_shown_in_parts(ann, store):
    page = await ann.page()
    for number in range(130):
        start = len(page.text) + 2
        fresh = replace(page.passages[0], passage_id=f"p-{number:03}", start=start, end=start + 8, heading=())
        page = replace(page, text=f"{page.text}\n\nword {number:03}", passages=(*page.passages, fresh))
    await store.content.save("kneecare", DOCUMENT, page.as_json(), author="test", reason="test")
    words = plain(await ann.get(HOME))
    assert "Passages 1 to 100 of" in words and "More passages" in words
    assert 'id="p-129"' in await ann.get(f"{HOME}?edit=p-129")
    assert 'id="p-129"' in await ann.get(f"{HOME}?start=100")
