"""What happens to a text on its way to visitors, on a real SQLite store; building and answering are stood in for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from index.builds.manifest import BuildRefused, verify
from kb.content import Phrasing
from kb.editing import EditRefused, replace_text
from kb.pages import Page
from kb.sites import new_site
from server.core.editing.edits import with_golden
from server.editing import (
    Actor,
    ApprovalRefused,
    Editing,
    GoldenRefused,
    NoSuchPage,
    PublicationRefused,
    SavedMeanwhile,
    SavingBusy,
    Seen,
)
from server.editing.comparing import FAULT as FAULT_IN_COMPARING
from server.editing.rebuilding import FAULT
from server.editing.saving import TRIES
from server.publishing import ChildBuildFailed
from server.storage import Store
from tests.server.web.editor.test_pages import DAY, DOCUMENT, NEEDLES, PAGE, Builder
from tests.server.web.stand_in import Opened, StandIn

ANN, BO = Actor("u-ann", "Ann Ruiz"), Actor("u-bo", "Bo Chen")
RIGHT = {"text": "What if I hate needles?", "label": "answer", "gold": ["3 different agents"]}
WRONG = {"text": "What does parking cost?", "label": "answer", "gold": ["free"]}


class Opener(StandIn):
    """Opens builds as the stand-in does, whole ones only, and notes which."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def open_build(self, folder: Path) -> Opened:
        verify(folder)
        self.opened.append(folder.name)
        return Opened.build(folder)


@pytest.fixture
def engine_name() -> str:
    """What is decided here does not depend on the engine: storage's own tests run on both."""
    return "sqlite"


@pytest.fixture
async def builder(store: Store, tmp_path: Path) -> Builder:
    builder = Builder(store, tmp_path / "var", "stand-in")
    await builder.seed()
    return builder


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def editing(store: Store, builder: Builder, opener: Opener) -> Editing:
    return Editing.of(store, builder, opener)


def saying(passage_id: str, words: str) -> Callable[[Page], Page]:
    return lambda page: replace_text(page, passage_id, words)


async def save(editing: Editing, passage_id: str, words: str, by: Actor = ANN, **more: Any) -> int:
    edit = saying(passage_id, words)
    return (await editing.saving.page("kneecare", PAGE, edit, by=by, reason="test", **more)).revision


async def page_of(store: Store) -> Page:
    latest = await store.content.latest("kneecare", DOCUMENT)
    assert latest is not None
    return Page.from_json(latest.body)


async def words_of(store: Store, passage_id: str) -> str:
    page = await page_of(store)
    return next(page.text_of(one) for one in page.passages if one.passage_id == passage_id)


async def done(store: Store) -> list[tuple[str, str, str, dict[str, Any]]]:
    """What was done to the site, oldest first: who, what, about what, in detail. Seeding is left out."""
    entries = (await store.audits("kneecare"))[::-1]
    return [(one.actor, one.action, one.about, dict(one.detail)) for one in entries if one.actor != "seed"]


# Saving


async def test_an_edit_is_a_revision_with_author_and_reason_and_is_audited(editing, store):
    assert await save(editing, NEEDLES, "Thin needles.") == 2
    latest = await store.content.latest("kneecare", DOCUMENT)
    assert (latest.author, latest.reason) == ("u-ann", "test")
    assert await words_of(store, NEEDLES) == "Thin needles."
    assert await done(store) == [("u-ann", "saved", DOCUMENT, {"revision": 2})]


async def test_an_edit_that_changes_nothing_is_not_saved(editing, store):
    assert await save(editing, NEEDLES, await words_of(store, NEEDLES)) == 1
    assert await done(store) == []


async def test_edits_of_two_passages_that_began_together_are_both_kept(editing, store):
    await save(editing, DAY, "Ten minutes.", BO, seen=Seen(1, DAY))
    await save(editing, NEEDLES, "Thin needles.", ANN, seen=Seen(1, NEEDLES))
    assert (await words_of(store, DAY), await words_of(store, NEEDLES)) == ("Ten minutes.", "Thin needles.")


async def test_an_edit_of_a_passage_that_was_changed_meanwhile_is_refused_with_what_stands_there(editing, store):
    await save(editing, NEEDLES, "Bo’s words.", BO)
    with pytest.raises(SavedMeanwhile) as refused:
        await save(editing, NEEDLES, "Ann’s words.", seen=Seen(1, NEEDLES))
    assert (refused.value.latest.author, refused.value.latest.revision) == ("u-bo", 2)
    assert await words_of(store, NEEDLES) == "Bo’s words."


