"""Importing into a site: nothing an editor saved is lost, and one page stays one page."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import pytest

from index.builds.withheld import Withheld, read_withheld
from kb.editing import EditRefused, replace_text
from kb.importing import ImportFailed
from kb.lines import ContentError
from kb.merging import Cause, Counts
from kb.pages import Page
from kb.sites import SITES, new_site
from server.editing.actors import Actor
from server.editing.saving import Saving
from server.importing import Importing, Withholding, as_picture, told, told_undecided
from server.rounds.watching import look_at
from server.storage import Store
from tests.kb.importing.test_following import CALL, clinic, html  # noqa: F401
from tests.server.test_keeping import advocate, run
from tests.server.web.editor.test_pages import Builder

ANN = Actor("ann", "Ann")
SITE = "hillside"
URL = "https://hillside.example/knees"
PAGE = "# Knees\n\n## Driving\n\nWait 24 hours before you drive.\n\n## Eating\n\nYou can eat as usual.\n"


@pytest.fixture
async def store(store: Store) -> Store:
    site = new_site(site=SITE, clinic="Hillside", topic="knees", advocate="Pat", url=URL, zone="America/Chicago")
    await store.content.save(SITE, "site", site.model_dump(mode="json"), author="test", reason="test")
    return store


@pytest.fixture
def importing(store: Store) -> Importing:
    return Importing(store)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


async def page(store: Store, page_id: str = "knees") -> Page:
    latest = await store.content.latest(SITE, f"page:{page_id}")
    assert latest is not None
    return Page.from_json(latest.body)


async def texts(store: Store, page_id: str = "knees") -> list[str]:
    found = await page(store, page_id)
    return [found.text_of(one) for one in found.passages]


async def edit(store: Store, old: str, new: str) -> None:
    found = await page(store)
    passage = next(one for one in found.passages if found.text_of(one) == old)
    await Saving(store.content).page(
        SITE, "knees", lambda one: replace_text(one, passage.passage_id, new), by=ANN, reason="clearer"
    )


async def pages(store: Store) -> list[str]:
    return [one.document for one in await store.content.documents(SITE) if one.document.startswith("page:")]


async def test_an_edit_outlives_the_import_of_the_same_file(store, importing, write):
    await importing.bring_in(write("knees.md", PAGE), SITE)
    await edit(store, "You can eat as usual.", "Eat what you like.")
    before = await page(store)
    again = await importing.bring_in(write("knees.md", PAGE), SITE)
    assert await page(store) == before
    assert again.merged.counts == Counts(same=1, kept=1)
    assert len(await store.content.history(SITE, "page:knees")) == 2  # nothing changed, so nothing was saved


async def test_changes_are_taken_conflicts_wait_and_the_command_says_where_to_decide(store, importing, write):
    await importing.bring_in(write("knees.md", PAGE), SITE)
    await edit(store, "Wait 24 hours before you drive.", "Wait two days.")
    newer = PAGE.replace("24", "48").replace(
        "You can eat as usual.\n", "You can eat as usual from the evening.\n\nDrink.\n"
    )
    brought = await importing.bring_in(write("knees.md", newer), SITE)
    assert await texts(store) == ["Wait two days.", "You can eat as usual from the evening.", "Drink."]
    said = told(brought, SITE)
    assert "1 changed at the source and taken, 1 new" in said
    assert "1 for a person to decide (1 changed here and at the source)" in said
    assert f"advocate decide --site {SITE}" in said and f"/editor/{SITE}/pages/knees" in said
    (waiting,) = await importing.undecided(SITE)
    listed = told_undecided([waiting])
    assert all(words in listed for words in ("Wait 24 hours", "Wait 48 hours", "Wait two days."))
    await importing.decide(SITE, waiting.waiting.passage_id, take=True, by=ANN)
    assert (await texts(store))[0] == "Wait 48 hours before you drive."
    assert await importing.undecided(SITE) == []
    assert told_undecided([]) == "Nothing waits for a decision."
    with pytest.raises(EditRefused, match="does not wait"):
        await importing.decide(SITE, waiting.waiting.passage_id, take=True, by=ANN)


async def test_what_vanished_stays_in_the_draft_until_a_person_lets_it_go(store, importing, write):
    await importing.bring_in(write("knees.md", PAGE), SITE)
    await importing.bring_in(write("knees.md", PAGE.partition("## Eating")[0]), SITE)
    (waiting,) = await importing.undecided(SITE)
    assert (waiting.waiting.cause, waiting.here and waiting.here.text) == (Cause.VANISHED, "You can eat as usual.")
    await importing.decide(SITE, waiting.waiting.passage_id, take=True, by=ANN)
    assert await texts(store) == ["Wait 24 hours before you drive."]


async def test_the_same_address_under_another_file_name_is_the_same_page(store, importing, write):
    await importing.bring_in(write("knees.md", PAGE), SITE, url=URL)
    await edit(store, "You can eat as usual.", "Eat what you like.")
    again = await importing.bring_in(
        write("Copy of knees (2).md", PAGE), SITE, url=URL.replace("https://", "http://www.") + "/"
    )
    assert await pages(store) == ["page:knees"]
    assert again.page.page_id == "knees" and again.merged.counts == Counts(same=1, kept=1)
    assert (await texts(store))[1] == "Eat what you like."


async def test_another_address_under_the_same_file_name_is_another_page(store, importing, write):
    await importing.bring_in(write("index.md", PAGE), SITE, url=URL)
    await importing.bring_in(write("index.md", PAGE.replace("24", "48")), SITE, url="https://hillside.example/hips")
    assert await pages(store) == ["page:index", "page:index-2"]
    ids = [one.passage_id for name in ("index", "index-2") for one in (await page(store, name)).passages]
    assert len(set(ids)) == len(ids)


async def test_a_page_imported_before_the_last_import_was_kept_is_compared_with_that_revision(store, importing, write):
    await importing.bring_in(write("old.md", PAGE), SITE)
    first = {**(await page(store, "old")).as_json(), "page_id": "knees"}
    await store.content.save(SITE, "page:knees", first, author="import", reason="imported knees.md")
    await edit(store, "You can eat as usual.", "Eat what you like.")
    again = await importing.bring_in(write("knees.md", PAGE.replace("24", "48")), SITE)
    assert again.merged.counts == Counts(taken=1, kept=1)


async def test_an_edit_saved_during_an_import_is_compared_too(store, importing, write, monkeypatch):
    await importing.bring_in(write("knees.md", PAGE), SITE)
    documents = store.content.documents

    async def edited_meanwhile(site: str):
        found = await documents(site)
        monkeypatch.undo()
        await edit(store, "You can eat as usual.", "Eat what you like.")
        return found

    monkeypatch.setattr(store.content, "documents", edited_meanwhile)
    await importing.bring_in(write("knees.md", PAGE.replace("24", "48")), SITE)
    assert await texts(store) == ["Wait 48 hours before you drive.", "Eat what you like."]


async def test_a_dry_run_stores_nothing(store, importing, write):
    brought = await importing.bring_in(write("knees.md", PAGE), SITE, is_dry=True)
    assert brought.is_new and len(brought.page.passages) == 2
    assert await pages(store) == []
    said = told(brought, SITE, is_dry=True)
    assert "100% can be quoted" in said and said.endswith("Nothing was stored: a dry run.")


async def test_much_that_is_in_no_passage_is_warned_of_and_coloured(store, importing, write):
    menu = "".join(f"<li><a href=/{n}>Our service number {n}</a></li>" for n in range(30))
    html = f"<nav><ul>{menu}</ul></nav><main><h1>Knees</h1><p>Wait 24 hours before you &amp; yours drive.</p></main>"
    brought = await importing.bring_in(write("knees.html", html), SITE)
    assert "WARNING: much of this source is in no passage" in told(brought, SITE)
    picture = as_picture([brought])
    assert 'class="piece quoted">Wait 24 hours before you &amp; yours drive.<' in picture
    assert re.search(r'class="piece left-out"><small>left out[^<]*</small>[^<]*Our service number 7', picture)
    assert "<script" not in picture and "http" not in picture.replace(URL, "")


async def test_what_cannot_be_imported_is_refused_and_leaves_nothing(store, importing, write):
    with pytest.raises(ContentError, match="no site 'elsewhere'"):
        await importing.bring_in(write("knees.md", PAGE), "elsewhere")
    with pytest.raises(ImportFailed, match="no text found"):
        await importing.bring_in(write("knees.md", "# Knees\n"), SITE)
    assert [one.document for one in await store.content.documents(SITE)] == ["site"]


async def test_the_command_tells_what_came_of_an_import_and_settles_what_waits(tmp_path):
    data_dir, copy, picture = tmp_path / "var", tmp_path / "trigger-point-injections.md", tmp_path / "picture.html"
    source = (SITES / "kneecare" / "pages" / copy.name).read_text()
    copy.write_text(source)
    same = await advocate(data_dir, "import", copy, "--site", "kneecare")
    assert same.status == 0 and " the same), “Trigger Point Injections" in same.out, same
    dry = await advocate(data_dir, "import", copy, "--site", "kneecare", "--dry-run", "--report", picture)
    assert "Nothing was stored" in dry.out and "needles" in picture.read_text()
    copy.write_text(source[: source.rindex("\n\n###")])
    shorter = await advocate(data_dir, "import", copy, "--site", "kneecare")
    assert "2 for a person to decide (2 no longer at the source)" in shorter.out
    for listed in (await advocate(data_dir, "decide")).out.split("\n\n"):
        assert "in the draft of “Trigger" in (await advocate(data_dir, "decide", listed.split()[0], "--keep")).out
    assert "Nothing waits" in (await advocate(data_dir, "decide")).out
    assert (await advocate(data_dir, "decide", "--keep")).status == 2


FAQ = """
Where do I park?|Behind the house, free of charge.
Which bus stops near you?|Bus 11 stops at the gate.
Do you have an elevator?|Yes, it is beside the entrance.
Can I use a wheelchair inside?|Yes, all doors are wide enough.
What are your hours?|We are open from 8 to 5 on weekdays.
Do you work on Saturdays?|From 9 to 12.
How do I cancel?|Call us a day before.
What if I am late?|We wait for ten minutes.
Do I need a referral?|Yes, from your family doctor.
Which papers do I bring?|Your insurance card and the referral.
Can a friend come along?|Yes, one person may sit with you.
Is there somewhere to eat?|There is a bakery across the street.
Do you have wifi?|Yes, ask for the password at the desk.
How do I pay?|By card or in cash.
What does a first visit cost?|A first visit costs 120 dollars.
Do you send a bill?|Yes, within two weeks.
Which languages do you speak?|English, Spanish and Polish.
Can I have an interpreter?|Yes, tell us three days before.
How long does a hearing test take?|About forty minutes.
Should my ears be clean for it?|Have wax removed a week before.
Do I sit in a dark room?|No, in a quiet booth with a window.
What do I press in the booth?|A button, whenever you hear a tone.
Are headphones used?|Yes, and a small clip behind the ear.
Can I try hearing aids at home?|Yes, for two weeks.
What if a hearing aid whistles?|Bring it in, we fit it again.
How often do batteries last?|About ten days.
Can I shower with hearing aids?|No. Take them out before.
Do you repair old devices?|Yes, of all makers.
When do I get my results?|At once, on paper.
Who sees my results?|Only you and your doctor.
"""


def test_a_faq_of_thirty_questions_answers_its_first_visitor_after_one_command(tmp_path, models, kneecare_data_dir):
    pairs = [line.split("|") for line in FAQ.strip().split("\n")]
    folds = "".join(f"<details><summary>{question}</summary><p>{answer}</p></details>" for question, answer in pairs)
    (tmp_path / "faq.html").write_text(f"<body><main><h1>Questions</h1>{folds}</main></body>")
    data_dir = tmp_path / "var"
    data_dir.mkdir()
    (data_dir / "models").symlink_to(models)
    about = ("--clinic", "Hill", "--topic", "hearing", "--advocate", "Pat", "--url", "https://hill.example/")
    assert run(data_dir, "init", "hill", *about).status == 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    question = ("--ask", "Which bus stops near you?")
    command = [sys.executable, "-m", "server.cli", "import", str(tmp_path / "faq.html"), "--site", "hill", *question]
    environment = {**os.environ, "ADVOCATE_DATA_DIR": str(data_dir), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "30 passages" in done.stdout and "Bus 11 stops at the gate." in done.stdout, done
    # Seconds of a processor, which a busy machine does not stretch: fewer than two minutes hold.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 120


async def test_a_whole_site_comes_in_page_by_page_and_what_its_pages_share_is_told_once(clinic, tmp_path):  # noqa: F811
    end = f"<h2>Visit</h2><p>{CALL}</p>"
    clinic.pages = {
        path: html(title, "/knees", "/hips", "/feet").replace("</main>", f"{end}</main>")
        for path, title in {"/": "Home", "/knees": "Knees", "/hips": "Hips", "/feet": "Feet"}.items()
    }
    data_dir = tmp_path / "var"
    arguments = ("import", f"{clinic.url}/", "--site", "kneecare", "--follow", "--wait", "0")
    assert "private network" in (await advocate(data_dir, *arguments)).err
    with patch.dict(os.environ, ADVOCATE_IMPORT_PRIVATE="on"):
        done = await advocate(data_dir, *arguments)
        again = await advocate(data_dir, *arguments)
    assert done.status == 0, done
    assert "4 pages read." in done.out and done.out.count(CALL) == 1
    assert f"on 4 pages, kept on “Home” alone: {CALL}" in done.out
    assert "reading pages" in done.err
    assert again.out.count(" the same), ") == 4 and "decide" not in again.out
    assert (await advocate(data_dir, "import", "page.md", "--site", "kneecare", "--follow")).status == 2


KNEES = "<main><h1>Knees</h1><h2>Driving</h2><p>Wait 24 hours before you drive.</p><h2>Eating</h2><p>Eat as usual.</p></main>"


@dataclass
class Site:
    """A site whose page came from a website, and is live as it came."""

    store: Store
    publisher: Builder
    importing: Importing

    @property
    def withholding(self) -> Withholding:
        return Withholding(self.store, self.publisher, self.importing)

    @property
    def withheld(self) -> Withheld:
        return read_withheld(self.publisher.builds(SITE).folder)

    async def publish(self) -> None:
        await self.publisher.travelling.publish(SITE, await self.publisher.make(SITE), "Ann")
        await self.withholding.follow()

    async def look(self) -> str:
        """Compare the page, and what came of it."""
        watched = await self.store.watched.take(timedelta(0))
        assert watched is not None
        await look_at(watched, self.store, self.importing, self.withholding)
        return (await self.store.watched.of(SITE))[watched.page_id].problem

    async def decide(self, passage_id: str, *, take: bool) -> None:
        await self.importing.decide(SITE, passage_id, take=take, by=ANN)
        await self.withholding.refresh(SITE, kept=() if take else (passage_id,))


async def test_what_changed_on_the_clinics_page_is_not_quoted_until_a_person_has_decided_and_published(
    clinic,  # noqa: F811
    store,
    tmp_path,
):
    site = Site(store, Builder(store, tmp_path / "var", "model"), Importing(store, allow_private=True))
    clinic.pages["/knees"] = KNEES
    brought = await site.importing.bring_in(f"{clinic.url}/knees", SITE, by=ANN)
    driving, eating = (one.passage_id for one in brought.page.passages)
    await site.publish()
    assert await site.look() == "" and site.withheld == {}

    clinic.pages["/knees"] = KNEES.replace("24", "48")
    assert await site.look() == "" and await site.look() == ""
    assert site.withheld == {driving: sha256(b"Wait 48 hours before you drive.").hexdigest()}
    assert await page(store) == brought.page  # nothing of the text here was touched
    assert [one.waiting.cause for one in await site.importing.undecided(SITE)] == [Cause.THERE]
    await Saving(store.content).page(
        SITE, "knees", lambda one: replace_text(one, driving, "Ask us when you may drive."), by=ANN, reason="softer"
    )
    await site.publish()  # other words than there, and nobody said that they may stay
    assert list(site.withheld) == [driving]
    await site.decide(driving, take=True)
    assert list(site.withheld) == [driving]  # what is live is not what was decided
    await site.publish()
    assert site.withheld == {} and await site.look() == ""

    clinic.pages["/knees"] = KNEES.replace("24", "48").replace("<p>Eat as usual.</p>", "<p>Come back for lunch.</p>")
    await site.look()
    assert site.withheld == {eating: None}
    await site.decide(eating, take=False)
    assert site.withheld == {} and await site.look() == "" and site.withheld == {}


async def test_a_page_that_is_gone_is_not_quoted_and_one_that_cannot_be_read_stays_as_it_is(clinic, store, tmp_path):  # noqa: F811
    site = Site(store, Builder(store, tmp_path / "var", "model"), Importing(store, allow_private=True))
    clinic.pages["/knees"] = KNEES
    brought = await site.importing.bring_in(f"{clinic.url}/knees", SITE, by=ANN)
    await site.publish()
    clinic.status["/knees"] = 503
    assert "503" in await site.look() and site.withheld == {}
    clinic.status["/knees"] = 404
    assert "gone" in await site.look()
    assert site.withheld == {one.passage_id: None for one in brought.page.passages}
    clinic.status["/knees"] = 200
    assert await site.look() == "" and site.withheld == {}
    private = Site(store, site.publisher, Importing(store))
    assert "private network" in await private.look()


async def test_a_page_is_compared_once_in_a_while_by_one_process_alone_and_one_from_a_file_never(store, write):
    await store.watched.watch(SITE, "knees", "https://hillside.example/knees")
    assert await store.watched.take(timedelta(hours=1)) is None
    taken = await store.watched.take(timedelta(0))
    assert taken is not None and taken.address == "https://hillside.example/knees"
    await store.watched.settle(SITE, "knees", "it was away")
    assert (await store.watched.of(SITE))["knees"].problem == "it was away"
    await Importing(store).bring_in(write("knees.md", PAGE), SITE)
    assert await store.watched.of(SITE) == {}
