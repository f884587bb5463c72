"""Seeds a site's content, builds it and writes it out. What is built is published by `editing`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.builds.build import Progress, Recipe, check_rows, inputs_of, make_build
from index.builds.layout import MANIFEST, PAGES, PHRASINGS, models_folder
from index.builds.loaded import load_build
from index.builds.manifest import BuildRefused, Manifest, canonical_digest
from index.builds.publish import Builds
from index.linking import load_links
from kb.checklist import as_lines, standing_choices
from kb.content import Content, Example, Phrasing, load_content
from kb.errors import AdvocateError
from kb.labels import Label
from kb.lines import ContentError
from kb.pages import Page
from kb.policy import DEFAULT_POLICY
from kb.shaping.markdown import render_markdown
from kb.sites import SITES, UNNAMED_SITE, Site, load_site, render_site
from server.rounds.travelling import Travelling, put_in_place
from server.settings import Settings
from server.storage.content import EditConflict

if TYPE_CHECKING:
    from server.storage.store import Store

SEEDER = "seed"


class ChildBuildFailed(AdvocateError):
    """A build in its own process that ended without a build; the message is the child's own."""


class Publisher:
    """The content and the builds of every site of one data folder."""

    def __init__(self, store: Store, data_dir: Path, model: str) -> None:
        self.store = store
        self.travelling = Travelling(store, data_dir)
        self._data_dir = data_dir
        self._model = model

    @property
    def models(self) -> Path:
        return models_folder(self._data_dir)

    def builds(self, site: str) -> Builds:
        return Builds.of(self._data_dir, site)

    async def seed(self) -> None:
        """Bring in the sites of `kb/sites` that are missing. A site that is there is never touched."""
        known = set(await self.store.content.sites())
        for folder in sorted(SITES.iterdir()):
            if (folder / "site.toml").is_file() and folder.name not in known:
                await self.bring_in(
                    load_site(folder), load_content(folder), author=SEEDER, reason="first seeding", began=0
                )

    async def bring_in(
        self, site: Site, content: Content, *, author: str, reason: str, began: int | None = None
    ) -> None:
        """Store a site's settings and content as new revisions. began: 0 leaves alone what has a revision by now."""
        documents: dict[str, Any] = {
            **{f"page:{page.page_id}": page.as_json() for page in content.pages},
            "phrasings": [one.as_json() for one in content.phrasings],
            "asks": as_lines(content.checklist),
            "examples": [one.as_json() for one in content.examples],
            "golden": list(content.golden),
            "site": site.model_dump(mode="json"),  # last: a site counts as there once its settings are
        }
        for document, body in documents.items():
            with suppress(EditConflict):  # another server seeds the same at this moment
                await self.store.content.save(
                    site.site, document, body, author=author, reason=reason, expected_revision=began
                )

    async def sites(self) -> dict[str, Site]:
        """Every site's settings, by its name."""
        found = {}
        for name in await self.store.content.sites():
            latest = await self.store.content.latest(name, "site")
            if latest is not None:
                found[name] = Site.model_validate(latest.body)
        return found

    async def content(self, site: str) -> Content:
        """The latest revisions of a site's content. Raises ContentError for a site that has none."""
        latest = {one.document: one.body for one in await self.store.content.documents(site)}
        pages = tuple(
            Page.from_json(body) for document, body in sorted(latest.items()) if document.startswith("page:") and body
        )
        if not pages:
            raise ContentError(f"Site {site!r} has no pages. Bring one in with `advocate import SOURCE --site {site}`.")
        return Content(
            pages=pages,
            phrasings=tuple(Phrasing.from_json(one) for one in latest.get("phrasings", ())),
            examples=tuple(
                Example(one["text"], Label(one["label"]), one.get("history", "")) for one in latest.get("examples", ())
            ),
            golden=tuple(latest.get("golden", ())),
            checklist=standing_choices(
                latest.get("asks", ()), {one.passage_id for page in pages for one in page.passages}
            ),
        )

    async def recipe(self, site: str) -> Recipe:
        """What a build of the latest revisions is made of. Raises ContentError."""
        content, settings = await self.content(site), (await self.sites())[site]
        return Recipe(content, DEFAULT_POLICY, settings.model_dump(mode="json"), self._model)

    async def build(self, site: str, progress: Progress = lambda *_: None, *, quick: bool = False) -> Manifest:
        """Build the latest revisions, in this process (unless `quick`, it imports torch when something must be embedded)."""
        recipe = await self.recipe(site)
        builds = self.builds(site)
        earlier = builds.newest(5)
        aside = builds.folder / ".building"
        manifest = await asyncio.to_thread(
            make_build, recipe, self.models, aside, earlier=earlier, quick=quick, progress=progress
        )
        put_in_place(aside, builds.path(manifest.build))
        await self.travelling.send(site, manifest.build)
        return manifest

    async def build_in_child(self, site: str, progress: Callable[[str, int, int], Awaitable[None]]) -> str:
        """Build quickly, in a process of its own, so that visitors are answered meanwhile. Gives the build's id."""
        return await _run_build(["--site", site, "--draft", "--quick"], progress)

    async def check_in_child(self, site: str) -> str:
        """Have the reference encoder look over what quick builds embedded of the latest revisions. Gives how many texts.

        In a process of its own: the server never holds torch. Raises ChildBuildFailed.
        """

        async def untold(_stage: str, _done: int, _total: int) -> None:
            return None

        return await _run_build(["--site", site, "--check"], untold)

    async def check(self, site: str) -> int:
        """As `check_in_child`, in this process, which then holds torch. Raises ExportDiffers."""
        return await asyncio.to_thread(check_rows, await self.recipe(site), self.models)

    async def add_site(self, site: Site) -> str:
        """Add a site without pages. Raises ContentError when it is there already."""
        if site.site in await self.store.content.sites():
            raise ContentError(f"There is a site {site.site!r} already. Choose another name.")
        await self.store.content.save(
            site.site, "site", site.model_dump(mode="json"), author="command line", reason="added"
        )
        return (
            f"Site {site.site} added. Next: `advocate import SOURCE --site {site.site}`, "
            f'`advocate build --site {site.site}`, then embed the widget with data-site="{site.site}".'
        )

    async def export(self, site: str, out: Path) -> str:
        """Write a site's latest content as a folder `build --from` reads. Raises ContentError unless `out` is new or empty."""
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise ContentError(f"{out}: {'not empty' if out.is_dir() else 'a file'}. Give a new folder.")
        content, settings = await self.content(site), (await self.sites())[site]
        (out / "pages").mkdir(parents=True, exist_ok=True)
        for page in content.pages:
            (out / "pages" / f"{page.page_id}.md").write_text(render_markdown(page), encoding="utf-8")
        (out / "site.toml").write_text(render_site(settings), encoding="utf-8")
        _write_lines(out / "phrasings.jsonl", [one.as_json() for one in content.phrasings])
        _write_lines(out / "asks.jsonl", as_lines(content.checklist))
        _write_lines(out / "examples.jsonl", [one.as_json() for one in content.examples])
        _write_lines(out / "golden.jsonl", content.golden)
        counts = f"{len(content.pages)} pages, {len(content.phrasings)} phrasings, {len(content.examples)} examples"
        return f"{counts} written to {out}"

    async def build_of_latest(self, site: str) -> Manifest | None:
        """The build made of exactly the latest revisions, by its id; None when there is none and one must be made."""
        recipe = await self.recipe(site)

        def find() -> Manifest | None:
            digests: dict[str, str] = {}  # the id of such a build, by the model that an earlier build was made with
            for one in self.builds(site).all():
                if one.model_digest not in digests:
                    digests[one.model_digest] = canonical_digest(inputs_of(recipe, one.model_digest))
                if one.build == digests[one.model_digest] and self.builds(site).path(one.build).is_dir():
                    return one
            return None

        return await asyncio.to_thread(find)

    def built_content(self, site: str, build: str) -> Content:
        """The pages, phrasings and checklist a build was made of. Raises BuildRefused."""
        folder = self.builds(site).path(build)
        try:
            pages = json.loads((folder / PAGES).read_text(encoding="utf-8"))
            phrasings = json.loads((folder / PHRASINGS).read_text(encoding="utf-8"))
            chosen = {one.ask_id: one.chosen for one in load_links(folder) if one.chosen is not None}
            return Content(
                tuple(map(Page.from_json, pages)), tuple(Phrasing(*one) for one in phrasings), checklist=chosen
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BuildRefused(f"{folder}: its pages cannot be read ({type(error).__name__}). Build again.") from error

    async def diff(self, site: str) -> str:
        """What the latest text changes of the published one, as a unified diff."""
        path = self.builds(site).current_path()
        before = {page.page_id: page.text for page in load_build(path).pages} if path is not None else {}
        after = {page.page_id: page.text for page in (await self.content(site)).pages}
        lines: list[str] = []
        for page_id in sorted({*before, *after}):
            old, new = before.get(page_id, "").splitlines(), after.get(page_id, "").splitlines()
            lines += unified_diff(old, new, f"{page_id} (published)", f"{page_id} (draft)", lineterm="", n=1)
        return "\n".join(lines) or "The draft's text is the published text."

    def full_id(self, site: str, start: str) -> str:
        """The id of the one build that begins so. Raises BuildRefused."""
        found = [one.build for one in self.builds(site).all() if one.build.startswith(start)]
        if len(found) != 1:
            raise BuildRefused(
                f"{start!r} names {len(found)} builds of {site}; `advocate builds --site {site}` lists them."
            )
        return found[0]

    def current(self, site: str) -> str | None:
        try:
            return self.builds(site).current()
        except BuildRefused:
            return None


async def _run_build(options: Sequence[str], progress: Callable[[str, int, int], Awaitable[None]]) -> str:
    """`advocate build` in a process of its own: the last line it writes. Raises ChildBuildFailed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "build", *options, "--progress", "json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None and child.stderr is not None
    complaint = ""
    try:
        async for line in child.stderr:
            try:
                step = json.loads(line)
                await progress(step["stage"], step["done"], step["total"])
            except (ValueError, TypeError, KeyError):
                complaint = line.decode(errors="replace").strip() or complaint
        lines = (await child.stdout.read()).decode().split()
    except asyncio.CancelledError:
        if child.returncode is None:
            child.kill()  # whoever asked stopped it, or ends with the server
        raise
    if await child.wait() != 0 or not lines:
        raise ChildBuildFailed(complaint or "The build stopped without saying why. Run `advocate build` to see.")
    return lines[-1]


def build_folder(source: Path, out: Path, settings: Settings, progress: Progress) -> Manifest:
    """Build a folder of content into `out`, with the folder's own policy and site when it has them. No database."""
    policy = source / "policy" if (source / "policy").is_dir() else DEFAULT_POLICY
    site = load_site(source) if (source / "site.toml").is_file() else UNNAMED_SITE
    recipe = Recipe(load_content(source), policy, site.model_dump(mode="json"), settings.embedding_model)
    earlier = [out] if (out / MANIFEST).is_file() else []
    return make_build(recipe, models_folder(settings.data_dir), out, earlier=earlier, progress=progress)


def _write_lines(path: Path, lines: Iterable[Any]) -> None:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")