async def test_an_edit_that_began_from_a_revision_there_never_was_is_refused(editing):
    with pytest.raises(SavedMeanwhile):
        await save(editing, NEEDLES, "Thin needles.", seen=Seen(7, NEEDLES))


async def stored_beside(store: Store, words: str) -> None:
    """Someone else's saving that comes between reading and writing."""
    page = replace_text(await page_of(store), DAY, words)
    await store.content.save("kneecare", DOCUMENT, page.as_json(), author="u-bo", reason="test")


@pytest.fixture
def busy(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`busy(n)`: others save the page just before each of the next n savings."""

    def make_busy(times: int) -> None:
        save, left = store.content.save, list(range(times))

        async def save_late(*arguments: Any, **more: Any) -> Any:
            if left:
                monkeypatch.setattr(store.content, "save", save)
                await stored_beside(store, f"Version {left.pop()}.")
                monkeypatch.setattr(store.content, "save", save_late)
            return await save(*arguments, **more)

        monkeypatch.setattr(store.content, "save", save_late)

    return make_busy


async def test_an_edit_that_someone_saves_into_is_made_again_on_their_text(editing, store, busy):
    busy(TRIES - 1)
    await save(editing, NEEDLES, "Thin needles.")
    assert (await words_of(store, DAY), await words_of(store, NEEDLES)) == ("Version 0.", "Thin needles.")


async def test_an_edit_that_others_save_into_again_and_again_is_given_up(editing, store, busy):
    busy(TRIES)
    with pytest.raises(SavingBusy, match="save again"):
        await save(editing, NEEDLES, "Thin needles.")
    assert await words_of(store, NEEDLES) != "Thin needles."


async def test_a_page_that_is_not_there_is_not_made(editing, store):
    with pytest.raises(NoSuchPage, match="choose another"):
        await editing.saving.page("kneecare", "nowhere", lambda page: page, by=ANN, reason="test")
    with pytest.raises(EditRefused):
        await save(editing, "p-gone", "x")
    assert await done(store) == []


async def test_the_first_phrasing_of_a_site_is_saved_and_an_edit_without_one_is_not(editing, store):
    assert await editing.saving.phrasings("hipcare", lambda some: some, by=ANN, reason="test") is None
    fresh = Phrasing("does it hurt", "p-1", "It may hurt.")
    await editing.saving.phrasings("hipcare", lambda some: [*some, fresh], by=ANN, reason="test")
    latest = await store.content.latest("hipcare", "phrasings")
    assert (latest.author, [Phrasing.from_json(one) for one in latest.body]) == ("u-ann", [fresh])


async def test_two_editors_choices_on_different_asks_both_stand(editing, store, busy, monkeypatch):
    def choose(ask: str, *passages: str):
        return lambda some: {**some, ask: passages}

    await editing.saving.checklist("kneecare", choose("what-it-is", NEEDLES), by=ANN, reason="test")
    late = [choose("what-it-is-for"), choose("what-it-is")]
    save = store.content.save

    async def save_late(*arguments, **more):
        if late:
            await editing.saving.checklist("kneecare", late.pop(), by=BO, reason="first")
        return await save(*arguments, **more)

    monkeypatch.setattr(store.content, "save", save_late)
    await editing.saving.checklist("kneecare", choose("who-it-suits", DAY), by=ANN, reason="test")
    latest = await store.content.latest("kneecare", "asks")
    assert {one["id"]: one["passages"] for one in latest.body} == {
        "what-it-is": [],
        "what-it-is-for": [],
        "who-it-suits": [DAY],
    }
    assert [one.about for one in (await store.audits("kneecare"))[:1]] == ["asks"]
    same = await editing.saving.checklist("kneecare", lambda some: some, by=ANN, reason="test")
    assert same == latest


# Rebuilding


async def test_a_rebuild_runs_once_at_a_time_and_its_end_is_audited(editing, store, builder):
    builder.pause = asyncio.Event()
    assert editing.rebuilding.start("kneecare", ANN) and not editing.rebuilding.start("kneecare", BO)
    await asyncio.sleep(0)
    job = editing.rebuilding.of("kneecare")
    assert (job.is_running, job.by, job.stage, job.percent) == (True, "Ann Ruiz", "Embedding your pages", 25)
    assert await done(store) == []
    builder.pause.set()
    await editing.rebuilding.wait("kneecare")
    job = editing.rebuilding.of("kneecare")
    assert (job.state, job.build) == ("done", (await builder.build_of_latest("kneecare")).build)
    assert await done(store) == [("u-ann", "built", job.build, {})]


async def test_a_rebuild_that_fails_says_why_and_another_may_begin(editing, store, builder):
    builder.fault = "There is no room left."
    editing.rebuilding.start("kneecare", ANN)
    await editing.rebuilding.wait("kneecare")
    assert (editing.rebuilding.of("kneecare").state, editing.rebuilding.of("kneecare").problem) == (
        "failed",
        "There is no room left.",
    )
    builder.fault = ""
    assert editing.rebuilding.start("kneecare", ANN)
    await editing.rebuilding.wait("kneecare")
    assert [action for _, action, _, _ in await done(store)] == ["built"]


async def test_a_fault_of_our_own_while_rebuilding_is_not_shown_in_its_own_words(editing, builder, monkeypatch):
    async def break_down(site: str, progress: Callable[[str, int, int], Awaitable[None]]) -> str:
        raise RuntimeError("a secret")

    monkeypatch.setattr(builder, "build_in_child", break_down)
    editing.rebuilding.start("kneecare", ANN)
    await editing.rebuilding.wait("kneecare")
    assert editing.rebuilding.of("kneecare").problem == FAULT


# The golden questions


async def give_golden(store: Store, *questions: Any) -> None:
    await store.content.save("kneecare", "golden", list(questions), author="seed", reason="test")


async def test_without_golden_questions_no_build_is_opened(editing, builder, opener):
    check = await editing.golden.check("kneecare", await builder.make("kneecare"))
    assert (check.answers, check.fault, opener.opened) == ((), "", [])


async def test_a_build_is_asked_once_until_it_or_the_questions_change(editing, store, builder, opener):
    first = await builder.make("kneecare")
    await give_golden(store, RIGHT, WRONG)
    check = await editing.golden.check("kneecare", first)
    assert [one.is_right for one in check.answers] == [True, False]
    assert check.fault == "1 of 2 golden questions goes wrong: “What does parking cost?”."
    assert await editing.golden.check("kneecare", first) is check
    assert opener.opened == [first]
    await give_golden(store, RIGHT)
    assert (await editing.golden.check("kneecare", first)).fault == ""
    await save(editing, NEEDLES, "Thin needles.")
    second = await builder.make("kneecare")
    assert "What if I hate needles?" in (await editing.golden.check("kneecare", second)).fault
    assert opener.opened == [first, first, second]


async def test_a_golden_question_that_cannot_be_read_goes_wrong(editing, store, builder):
    await give_golden(store, {"text": "Does it hurt?", "label": "no label"}, {"label": "answer"})
    check = await editing.golden.check("kneecare", await builder.make("kneecare"))
    assert [(one.text, one.is_right) for one in check.answers] == [("Does it hurt?", False), ("", False)]


async def test_a_build_that_cannot_be_opened_is_no_build_that_passes_and_is_asked_again(editing, store, builder):
    await give_golden(store, RIGHT)
    check = await editing.golden.check("kneecare", "a" * 64)
    assert check.answers == () and "could not be asked" in check.fault
    assert (await editing.golden.check("kneecare", await builder.make("kneecare"))).fault == ""


# Publishing


async def test_a_draft_goes_live_and_is_audited(editing, store, builder):
    draft = await builder.make("kneecare")
    publication = await editing.releasing.publish_draft("kneecare", draft, ANN)
    assert (publication.build, publication.by) == (draft, "Ann Ruiz")
    assert builder.current("kneecare") == draft
    assert await done(store) == [("u-ann", "published", draft, {})]


async def test_a_draft_that_is_not_the_latest_text_is_not_published(editing, store, builder):
    old = await builder.make("kneecare")
    await save(editing, NEEDLES, "Thin needles.")
    with pytest.raises(PublicationRefused, match="not been made ready"):
        await editing.releasing.publish_draft("kneecare", old, ANN)
    await builder.make("kneecare")
    with pytest.raises(PublicationRefused, match="changed after you opened this page"):
        await editing.releasing.publish_draft("kneecare", old, ANN)
    assert builder.current("kneecare") is None


async def test_a_text_that_is_being_rebuilt_is_waited_for(editing, builder):
    builder.pause = asyncio.Event()
    editing.rebuilding.start("kneecare", ANN)
    with pytest.raises(PublicationRefused, match="being made ready"):
        await editing.releasing.publish_draft("kneecare", "a" * 64, ANN)
    builder.pause.set()
    await editing.rebuilding.wait("kneecare")


async def test_a_site_without_pages_has_nothing_to_publish(editing, builder):
    site = new_site(site="hipcare", clinic="Hip", topic="hips", advocate="Sam", url="/hip", zone="America/Chicago")
    await builder.add_site(site)
    with pytest.raises(PublicationRefused, match="no page to publish"):
        await editing.releasing.publish_draft("hipcare", "a" * 64, ANN)


@pytest.mark.parametrize("waiver", ["", "  \n"])
async def test_a_build_that_golden_questions_speak_against_is_refused_by_name(editing, store, builder, waiver):
    await give_golden(store, RIGHT, WRONG)
    draft = await builder.make("kneecare")
    with pytest.raises(GoldenRefused) as refused:
        await editing.releasing.publish("kneecare", draft, ANN, waiver=waiver)
    words = str(refused.value)
    assert "“What does parking cost?”" in words and str(RIGHT["text"]) not in words
    assert f'advocate publish {draft[:12]} --site kneecare --anyway "reason"' in words
    assert builder.current("kneecare") is None
    assert await done(store) == []


async def test_a_reason_waives_the_golden_questions_and_is_audited(editing, store, builder):
    await give_golden(store, WRONG)
    draft = await builder.make("kneecare")
    await editing.releasing.publish("kneecare", draft, ANN, waiver=" parking comes next week ")
    assert builder.current("kneecare") == draft
    assert await done(store) == [
        ("u-ann", "published", draft, {"waived": "parking comes next week", "questions": [WRONG["text"]]})
    ]


async def test_a_reason_that_waived_nothing_is_not_audited_as_if_it_had(editing, store, builder):
    await give_golden(store, RIGHT)
    draft = await builder.make("kneecare")
    await editing.releasing.publish("kneecare", draft, ANN, waiver="to be sure")
    assert await done(store) == [("u-ann", "published", draft, {})]


async def test_no_reason_publishes_a_damaged_build(editing, store, builder):
    await give_golden(store, RIGHT)
    draft = await builder.make("kneecare")
    (builder.builds("kneecare").path(draft) / "pages.json").write_text("[]")
    with pytest.raises(GoldenRefused, match="could not be asked"):
        await editing.releasing.publish("kneecare", draft, ANN)
    with pytest.raises(BuildRefused, match="sha256"):
        await editing.releasing.publish("kneecare", draft, ANN, waiver="all the same")
    assert builder.current("kneecare") is None
    assert await done(store) == []


# Going back


@pytest.fixture
async def two_live(editing, builder) -> tuple[str, str]:
    """Two builds that were published, one after the other."""
    first = (await editing.releasing.publish("kneecare", await builder.make("kneecare"), ANN)).build
    await save(editing, NEEDLES, "Thin needles.")
    second = (await editing.releasing.publish("kneecare", await builder.make("kneecare"), ANN)).build
    return first, second


async def test_rolling_back_makes_the_build_before_current_again_and_is_audited(editing, store, builder, two_live):
    first, second = two_live
    assert (await editing.releasing.roll_back("kneecare", BO)).build == first == builder.current("kneecare")
    assert (await done(store))[-1] == ("u-bo", "rolled back", first, {"from": second})
    assert await words_of(store, NEEDLES) == "Thin needles."  # the text stays as it was edited


async def test_going_back_asks_no_golden_questions(editing, store, builder, opener, two_live):
    await give_golden(store, WRONG)
    await editing.releasing.go_back("kneecare", two_live[0], BO, seen=two_live[1])
    assert builder.current("kneecare") == two_live[0]
    assert opener.opened == []


async def test_there_is_no_going_back_from_the_first_build_or_to_one_that_was_never_live(editing, store, builder):
    first = (await editing.releasing.publish("kneecare", await builder.make("kneecare"), ANN)).build
    with pytest.raises(BuildRefused, match="no earlier published build"):
        await editing.releasing.roll_back("kneecare", BO)
    await save(editing, NEEDLES, "Thin needles.")
    draft = await builder.make("kneecare")
    with pytest.raises(PublicationRefused, match="never live"):
        await editing.releasing.go_back("kneecare", draft, BO, seen=first)
    assert builder.current("kneecare") == first
    assert "rolled back" not in [action for _, action, _, _ in await done(store)]


async def test_going_back_from_an_old_look_is_refused(editing, builder, two_live):
    first, second = two_live
    for seen in (first, None):
        with pytest.raises(PublicationRefused, match="Someone else put another version live"):
            await editing.releasing.go_back("kneecare", first, BO, seen=seen)
    assert builder.current("kneecare") == second


# What visitors will read differently, and the second person

ROSA = Actor("u-rosa", "Rosa Diaz")


@pytest.fixture
async def live(editing: Editing, builder: Builder) -> str:
    """The first build, live."""
    return (await editing.releasing.publish("kneecare", await builder.make("kneecare"), ANN)).build


@pytest.fixture
async def risky(store) -> str:
    """A passage of safety text, by id."""
    return next(one.passage_id for one in (await page_of(store)).passages if one.needs_note)


async def made(editing: Editing, by: Actor = ANN) -> str:
    """The latest text made ready and compared with what is live."""
    editing.rebuilding.start("kneecare", by)
    await editing.rebuilding.wait("kneecare")
    await editing.comparing.wait("kneecare")
    build: str = editing.rebuilding.of("kneecare").build
    return build


async def test_nothing_goes_live_before_it_is_known_what_reads_differently(editing, builder, live):
    await save(editing, NEEDLES, "Thin needles.")
    draft = await builder.make("kneecare")
    with pytest.raises(PublicationRefused, match="not known yet"):
        await editing.releasing.publish_draft("kneecare", draft, ANN)
    editing.comparing.start("kneecare", draft)
    await editing.comparing.wait("kneecare")
    await editing.releasing.publish_draft("kneecare", draft, ANN)
    assert builder.current("kneecare") == draft


async def test_every_question_that_reads_differently_is_found_and_no_other(editing, store, live):
    await give_golden(store, RIGHT, {"text": "What is a trigger point?", "label": "answer", "gold": ["x"]})
    await save(editing, NEEDLES, "Our physicians use four agents.")
    draft = await made(editing)
    comparison = editing.comparing.of("kneecare", draft)
    assert comparison.is_done and comparison.done == comparison.total > 2
    different = {asked.text.casefold().strip("?") for one in comparison.found for asked in one.asked}
    assert different == {"what if i hate needles"}  # as the test question, and as another way to ask
    [one] = comparison.found
    assert "3 different agents" in one.before.quotes[0].text
    assert one.after.quotes[0].text == "Our physicians use four agents."


async def test_a_comparison_is_of_one_draft_and_of_what_is_live_now(editing, live):
    await save(editing, NEEDLES, "Thin needles.")
    draft = await made(editing)
    assert editing.comparing.of("kneecare", draft).is_done
    assert editing.comparing.of("kneecare", live) is None
    await editing.releasing.publish_draft("kneecare", draft, ANN)
    assert editing.comparing.of("kneecare", draft) is None


async def test_a_comparison_that_fails_says_so_in_our_words_and_may_be_made_again(editing, live, monkeypatch):
    await save(editing, NEEDLES, "Thin needles.")
    draft = await made(editing)

    def fail(*_: object) -> None:
        raise RuntimeError("a visitor's words")

    monkeypatch.setattr("server.editing.comparing.differences", fail)
    editing.comparing._kept.clear()
    editing.comparing.start("kneecare", draft)
    await editing.comparing.wait("kneecare")
    assert editing.comparing.of("kneecare", draft).problem == FAULT_IN_COMPARING
    monkeypatch.undo()
    editing.comparing.start("kneecare", draft)
    await editing.comparing.wait("kneecare")
    assert editing.comparing.of("kneecare", draft).problem == ""


async def test_safety_text_goes_live_only_once_someone_else_has_approved_exactly_it(
    editing, store, builder, live, risky
):
    await save(editing, risky, "Relief is immediate.")
    draft = await made(editing)
    with pytest.raises(PublicationRefused, match="nobody but those who wrote it"):
        await editing.releasing.publish_draft("kneecare", draft, ANN, ticked=[risky])
    with pytest.raises(ApprovalRefused, match="yourself"):
        await editing.approving.approve("kneecare", draft, ANN, "")
    await editing.approving.approve("kneecare", draft, ROSA, "as agreed")
    second = await editing.approving.of("kneecare", draft)
    assert (second.risky, second.authors, second.approval.by) == ((risky,), {"u-ann"}, "u-rosa")
    with pytest.raises(PublicationRefused, match="each by itself"):
        await editing.releasing.publish_draft("kneecare", draft, ANN)

    await save(editing, risky, "Relief is immediate, always.")  # the approval was of other words
    other = await made(editing)
    with pytest.raises(PublicationRefused, match="nobody but those who wrote it"):
        await editing.releasing.publish_draft("kneecare", other, ANN, ticked=[risky])
    await save(editing, risky, "Relief is immediate.")
    await editing.releasing.publish_draft("kneecare", await made(editing), ANN, ticked=[risky])
    assert builder.current("kneecare") == draft
    assert ("u-rosa", "saved", f"approval:{draft}", {"revision": 1}) in await done(store)


async def test_whoever_wrote_any_of_what_is_not_live_cannot_approve_it(editing, live, risky):
    await save(editing, risky, "It may swell.", ANN)
    await save(editing, NEEDLES, "Thin needles.", ROSA)
    with pytest.raises(ApprovalRefused, match="yourself"):
        await editing.approving.approve("kneecare", await made(editing), ROSA, "")
    await editing.approving.approve("kneecare", await made(editing), BO, "")


async def test_what_is_planned_goes_live_when_its_day_begins_at_the_clinic(editing, store, builder, live, monkeypatch):
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    monkeypatch.setattr(store.database, "clock", lambda: now)
    await save(editing, NEEDLES, "Thin needles.")
    draft = await made(editing)
    with pytest.raises(PublicationRefused, match="after today"):
        await editing.planning.plan("kneecare", draft, date(2026, 3, 2), ANN)
    await editing.planning.plan("kneecare", draft, date(2026, 3, 4), ANN)
    await save(editing, DAY, "Eat nothing.")  # no part of what was planned
    for now, current in (  # noqa: B007 - the clock reads it
        (datetime(2026, 3, 4, 5, 59, tzinfo=UTC), live),  # a minute before midnight in Chicago
        (datetime(2026, 3, 4, 6, 0, tzinfo=UTC), draft),
    ):
        await editing.planning.publish_due()
        assert builder.current("kneecare") == current
    assert await editing.planning.of("kneecare") is None
    await editing.releasing.go_back("kneecare", live, BO, seen=draft)
    await editing.planning.publish_due()
    assert builder.current("kneecare") == live  # once, and never again


async def test_what_is_planned_does_not_go_live_where_another_text_did_or_its_second_person_is_gone(
    editing, store, builder, live, risky, monkeypatch
):
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    monkeypatch.setattr(store.database, "clock", lambda: now)
    await save(editing, risky, "It may be sore.")
    draft = await made(editing)
    with pytest.raises(PublicationRefused, match="nobody but those who wrote it"):
        await editing.planning.plan("kneecare", draft, date(2026, 3, 3), ANN, ticked=[risky])
    await editing.approving.switch("kneecare", off=True, by=BO, reason="one person")
    await editing.planning.plan("kneecare", draft, date(2026, 3, 3), ANN, ticked=[risky])
    await editing.approving.switch("kneecare", off=False, by=BO, reason="two again")
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    await editing.planning.publish_due()
    planned = await editing.planning.of("kneecare")
    assert builder.current("kneecare") == live and "nobody but those who wrote it" in planned.problem

    await editing.planning.cancel("kneecare", ANN)
    await editing.approving.switch("kneecare", off=True, by=BO, reason="one person")
    await editing.planning.plan("kneecare", draft, date(2026, 3, 4), ANN, ticked=[risky])
    await save(editing, NEEDLES, "Thin needles.")
    other = await made(editing)
    await editing.releasing.publish("kneecare", other, BO)
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    await editing.planning.publish_due()
    assert (
        builder.current("kneecare") == other
        and "Another text went live" in (await editing.planning.of("kneecare")).problem
    )


async def test_a_rebuild_and_the_asking_after_it_are_stopped_and_begun_again(editing, store, builder, live):
    await save(editing, NEEDLES, "Thin needles.")
    builder.pause = asyncio.Event()
    editing.rebuilding.start("kneecare", ANN)
    await asyncio.sleep(0)
    await editing.rebuilding.stop("kneecare", BO)
    await editing.rebuilding.wait("kneecare")
    assert editing.rebuilding.of("kneecare").state == "stopped"
    assert (await done(store))[-1][:2] == ("u-bo", "stopped rebuilding")
    builder.pause = None
    draft = await builder.make("kneecare")
    editing.comparing.start("kneecare", draft)
    editing.comparing.stop("kneecare", draft)
    await editing.comparing.wait("kneecare")
    stopped = editing.comparing.of("kneecare", draft)
    assert stopped.is_stopped and not stopped.is_done
    assert editing.comparing.start("kneecare", draft) == stopped  # looking at it begins nothing
    with pytest.raises(PublicationRefused, match="not known yet"):
        await editing.releasing.publish_draft("kneecare", draft, ANN)
    editing.comparing.start("kneecare", draft, again=True)
    await editing.comparing.wait("kneecare")
    assert editing.comparing.of("kneecare", draft).is_done


async def test_text_that_is_no_safety_text_needs_no_second_person(editing, live):
    await save(editing, NEEDLES, "Thin needles.")
    draft = await made(editing)
    assert not (await editing.approving.of("kneecare", draft)).is_asked
    with pytest.raises(ApprovalRefused, match="Nothing in this text"):
        await editing.approving.approve("kneecare", draft, ROSA, "")


async def test_a_one_person_clinic_may_do_without_the_second_and_says_who_decided_so(editing, builder, live, risky):
    with pytest.raises(ApprovalRefused, match="Say why"):
        await editing.approving.switch("kneecare", off=True, by=BO, reason=" ")
    await editing.approving.switch("kneecare", off=True, by=BO, reason="I am alone here")
    await save(editing, risky, "It may swell.")
    draft = await made(editing)
    second = await editing.approving.of("kneecare", draft)
    assert (second.is_missing, second.switched_off.by, second.switched_off.why) == (False, "u-bo", "I am alone here")
    with pytest.raises(PublicationRefused, match="each by itself"):
        await editing.releasing.publish_draft("kneecare", draft, ANN)
    await editing.releasing.publish_draft("kneecare", draft, ANN, ticked=[risky])
    await editing.approving.switch("kneecare", off=False, by=BO, reason="")
    assert await editing.approving.switched_off("kneecare") is None


async def test_a_build_that_the_reference_encoder_disowns_is_not_published(editing, builder, live, monkeypatch):
    async def differ(_site: str) -> str:
        raise ChildBuildFailed("the export differs")

    monkeypatch.setattr(builder, "check_in_child", differ)
    await save(editing, NEEDLES, "Thin needles.")
    draft = await made(editing)
    await editing.rebuilding.checked("kneecare")
    assert editing.rebuilding.of("kneecare").problem == "the export differs"
    with pytest.raises(PublicationRefused, match="damaged copy of the model"):
        await editing.releasing.publish_draft("kneecare", draft, ANN)
    assert builder.current("kneecare") == live


# The test questions


async def test_a_test_question_is_added_with_words_of_the_page_and_once(editing, store):
    def add(text: str, label: str = "answer", *gold: str) -> Callable[[list[Any]], list[Any]]:
        return lambda some: with_golden(some, {"text": text, "label": label, "gold": list(gold)}, words=["It is free."])

    await editing.saving.golden("kneecare", add("parking?", "answer", "is  free"), by=ANN, reason="test")
    for refused, why in (
        (add("Parking?", "answer", "free"), "already"),
        (add(""), "would type"),
        (add("cost?"), "some words"),
        (add("cost?", "answer", "forty dollars"), "No passage says"),
        (add("my knee is hot", "emergency", "free"), "Only a question that may be answered"),
    ):
        with pytest.raises(EditRefused, match=why):
            await editing.saving.golden("kneecare", refused, by=ANN, reason="test")
    await editing.saving.golden("kneecare", add("my knee is hot", "emergency"), by=ANN, reason="test")
    latest = await store.content.latest("kneecare", "golden")
    assert [one["text"] for one in latest.body] == ["parking?", "my knee is hot"]
