"""The `advocate` command. Progress goes to stderr; stdout holds results alone."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from kb import DEFAULT_SITE
from kb.errors import AdvocateError

if TYPE_CHECKING:  # each command imports what it works with: `advocate --help` is asked more often than any
    from collections.abc import AsyncIterator, Coroutine

    from index.builds.build import Progress
    from server.answers.assistant import Assistant
    from server.editing import Editing
    from server.publishing import Publisher
    from server.settings import Settings
    from server.storage.store import Store

T = TypeVar("T")
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
user_app = typer.Typer(no_args_is_help=True, help="Staff who sign in.")
app.add_typer(user_app, name="user")

FIRST_BUILD = "the site's first build: nothing was live before it"

SiteOption = Annotated[str, typer.Option("--site", help="The site's name.")]
BuildOption = Annotated[Path | None, typer.Option("--build", help="Answer from this build folder instead of a site.")]


def main() -> None:
    """Run the command; an error to be handled is told in one line, with exit status 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app()
    except AdvocateError as error:
        print(f"advocate: {error}", file=sys.stderr)
        raise SystemExit(2) from error


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes; more than one needs PostgreSQL.")] = None,
) -> None:
    """Serve the widget, the desk and the editor."""
    from server.web.serving import run

    given = {"host": host, "port": port, "workers": workers}
    settings = _settings(**{name: value for name, value in given.items() if value is not None})
    _run(_reach(settings))
    if _lacks_build(settings, DEFAULT_SITE):
        # In a process of its own: the server itself never holds torch.
        done = subprocess.run([sys.executable, "-m", "server.cli", "build"], stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
    _run(_welcome(settings))
    run(settings)


@app.command()
def build(
    site: Annotated[str | None, typer.Option("--site", help="Build this site's latest content.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Make the build current.")] = False,
    source: Annotated[Path | None, typer.Option("--from", help="Build a folder instead of a site.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="With --from: the build folder to write.")] = None,
    progress: Annotated[str, typer.Option(help="bar, or json: one object a line.")] = "bar",
    draft: Annotated[bool, typer.Option("--draft", help="Never publish, not even a first build.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Embed what is new by the exported encoder alone.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Build nothing: compare what was built quickly.")] = False,
) -> None:
    """Build an index. The last line of stdout is the build's id."""
    if (source is None) != (out is None) or (source is not None and (site is not None or publish)):
        raise typer.BadParameter("give --from DIR with --out DIR, or --site S with or without --publish")
    from server.progress import shown_progress

    settings = _settings()
    with shown_progress(progress) as show:
        if source is not None and out is not None:
            from server.publishing import build_folder

            print(build_folder(source, out, settings, show).build)
        else:
            how = _How(publish=publish, draft=draft, quick=quick, check=check)
            print(_run(_build_site(settings, site or DEFAULT_SITE, how, show)))


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="What the visitor says.")] = None,
    history: Annotated[list[str] | None, typer.Option(help="An earlier visitor message; may be repeated.")] = None,
    site: SiteOption = DEFAULT_SITE,
    build_dir: BuildOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False,
    trace: Annotated[bool, typer.Option(help="Include why.")] = False,
    batch: Annotated[Path | None, typer.Option(help="Answer a file of questions, one JSON object a line.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --batch: where the replies go.")] = None,
) -> None:
    """Ask a question, or a file of them. Deciding alerts nobody."""
    from server.answers import asking

    if (batch is None) != (out is None) or (batch is None) == (text is None):
        raise typer.BadParameter("give a question, or --batch IN.jsonl with --out OUT.jsonl")
    assistant = _assistant(_settings(), site, build_dir)
    if batch is not None and out is not None:
        print(f"{asking.answer_file(assistant, batch, out, trace=trace)} replies written to {out}", file=sys.stderr)
        return
    reply = asking.answer_line(assistant, {"text": text, "history": history or []})
    in_json = json.dumps(reply.as_json(trace=trace), ensure_ascii=False, indent=2)
    print(in_json if as_json else asking.as_text(reply, trace=trace))


@app.command()
def asks(
    site: SiteOption = DEFAULT_SITE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    take: Annotated[
        Path | None, typer.Option(help='Save choices: lines of {"id", "passages"}; [] where the page does not say.')
    ] = None,
) -> None:
    """List what visitors ask any clinic, with the passages that would answer it; or take an editor's choices."""
    if take is not None and as_json:
        raise typer.BadParameter("give --json to list, or --take FILE to save choices")
    from server.asks import as_lines, as_text, read_asks, take_choices

    async def show(_store: Store, publisher: Publisher) -> str:
        rows = await read_asks(publisher, site)
        return as_lines(rows) if as_json else as_text(rows, await publisher.content(site), site)

    if take is not None:
        print(_with_editing(lambda editing, publisher: take_choices(editing.saving, publisher, site, take)))
        return
    settings = _settings()
    if _lacks_build(settings, site):
        _run(_prepare(settings, site=site))
    print(_with_publisher(show))


