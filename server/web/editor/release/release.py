"""What the pages around publishing show: the rebuild, the last look before publishing, and what was live when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from index.builds.manifest import BuildRefused, Manifest, read_manifest
from index.builds.publish import Publication
from kb.pages import Page
from server.core.editing.publication import refuse_text
from server.editing import GoldenCheck, Job, Plan, Second
from server.editing.saving import PAGE
from server.storage import Revision
from server.web.editor.frame import frame_of
from server.web.editor.reading import SiteText, Visit, changed_by, read_text
from server.web.editor.release.comparing import compared_view
from server.web.editor.release.golden import golden_row
from server.web.editor.release.release_screens import (
    BuildScreen,
    FigureRow,
    HistoryScreen,
    PublicationRow,
    PublishScreen,
    RevisionRow,
    RevisionsScreen,
    SavingRow,
)
from server.web.editor.release.second import second_view
from server.web.editor.terms import job_words, names_of
from server.web.editor.text.changes import changes_between, page_details, shortened_change
from server.web.editor.text.lint import linted
from server.web.words.moments import date_in_words, moment
from server.web.words.wording import counted

SHOWN_SAVINGS = 30
SHOWN_REVISIONS = 30
COUNTED = {"pages": "Pages", "passages": "Passages that can be quoted", "phrasings": "Other ways visitors ask"}
DOCUMENTS = {
    "asks": "What visitors ask",
    "asks-struck": "What visitors ask",
    "phrasings": "Other ways visitors ask",
    "site": "Settings",
    "examples": "Example questions",
    "golden": "Test questions",
}


async def build_screen(visit: Visit) -> BuildScreen:
    text = await read_text(visit)
    job = text.job
    return BuildScreen(
        frame=frame_of(visit, text, here=""),
        state=job.state if job and _is_news(job, text) else "none",
        words=job_words(job) if job else "",
        percent=job.percent if job else None,
        problem=job.problem if job else "",
        by=job.by if job else "",
        started=moment(job.started_at, visit.site.zone) if job else "",
        progress_url=f"{visit.url}/build/progress",
    )


def _is_news(job: Job, text: SiteText) -> bool:
    """Whether how a rebuild ended still tells of the text as it is now."""
    return job.is_running or (job.state == "done") == (text.built is not None)


async def publish_screen(visit: Visit, *, reason_problem: str = "", refusal: str = "", done: str = "") -> PublishScreen:
    """Everything to look through before publishing, from top to bottom. What is still to be asked is begun."""
    text = await read_text(visit)
    draft = text.draft.build if text.draft else ""
    comparison = visit.editing.comparing.start(visit.name, draft) if draft else None
    is_asking = comparison is not None and not comparison.is_done
    check = await visit.editing.golden.check(visit.name, draft) if draft and not is_asking else GoldenCheck()
    second = await visit.editing.approving.of(visit.name, draft) if draft else Second()
    names = names_of(await visit.parts.store.staff.users())
    new, gone = text.phrasing_changes
    return PublishScreen(
        frame=frame_of(visit, text, here="Publish", done=done),
        planned=_planned(await visit.editing.planning.of(visit.name), text),
        tomorrow_iso=(datetime.now(ZoneInfo(visit.site.zone)).date() + timedelta(days=1)).isoformat(),
        refusal=refusal or refuse_text(text.standing) or "",
        can_rebuild=text.built is None and not (text.job and text.job.is_running),
        build=text.draft.build if text.draft else "",
        changes=tuple(one if one.passage_id in second.risky else shortened_change(one) for one in text.changes),
        page_changes=text.page_changes,
        new_phrasings=tuple(one.text for one in new),
        gone_phrasings=tuple(one.text for one in gone),
        choices=counted(text.choices_changed, "question", "questions") if text.choices_changed else "",
        golden=tuple(map(golden_row, check.answers)),
        golden_right=sum(one.is_right for one in check.answers),
        golden_problem=f"The test questions could not be asked: {check.problem}" if check.problem else "",
        figures=_figures(text),
        savings=await _savings(visit, text),
        me=visit.staff.user.name,
        is_first=text.current is None,
        needs_reason=bool(check.fault),
        reason_problem=reason_problem,
        compared=compared_view(comparison, is_first=text.current is None),
        risky=second.risky,
        second=second_view(visit, second, names, can_publish=bool(draft)),
        can_publish=visit.may_edit and not is_asking and not second.is_missing,
        to_check=await _to_check(visit, text),
    )


def _planned(plan: Plan | None, text: SiteText) -> str:
    """What goes live by itself, in words; empty where nothing does."""
    if plan is None:
        return ""
    day = date_in_words(plan.day, "en")
    if plan.problem:
        return f"What {plan.name} planned for {day} did not go live. {plan.problem}"
    is_this = text.draft is not None and text.draft.build == plan.build
    rest = "" if is_this else " What was changed since is no part of it."
    return f"{plan.name} planned that {'this text' if is_this else 'a text'} goes live when {day} begins.{rest}"


async def _to_check(visit: Visit, text: SiteText) -> str:
    """How many things lint found are neither put right nor accepted, in words."""
    count = len((await linted(visit, text)).open)
    return counted(count, "thing", "things") if count else ""


def _figures(text: SiteText) -> tuple[FigureRow, ...]:
    return tuple(
        FigureRow(words, _count(text.current, name), _count(text.built, name)) for name, words in COUNTED.items()
    )


def _count(build: Manifest | None, name: str) -> str:
    return f"{build.counts.get(name, 0):,}" if build else "none yet"


async def _savings(visit: Visit, text: SiteText) -> tuple[SavingRow, ...]:
    names = names_of(await visit.parts.store.staff.users())
    titles = {page.page_id: page.title for page in text.pages}
    return tuple(
        SavingRow(
            who=names.get(one.author, one.author),
            when=moment(one.at, visit.site.zone),
            what=_document_words(one.document, titles),
            why=one.reason,
        )
        for one in (await changed_by(visit, text))[:SHOWN_SAVINGS]
    )


def _document_words(document: str, titles: dict[str, str]) -> str:
    page_id = document.removeprefix(PAGE)
    return titles.get(page_id, DOCUMENTS.get(document, page_id))


async def history_screen(visit: Visit, *, done: str = "", problem: str = "") -> HistoryScreen:
    """What was live, and when, newest first."""
    text = await read_text(visit)
    published = _publications(visit)
    names = names_of(await visit.parts.store.staff.users())
    current = published[0].build if published else ""
    rows = [_publication_row(visit, one, names, current) for one in published]
    if rows:
        live, every = await visit.publisher.travelling.spread(visit.name, current)
        words = f"Live on {live} of {every} servers" if every > 1 else "Live now"
        rows[0] = replace(rows[0], is_current=True, live=words, is_everywhere=live == every)
    return HistoryScreen(
        frame_of(visit, text, here="History", done=done), tuple(rows), f"{visit.url}/history", current, problem
    )


def _publication_row(visit: Visit, one: Publication, names: Mapping[str, str], current: str) -> PublicationRow:
    summary = _summary(visit, one.build)
    return PublicationRow(
        when=moment(one.at, visit.site.zone),
        who=names.get(one.by, one.by),
        build=one.build,
        summary=summary or "No longer kept",
        is_current=False,
        is_kept=one.build != current and bool(summary),
    )


def _publications(visit: Visit) -> list[Publication]:
    try:
        return visit.publisher.builds(visit.name).publications()[::-1]
    except BuildRefused:
        return []


def _summary(visit: Visit, build: str) -> str:
    """What a version holds, in words; empty when it is not kept any more."""
    try:
        counts = read_manifest(visit.publisher.builds(visit.name).path(build)).counts
    except BuildRefused:
        return ""
    passages, asked = counts.get("passages", 0), counts.get("phrasings", 0)
    return f"{passages:,} passages, {asked:,} other ways to ask"


async def revisions_screen(visit: Visit, page_id: str, *, before: int | None) -> RevisionsScreen:
    """The revisions of a page, newest first, each with what it changed."""
    text = await read_text(visit)
    page = text.page(page_id)
    history = await visit.parts.store.content.history(visit.name, PAGE + page_id)
    names = names_of(await visit.parts.store.staff.users())
    wanted = [one for one in history if before is None or one.revision < before][: SHOWN_REVISIONS + 1]
    pairs = zip(wanted, [*wanted[1:], None], strict=True)
    rows = [_revision_row(now, was, names.get(now.author, now.author), visit.site.zone) for now, was in pairs]
    older = rows[SHOWN_REVISIONS - 1].number if len(wanted) > SHOWN_REVISIONS else 0
    url = f"{visit.url}/pages/{page_id}"
    frame = frame_of(visit, text, here="")
    return RevisionsScreen(frame, page.title, tuple(rows[:SHOWN_REVISIONS]), older, url)


def _revision_row(now: Revision, was: Revision | None, who: str, zone: str) -> RevisionRow:
    after = [Page.from_json(now.body)]
    before = [Page.from_json(was.body)] if was else after
    return RevisionRow(
        number=now.revision,
        who=who,
        when=moment(now.at, zone),
        why=now.reason,
        changes=changes_between(before, after),
        page_changes=page_details(before, after),
    )
