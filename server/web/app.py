"""Makes the web server of its parts: every router is included here, by name."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from server.answers.answering import Answering
from server.answers.assistants import Assistants
from server.channels import open_channels
from server.core.handing.drills import parse_drills
from server.desk import Desk
from server.editing import Editing
from server.importing import Importing, Withholding
from server.publishing import Publisher
from server.rounds.alerting import Alerting
from server.rounds.drilling import rehearse
from server.rounds.failing import Outage
from server.rounds.launching import launch
from server.rounds.returning import WritingToVisitors
from server.rounds.tending import tend
from server.rounds.watching import watch
from server.settings import Settings
from server.storage.builds import TOPIC
from server.storage.database.faults import StorageUnavailable
from server.storage.database.wakeups import Waiter
from server.storage.store import Store
from server.web import health
from server.web.desk import figures as desk_figures
from server.web.desk import pages as desk_pages
from server.web.desk import saved as desk_saved
from server.web.desk import steps as desk_steps
from server.web.desk import writing as desk_writing
from server.web.editor.text import pages as editor_pages
from server.web.guards.bodies import BodyLimit
from server.web.guards.origins import SiteOrigins
from server.web.guards.patience import OnePatience
from server.web.guards.problems import Faults, add_problem_handlers, describe_problems
from server.web.guards.proxies import BehindProxies
from server.web.guards.security import SecurityHeaders
from server.web.limits import Limits
from server.web.measures import Measures
from server.web.parts import Parts
from server.web.proxies import Proxies
from server.web.rendering import STATIC, Templates
from server.web.staff import admin, clinics, factor, forgotten, people, sessions, signin
from server.web.stopping import on_stop_signal
from server.web.visitor import api, ask, pages, receipts, returning, stream

log = logging.getLogger(__name__)
REFRESH_S = 1.0  # how soon a published build answers

ROUTERS = (
    api.router,
    stream.router,
    pages.router,
    ask.router,
    receipts.router,
    returning.router,
    health.router,
    signin.router,
    forgotten.router,
    factor.router,
    sessions.router,
    desk_saved.router,
    desk_figures.router,
    desk_pages.router,
    desk_steps.router,
    desk_writing.router,
    editor_pages.router,
    admin.router,
    clinics.router,
    people.router,
)


def create_app(settings: Settings, *, store: Store | None = None, assistants: Answering | None = None) -> FastAPI:
    """The server's app. A store and assistants that are given stay open when it ends; else it opens its own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = store or await Store.open(settings.database, data_dir=settings.data_dir)
        try:
            await _erase_again(opened)
            publisher = Publisher(opened, settings.data_dir, settings.embedding_model)
            answering = assistants or await _open_assistants(settings, publisher)
            parts = make_parts(settings, opened, answering, publisher)
            app.state.parts = parts
            with suppress(StorageUnavailable):  # before anything is quoted; else it is looked at again
                await parts.withholding.follow()
            with on_stop_signal(parts.desk.stop):
                async with _kept_fresh(answering, publisher), _alerting(parts):
                    yield
            parts.desk.stop()
        finally:
            if store is None:
                await opened.close()

    app = FastAPI(
        title="Patient Advocate",
        summary="Quotes a clinic's own pages word for word, or hands over to a person.",
        version="1",
        lifespan=lifespan,
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_problem_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(OnePatience)
    app.add_middleware(Faults)
    app.add_middleware(SiteOrigins)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(BehindProxies)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


async def _erase_again(store: Store) -> None:
    """Erase what an older copy of the database brought back, before anybody can read it."""
    try:
        if again := await store.conversations.erase_again():
            log.warning("%d conversations that were erased were back in the database, and are erased again", again)
    except StorageUnavailable as error:  # visitors are served all the same
        log.error(
            "whether the database brought back what was erased could not be seen: %s. Start the server again", error
        )


async def _open_assistants(settings: Settings, publisher: Publisher) -> Assistants:
    await publisher.seed()
    return Assistants(settings.data_dir, await publisher.sites(), encoder_wait_s=settings.encoder_wait_s)


@asynccontextmanager
async def _kept_fresh(assistants: Answering, publisher: Publisher) -> AsyncIterator[None]:
    """Load the builds now and whatever is published later, beside serving: nobody waits for it."""
    if not isinstance(assistants, Assistants):
        yield
        return
    with publisher.store.wakeups.listen(TOPIC) as waiter:
        task = asyncio.create_task(_refresh(assistants, publisher, waiter))
        try:
            yield
        finally:
            task.cancel()
            assistants.close()
            with suppress(StorageUnavailable):
                await publisher.travelling.leave()


@asynccontextmanager
async def _alerting(parts: Parts) -> AsyncIterator[None]:
    """Empty the outbox of alerts, and look after what nobody looks after, beside serving."""

    def clinic_of(site: str) -> str:
        return parts.assistants.site(site).clinic

    worker = Alerting(parts.store, parts.channels, parts.settings.address, clinic_of, parts.measures.alerted)
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(tend(parts.store, parts.desk.emergency_again))]
    trouble, desk_url = parts.store.database.trouble, f"{parts.settings.address}/desk"
    outage = Outage(trouble, parts.desk.unstored, parts.channels, desk_url, parts.measures.alerted)
    tasks.append(asyncio.create_task(outage.run()))
    every = timedelta(hours=parts.settings.compare_hours)
    tasks.append(asyncio.create_task(watch(parts.store, parts.importing, parts.withholding, every=every)))
    tasks.append(asyncio.create_task(launch(parts.editing.planning)))
    schedule = parse_drills(parts.settings.drill_at)
    tasks.append(asyncio.create_task(rehearse(parts.store, schedule, parts.channels.reach, parts.publisher.sites)))
    if parts.can_mail:
        writing = WritingToVisitors(parts.store, parts.channels, parts.settings.address, clinic_of)
        tasks.append(asyncio.create_task(writing.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _refresh(assistants: Assistants, publisher: Publisher, waiter: Waiter) -> None:
    is_loaded = False
    while True:
        try:
            await publisher.store.look_for_an_end_of_trouble()
            await publisher.travelling.follow()
            assistants.know(await publisher.sites())
            await publisher.store.conversations.finish_erasing()
            await assistants.refresh()
            await publisher.travelling.report(assistants.serves())
            if not is_loaded:
                is_loaded = True
                # What is there by now stays: to look through it for garbage stops everyone for a tenth of a second and more.
                gc.freeze()
        except StorageUnavailable:
            pass  # the store itself says so, once a minute
        except Exception as error:  # noqa: BLE001 - whatever it is, the builds that are loaded go on answering
            log.error("looking for new builds failed: %s", type(error).__name__)
        await waiter.wait(REFRESH_S)


def make_parts(settings: Settings, store: Store, assistants: Answering, publisher: Publisher) -> Parts:
    """The parts of one server, on what is open already."""
    channels = open_channels(settings)
    importing = Importing(store, allow_private=settings.import_private == "on")
    return Parts(
        settings=settings,
        store=store,
        assistants=assistants,
        desk=Desk(store, assistants, reach=channels.reach),
        publisher=publisher,
        editing=Editing.of(store, publisher, assistants),
        importing=importing,
        withholding=Withholding(store, publisher, importing),
        templates=Templates(),
        limits=Limits.of(settings),
        measures=Measures(store.database.trouble),
        channels=channels,
        proxies=Proxies(settings.trusted_proxies),
    )


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = describe_problems(
            get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        )
    return app.openapi_schema