@app.command("eval")
def evaluate(
    file: Annotated[Path, typer.Argument(help="Labelled questions, one JSON object a line.")],
    site: SiteOption = DEFAULT_SITE,
    build_dir: BuildOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page.")] = None,
) -> None:
    """Ask labelled questions and print the policy's figures."""
    from server.figures import evaluation
    from server.figures.reporting import as_page, as_table

    questions = evaluation.load_questions(file)
    assistant = _assistant(_settings(), site, build_dir)
    report = evaluation.report(evaluation.evaluate(questions, assistant))
    if html is not None:
        html.write_text(as_page(report, str(file.name)), encoding="utf-8")
    print(json.dumps(report, ensure_ascii=False, indent=2) if as_json else as_table(report))


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="A web address or a file.")],
    site: SiteOption,
    url: Annotated[str, typer.Option(help="The address visitors open, when the source is a file.")] = "",
    columns: Annotated[str, typer.Option(help="A sheet's columns, such as “Topic,What we say”.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come in; store nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the page with its parts coloured, as HTML.")] = None,
    is_site: Annotated[bool, typer.Option("--follow", help="Read the pages of the whole web site.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="With --follow: how many pages at most.")] = 50,
    wait: Annotated[float, typer.Option(min=0, help="With --follow: seconds between two requests.")] = 1.0,
    question: Annotated[
        str, typer.Option("--ask", help="Build what came in, and show what a visitor gets who asks this.")
    ] = "",
) -> None:
    """Bring a page, a document or a sheet of questions into a site, as a draft. What was edited here is never overwritten."""
    from kb.importing import Politeness
    from server.importing import Importing, Withholding, as_picture, told, told_site
    from server.progress import shown_progress

    settings = _settings()
    heads = tuple(one.strip() for one in columns.split(",")) if columns else ()
    if is_site and not source.casefold().startswith(("http://", "https://")):
        raise typer.BadParameter("--follow needs a web address, such as https://www.hillside.example/")
    if question and dry_run:
        raise typer.BadParameter("--ask needs what came in: leave --dry-run out")

    async def run(store: Store, publisher: Publisher) -> str:
        importing = Importing(store, allow_private=settings.import_private == "on")
        if is_site:
            how = Politeness(limit=limit, wait_s=wait)
            with shown_progress("bar") as show:
                followed = await importing.follow(
                    source, site, how, progress=lambda done, total: show("reading pages", done, total), is_dry=dry_run
                )
            brought, said = list(followed.pages), told_site(followed, site, is_dry=dry_run)
        else:
            brought = [await importing.bring_in(source, site, url=url, columns=heads, is_dry=dry_run)]
            said = told(brought[0], site, is_dry=dry_run)
        if not dry_run:
            await Withholding(store, publisher, importing).refresh(site)
        if report is not None:
            report.write_text(as_picture(brought), encoding="utf-8")
        return said

    print(_with_publisher(run))
    if question:
        print(f"\n{_answer_of_a_new_build(settings, site, question)}")


@app.command()
def decide(
    passage: Annotated[str | None, typer.Argument(help="The passage's id; without one, what waits is listed.")] = None,
    site: SiteOption = DEFAULT_SITE,
    take: Annotated[bool | None, typer.Option("--take/--keep", help="As its source has it, or as it is here.")] = None,
) -> None:
    """List or settle what an import left for a person: changed here and at the source, or gone from the source."""
    from server.editing import COMMAND_LINE
    from server.importing import Importing, Withholding, told_undecided

    if (passage is None) != (take is None):
        raise typer.BadParameter("give a passage's id with --take or --keep, or neither to see what waits")

    async def run(store: Store, publisher: Publisher) -> str:
        importing = Importing(store)
        if passage is not None and take is not None:
            page = await importing.decide(site, passage, take=take, by=COMMAND_LINE)
            await Withholding(store, publisher, importing).refresh(site, kept=() if take else (passage,))
            return f"{passage}: {'as its source has it' if take else 'as it is here'}, in the draft of “{page.title}”."
        return told_undecided(await importing.undecided(site))

    print(_with_publisher(run))


@app.command()
def init(
    site: Annotated[str, typer.Argument(help="A short name, such as hillside.")],
    clinic: Annotated[str, typer.Option(prompt="The clinic's name", help="The clinic's name.")],
    topic: Annotated[str, typer.Option(prompt="What its pages are about", help="What its pages are about.")],
    advocate: Annotated[str, typer.Option(prompt="Who answers visitors", help="The patient advocate's name.")],
    url: Annotated[str, typer.Option(prompt="The page the widget stands on", help="Address of the clinic's page.")],
    zone: Annotated[str, typer.Option(help="Time zone of the clinic.")] = "America/Chicago",
) -> None:
    """Add a site. Then `advocate import` its pages, `advocate build` and embed the widget."""
    from kb.sites import new_site

    async def run(_store: Store, publisher: Publisher) -> str:
        return await publisher.add_site(
            new_site(site=site, clinic=clinic, topic=topic, advocate=advocate, url=url, zone=zone)
        )

    print(_with_publisher(run))


@app.command()
def publish(
    build_id: Annotated[str, typer.Argument(help="The build's id, or its first characters.")],
    site: SiteOption = DEFAULT_SITE,
    anyway: Annotated[str, typer.Option(help="Publish although golden questions go wrong: why. It is audited.")] = "",
) -> None:
    """Ask a build the site's golden questions, then make it current."""
    from server.editing import COMMAND_LINE

    async def run(editing: Editing, publisher: Publisher) -> str:
        build = publisher.full_id(site, build_id)
        await editing.releasing.publish(site, build, COMMAND_LINE, waiver=anyway)
        await _tell_spread(publisher, site, build)
        return build

    print(_with_editing(run))


@app.command()
def rollback(site: SiteOption = DEFAULT_SITE) -> None:
    """Make the build that was current before current again."""
    from server.editing import COMMAND_LINE

    async def run(editing: Editing, publisher: Publisher) -> str:
        build = (await editing.releasing.roll_back(site, COMMAND_LINE)).build
        await _tell_spread(publisher, site, build)
        return build

    print(_with_editing(run))


@app.command()
def builds(site: SiteOption = DEFAULT_SITE) -> None:
    """List a site's builds, newest first; the current one is marked."""

    async def run(_store: Store, publisher: Publisher) -> str:
        current = publisher.current(site)
        rows = [
            f"{'*' if one.build == current else ' '} {one.build} {one.created} {one.counts['passages']} passages"
            for one in publisher.builds(site).all()
        ]
        return "\n".join(rows) or f"No builds of {site} yet. `advocate build --site {site}` makes one."

    print(_with_publisher(run))


@app.command()
def export(out: Annotated[Path, typer.Argument(help="A new folder.")], site: SiteOption = DEFAULT_SITE) -> None:
    """Write a site's content as a folder that `advocate build --from` reads."""

    async def run(_store: Store, publisher: Publisher) -> str:
        return await publisher.export(site, out)

    print(_with_publisher(run))


@app.command()
def doctor(
    send: Annotated[bool, typer.Option("--send", help="Send a test alert through every channel that is set.")] = False,
) -> None:
    """Check this installation. Exits 1 on faults only."""
    from server.doctor import examine

    findings = _run(examine(_settings(), send=send))
    for finding in findings:
        print(finding)
    raise SystemExit(1 if any(finding.is_fault for finding in findings) else 0)


@app.command()
def verify() -> None:
    """Check every build's files and the audit log's chain. Exits 1 when something was altered."""
    from server.doctor import verify_everything

    faults = _run(verify_everything(_settings()))
    print("\n".join(faults) or "Everything is as it was written.")
    raise SystemExit(1 if faults else 0)


@app.command()
def diff(site: SiteOption = DEFAULT_SITE) -> None:
    """Show what the draft would change of the published text."""

    async def run(_store: Store, publisher: Publisher) -> str:
        return await publisher.diff(site)

    print(_with_publisher(run))


@app.command()
def backup(out: Annotated[Path, typer.Argument(help="A new file, such as backup.tar.gz.")]) -> None:
    """Write the database and the builds to one file, while the server runs."""
    from server.keeping import back_up

    settings = _settings()
    print(_with_publisher(lambda store, _publisher: back_up(store, settings, out)))


@app.command()
def restore(
    source: Annotated[Path | None, typer.Argument(help="A file `advocate backup` wrote; none with PostgreSQL.")] = None,
    erased_in: Annotated[
        Path | None, typer.Option(help="The data folder before: what visitors erased there is erased here too.")
    ] = None,
) -> None:
    """Unpack a backup into an empty data folder; after a pg_restore, erase what was erased since."""
    from server.keeping import erase_after_pg_restore
    from server.keeping import restore as unpack

    settings = _settings()
    print(unpack(source, settings, beside=erased_in) if source else erase_after_pg_restore(settings, beside=erased_in))


STILL_READ = (
    " Somebody reads the database now, such as a backup: its log may hold their words. Run this again afterwards."
)


@app.command()
def purge(
    days: Annotated[
        int, typer.Option("--older-than-days", min=1, max=36500, help="Conversations that rested this long.")
    ],
    site: Annotated[str | None, typer.Option("--site", help="Only this site's.")] = None,
) -> None:
    """Remove old conversations for good. Open handovers stay."""

    from kb.sites import SiteError

    async def run(store: Store, _publisher: Publisher) -> str:
        known = await store.content.sites()
        if site is not None and site not in known:
            raise SiteError(f"There is no site {site!r}, so nothing was removed. Known: {', '.join(known)}.")
        removed = await store.conversations.purge(datetime.now(UTC) - timedelta(days=days), site=site)
        whole = "" if store.conversations.is_overwritten else STILL_READ
        return f"{removed} conversations removed.{whole}"

    print(_with_publisher(run))


@app.command()
def replay(conversation: Annotated[str, typer.Argument(help="A conversation's id.")]) -> None:
    """Decide a conversation's messages again on the builds that decided them. Exits 1 when one differs."""
    from server.keeping import replay as decide_again

    settings = _settings()
    turns = []

    async def run(store: Store, _publisher: Publisher) -> str:
        turns.extend(await decide_again(store, settings, conversation))
        return "\n".join(map(str, turns)) or "No message of it was decided by a build."

    print(_with_publisher(run))
    raise SystemExit(0 if all(turn.is_same for turn in turns) else 1)


@app.command()
def drill(site: SiteOption = DEFAULT_SITE) -> None:
    """Rehearse an emergency: staff are called as for one, and it is measured how soon somebody comes."""
    from kb.sites import SiteError
    from server.channels import open_channels
    from server.core.handing.drills import MISSED_AFTER

    settings = _settings()

    async def run(store: Store, publisher: Publisher) -> str:
        if site not in (known := await publisher.sites()):
            raise SiteError(f"There is no site {site!r}. Known: {', '.join(known)}.")
        await store.drills.begin(site, open_channels(settings).reach, by="command line")
        minutes = int(MISSED_AFTER.total_seconds() / 60)
        return f"A drill began at {known[site].clinic}. After {minutes} minutes it is missed; /admin shows how it went."

    print(_with_publisher(run))


@user_app.command("add")
def add_user(
    email: Annotated[str, typer.Argument(help="The address they sign in with.")],
    role: Annotated[str, typer.Option(help="advocate, editor, reviewer or admin.")],
    password_file: Annotated[Path, typer.Option(help="A file whose first line is the password.")],
    name: Annotated[str, typer.Option(help="The name visitors see; otherwise taken from the address.")] = "",
) -> None:
    """Add someone who signs in."""
    from server.first_run import add_from_file

    async def run(store: Store, _publisher: Publisher) -> str:
        return await add_from_file(store, email=email, role=role, password_file=password_file, name=name)

    print(_with_publisher(run))


@user_app.command("reset")
def reset_user(
    email: Annotated[str, typer.Argument(help="The address they sign in with.")],
    drop_factor: Annotated[bool, typer.Option("--drop-second-factor", help="Also ask for no code any more.")] = False,
) -> None:
    """Print a link that sets a forgotten password anew, once, within a day."""
    settings = _settings()

    async def run(store: Store, _publisher: Publisher) -> str:
        if drop_factor:
            await store.staff.drop_factor(email)
        return f"{settings.address}/reset/{await store.staff.reset_link(email)}"

    print(_with_publisher(run))


def _settings(**given: Any) -> Settings:
    from server.settings import load_settings

    return load_settings(**given)


def _run(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    return asyncio.run(work)


def _assistant(settings: Settings, site: str, build_dir: Path | None) -> Assistant:
    """The assistant of a build folder, or of a site's current build, built first when there is none."""
    from server.answers.assistants import Assistants

    if build_dir is not None:
        return Assistants(settings.data_dir, {}).open_build(build_dir)
    from index.builds.publish import Builds

    builds = Builds.of(settings.data_dir, site)
    if (current := builds.current_path()) is None:
        _run(_prepare(settings, site=site))
        current = builds.current_path()
    assert current is not None  # _prepare published one or raised
    return Assistants(settings.data_dir, {}).open_build(current)


def _answer_of_a_new_build(settings: Settings, site: str, question: str) -> str:
    """What a visitor gets from a site's latest content, built for this; the first build goes live, later ones are drafts."""
    from index.builds.publish import Builds
    from server.answers import asking
    from server.progress import shown_progress

    with shown_progress("bar") as show:
        how = _How(publish=False, draft=False, quick=False, check=False)
        build = _run(_build_site(settings, site, how, show))
    assistant = _assistant(settings, site, Builds.of(settings.data_dir, site).path(build))
    return asking.as_text(asking.answer_line(assistant, {"text": question, "history": []}), trace=False)


def _lacks_build(settings: Settings, site: str) -> bool:
    """Whether a build must be made before the site's questions can be quoted: there is none, or not its encoder."""
    from index.builds.layout import encoder_folder, models_folder
    from index.builds.manifest import BuildRefused, read_manifest
    from index.builds.publish import Builds

    path = Builds.of(settings.data_dir, site).current_path()
    if path is None:
        return True
    try:
        return not encoder_folder(models_folder(settings.data_dir), read_manifest(path).model_digest).is_dir()
    except BuildRefused:
        return False  # `serve` goes on without it, and says so


async def _reach(settings: Settings) -> None:
    """Make what a fresh data folder lacks, but for a build, and bring what other replicas have published."""
    async with _publisher(settings):
        pass


async def _welcome(settings: Settings) -> None:
    """Say where everything is; on a first run make the first accounts and print their one-time passwords."""
    from server.first_run import welcome

    async with _publisher(settings) as (store, _):
        for line in await welcome(store, settings):
            print(line, file=sys.stderr)


async def _prepare(settings: Settings, *, site: str) -> None:
    """Make what a fresh data folder lacks: schema, sites, and the site's first build."""
    from server.progress import shown_progress

    async with _publisher(settings) as (store, publisher):
        if publisher.current(site) is None:
            with shown_progress("bar") as show:
                built = await publisher.build(site, show)
            await _publish_built(_editing(settings, store, publisher), publisher, site, built.build)


@dataclass(frozen=True, slots=True)
class _How:
    """How a site is built: see the options of `advocate build`."""

    publish: bool
    draft: bool
    quick: bool
    check: bool


async def _build_site(settings: Settings, site: str, how: _How, show: Progress) -> str:
    async with _publisher(settings) as (store, publisher):
        if how.check:
            return str(await publisher.check(site))
        manifest = await publisher.build(site, show, quick=how.quick)
        if how.publish or (publisher.current(site) is None and not how.draft):
            await _publish_built(_editing(settings, store, publisher), publisher, site, manifest.build)
        return manifest.build


async def _publish_built(editing: Editing, publisher: Publisher, site: str, build: str) -> None:
    """Publish what was just built. A first build goes live whatever it answers: without it nothing could be quoted."""
    from server.editing import COMMAND_LINE

    if publisher.current(site) is None:
        await editing.releasing.publish_first(site, build, COMMAND_LINE, waiver=FIRST_BUILD)
    else:
        await editing.releasing.publish(site, build, COMMAND_LINE)
    await _tell_spread(publisher, site, build)


async def _tell_spread(publisher: Publisher, site: str, build: str) -> None:
    """Say on how many servers a published build is live, where others run."""
    from server.rounds.travelling import SPREADS_WITHIN_S

    live, every = await publisher.travelling.spread(site, build, within_s=2 * SPREADS_WITHIN_S)
    if every:
        behind = "" if live == every else "; `/readyz` of the others says why they are behind"
        print(f"live on {live} of {every} servers{behind}", file=sys.stderr)


def _editing(settings: Settings, store: Store, publisher: Publisher) -> Editing:
    from server.answers.assistants import Assistants
    from server.editing import Editing

    return Editing.of(store, publisher, Assistants(settings.data_dir, {}))


@asynccontextmanager
async def _publisher(settings: Settings) -> AsyncIterator[tuple[Store, Publisher]]:
    from server.publishing import Publisher
    from server.storage.store import Store

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = await Store.open(settings.database)
    try:
        publisher = Publisher(store, settings.data_dir, settings.embedding_model)
        await publisher.seed()
        await publisher.travelling.follow()
        yield store, publisher
    finally:
        await store.close()


def _with_publisher(run: Callable[[Store, Publisher], Awaitable[str]]) -> str:
    async def whole() -> str:
        async with _publisher(_settings()) as (store, publisher):
            return await run(store, publisher)

    return _run(whole())


def _with_editing(run: Callable[[Editing, Publisher], Awaitable[str]]) -> str:
    settings = _settings()
    return _with_publisher(lambda store, publisher: run(_editing(settings, store, publisher), publisher))


if __name__ == "__main__":
    main()
