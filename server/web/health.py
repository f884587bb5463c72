"""How the server is: for load balancers, and figures for operators."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from server.core.handing.measuring import HOURS, Case, figures_of, of_hour
from server.served import EVERY_SITE, LATELY, read_backlog, read_cases
from server.storage.database.faults import StorageUnavailable
from server.web.guards.problems import Problem
from server.web.guards.proxies import Seen
from server.web.parts import Parts, PartsDep

router = APIRouter(tags=["health"])
STORE_PATIENCE_S = 3.0
NOT_READY = "Some site's questions cannot be quoted, nothing can be stored, or not the published build is served, now"


@router.get("/healthz")
async def is_up(request: Request) -> dict[str, Any]:
    """The process is up; with `?seen=1`, also how it takes the request: address, scheme, and whether a proxy said so."""
    return {"status": "up"} | ({"seen": asdict(Seen.of(request.scope))} if "seen" in request.query_params else {})


@router.get("/readyz", responses={503: {"description": NOT_READY}})
async def is_ready(parts: PartsDep) -> JSONResponse:
    """Whether questions can be quoted, site by site. Not ready is not down: people are still reached."""
    try:
        async with asyncio.timeout(STORE_PATIENCE_S):
            sites = await parts.store.content.sites()
    except (StorageUnavailable, TimeoutError):
        return JSONResponse({"ready": False, "store": "not reachable", "sites": {}}, 503)
    ready = {site: parts.assistants.is_ready(site) for site in sites}
    is_storing = not parts.store.database.trouble.is_on
    behind = parts.publisher.travelling.behind(parts.assistants.serves())
    is_all = is_storing and bool(ready) and all(ready.values()) and not behind
    told: dict[str, Any] = {"ready": is_all, "store": "up" if is_storing else "failing", "sites": ready}
    if behind:
        told["behind"] = {site: asdict(one) for site, one in behind.items()}
    return JSONResponse(told, 200 if is_all else 503)


@router.get("/metrics", include_in_schema=False)
async def figures(request: Request, parts: PartsDep) -> Response:
    """Figures for Prometheus: to a direct caller on this machine, or to one with the metrics token."""
    if not (_has_token(request, parts.settings.metrics_token) or parts.proxies.is_direct(request.scope)):
        raise Problem(404, "There is nothing at this address.")
    with contextlib.suppress(StorageUnavailable):  # the figures of this process are there without it
        parts.measures.alerts_fail([one.target for one in await parts.store.alerts.failing()])
        parts.measures.drills_missed([one.site for one in await parts.store.drills.missed(("*",))])
        await _measure_handovers(parts)
    return Response(parts.measures.text(), media_type=CONTENT_TYPE_LATEST)


async def _measure_handovers(parts: Parts) -> None:
    """How soon people were helped in the last seven days, and who waits now, as the store knows for every process."""
    now, site_of = datetime.now(UTC), parts.assistants.site
    parts.measures.waiting(await read_backlog(parts.store, EVERY_SITE))
    cases: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for one in await read_cases(parts.store, EVERY_SITE, now - LATELY, site_of):
        cases[one.site, one.reason].append(one)
    parts.measures.served({key: figures_of(some, now) for key, some in cases.items()})
    hours = {
        (*key, f"{hour:02}"): len(came)
        for key, some in cases.items()
        for hour in HOURS
        if (came := of_hour(some, hour, site_of(key[0]).zone))
    }
    parts.measures.came(hours)


def _has_token(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())
