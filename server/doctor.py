"""Looks an installation over: what is wrong, what is merely not set, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from index.builds.layout import ENCODER, VECTORS_FILES, encoder_folder, models_folder
from index.builds.loaded import load_build
from index.builds.publish import Builds
from index.encoding.cache import VectorCache
from index.encoding.encode import OnnxEncoder, checked_manifest
from index.model import ModelError, find_model, model_digest
from kb.errors import AdvocateError
from kb.sites import Site
from server.channels import NO_ALERTS, Channels, open_channels
from server.core.handing.alerts import Target, text_of_test
from server.examined import Examined, Standing
from server.front import examine_front
from server.publishing import Publisher
from server.rounds.alerting import attempt
from server.settings import Settings
from server.storage.handing.drills import Drill
from server.storage.ids import new_id
from server.storage.store import Store


async def examine(settings: Settings, *, send: bool = False) -> list[Examined]:
    """Look at the model, the database, alerts, and each site's current build, people and settings.

    send: send a test alert to everyone alerts may go to.
    """
    found = [_examine_model(settings), *await examine_front(settings)]
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        store = await Store.open(settings.database)
    except (AdvocateError, OSError) as error:
        return [*found, Examined(Standing.FAULT, f"database: {error}")]
    try:
        publisher = Publisher(store, settings.data_dir, settings.embedding_model)
        await publisher.seed()
        found.append(Examined(Standing.GOOD, "database: opens, schema up to date"))
        staff = await store.staff.users()
        found.append(Examined(Standing.GOOD if staff else Standing.NOT_SET, f"staff: {len(staff)} can sign in"))
        found += await examine_alerts(store, open_channels(settings), settings.address, send=send)
        found += _examine_drills(settings, await store.drills.latest(("*",), 200))
        for site in (await publisher.sites()).values():
            found.append(_examine_build(settings, publisher.builds(site.site), site.site))
            unset = [
                words
                for words, value in (
                    ("phone", site.phone),
                    ("hours", site.hours),
                )
                if not value
            ]
            found += [
                Examined(Standing.NOT_SET, f"site {site.site}: no {words}; its lines are left out") for words in unset
            ]
            found.append(_examine_origins(site))
    finally:
        await store.close()
    return found


async def verify_everything(settings: Settings) -> list[str]:
    """What is not as it was written in database and audit log, models with their vectors, and builds. A sentence each."""
    store = await Store.open(settings.database)
    try:
        faults = await store.check()
        faults += _changed_models(settings)
        for vectors in sorted(models_folder(settings.data_dir).glob(VECTORS_FILES)):
            faults += VectorCache(vectors).faults()
        for site in await store.content.sites():
            faults += Builds.of(settings.data_dir, site).faults()
    finally:
        await store.close()
    return faults


def _changed_models(settings: Settings) -> list[str]:
    faults = []
    for described in sorted(models_folder(settings.data_dir).glob(f"*/{ENCODER}")):
        try:
            checked_manifest(described.parent)
        except ModelError as error:
            faults.append(str(error))
    return faults


def _examine_model(settings: Settings) -> Examined:
    try:
        folder = find_model(settings.embedding_model)
        return Examined(Standing.GOOD, f"model: {settings.embedding_model}, digest {model_digest(folder)[:12]}")
    except AdvocateError as error:
        return Examined(Standing.FAULT, f"model: {error}")


def _examine_origins(site: Site) -> Examined:
    """Whose pages may show the site's chat: elsewhere it says that it is not reachable."""
    if site.allowed_origins:
        return Examined(Standing.GOOD, f"site {site.site}: its chat may be shown by {', '.join(site.allowed_origins)}")
    return Examined(
        Standing.NOT_SET,
        f"site {site.site}: no allowed_origins; only this server's own pages can show its chat. "
        "Name the clinic's, such as https://www.clinic.org",
    )


async def examine_alerts(store: Store, channels: Channels, address: str, *, send: bool) -> list[Examined]:
    """Each target alerts may go to; that there is none is not a fault."""
    if not channels.reach.is_set:
        return [Examined(Standing.NOT_SET, f"alerts: {NO_ALERTS}")]
    failing = {one.target: one for one in await store.alerts.failing()}
    found = []
    for target, words in channels.named():
        if send:
            found.append(await _try_out(store, channels, target, address))
        elif target in failing:
            one = failing[target]
            found.append(
                Examined(Standing.FAULT, f"alerts: {words}: fails since {one.since:%Y-%m-%d %H:%M} UTC: {one.error}")
            )
        else:
            found.append(Examined(Standing.GOOD, f"alerts: {words} (`advocate doctor --send` tries it)"))
    return found


def _examine_drills(settings: Settings, drills: Sequence[Drill]) -> list[Examined]:
    """Each site whose last drill nobody took; that none is scheduled is not a fault."""
    when = f"drills: {settings.drill_at}" if settings.drill_at else "drills: none scheduled (ADVOCATE_DRILL_AT)"
    found = [Examined(Standing.GOOD if settings.drill_at else Standing.NOT_SET, when)]
    last = {one.site: one for one in reversed(drills)}
    for site, one in sorted(last.items()):
        at = f"site {site}: the drill of {one.began_at:%Y-%m-%d %H:%M} UTC"
        if one.is_missed:
            found.append(Examined(Standing.FAULT, f"{at} was taken by nobody. See who gets alerts (docs/alerts.md)"))
        elif one.took is not None:
            found.append(Examined(Standing.GOOD, f"{at} was taken after {one.took.total_seconds():.0f} s"))
    return found


async def _try_out(store: Store, channels: Channels, target: Target, address: str) -> Examined:
    """Send a test alert; one that leaves ends the desk's warning about this target."""
    error = await attempt(channels, text_of_test(new_id(), f"{address}/desk"), target)
    if error is not None:
        return Examined(Standing.FAULT, f"alerts: {channels.words(target)}: {error}")
    await store.alerts.mend(target)
    return Examined(Standing.GOOD, f"alerts: {channels.words(target)}: a test was sent")


def _examine_build(settings: Settings, builds: Builds, site: str) -> Examined:
    try:
        path = builds.current_path()
        if path is None:
            return Examined(
                Standing.NOT_SET, f"site {site}: no published build; `advocate build --site {site}` makes one"
            )
        build = load_build(path)
        build.check_encoder(OnnxEncoder(encoder_folder(models_folder(settings.data_dir), build.manifest.model_digest)))
        return Examined(Standing.GOOD, f"site {site}: build {build.build[:12]} of {build.manifest.created} answers")
    except AdvocateError as error:
        return Examined(Standing.FAULT, f"site {site}: {error}")
