"""Pages and files for visitors and for those who embed the widget."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from kb.errors import AdvocateError
from server.translating import LANGUAGES
from server.web.guards.problems import Problem
from server.web.parts import Parts, PartsDep
from server.web.visitor.callers import SiteName
from server.web.visitor.clinic import page_blocks
from server.web.visitor.screens import ClinicLink, ClinicScreen, StartScreen
from server.web.visitor.widget_file import WidgetFile, coding_for, widget_file
from server.web.words.look import look_css
from server.web.words.site import hours_lines
from server.web.words.texts import texts_in

router = APIRouter(include_in_schema=False)
SCRIPT = "text/javascript; charset=utf-8"
KEPT_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/", response_class=HTMLResponse)
async def start_page(parts: PartsDep, request: Request) -> HTMLResponse:
    """Where to go from here."""
    host, found = base_url(parts, request), await _widget(parts)
    clinics = []
    for name in await parts.store.content.sites():
        try:
            site = parts.assistants.site(name)
        except AdvocateError:
            continue
        clinics.append(ClinicLink(name, site.clinic, site.topic, *_snippets(host, name, found)))
    return parts.templates.page("visitor/start.html", StartScreen(tuple(clinics)))


@router.get("/sites/{site}", response_class=HTMLResponse)
async def clinic_page(site: SiteName, parts: PartsDep) -> HTMLResponse:
    """The clinic's own pages with the widget on them: what a quote links to here."""
    known = parts.assistants.site(site)
    texts = texts_in("en")
    screen = ClinicScreen(
        site=site,
        emergency_line=texts.emergency_line,
        crisis_line=parts.assistants.policy.replies.crisis_line.en,
        clinic=known.clinic,
        topic=known.topic,
        phone=known.phone,
        hours=hours_lines(known.hours, "en"),
        blocks=tuple(block for page in parts.assistants.pages(site) for block in page_blocks(page)),
    )
    return parts.templates.page("visitor/clinic.html", screen)


@router.get("/sites/{site}/look.css")
async def site_look(site: SiteName, parts: PartsDep) -> Response:
    """The site's own accent, corners and font."""
    css = look_css(parts.assistants.site(site).look)
    return Response(css, media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


@router.get("/widget.js")
async def widget(parts: PartsDep, request: Request) -> Response:
    """The widget under its stable address: asked again every five minutes."""
    return _script(request, await _widget(parts), "public, max-age=300")


@router.get("/widget-{digest}.js")
async def pinned_widget(digest: str, parts: PartsDep, request: Request) -> Response:
    """The widget under the address of this very content, to be used with its integrity digest."""
    found = await _widget(parts)
    if digest != found.digest:
        raise Problem(404, "This version of the widget is not served here. Take the line shown on the start page.")
    return _script(request, found, KEPT_FOR_EVER)


@router.get("/.well-known/security.txt")
async def security_contact(parts: PartsDep, request: Request) -> PlainTextResponse:
    """Whom to tell about a weakness (RFC 9116)."""
    host = base_url(parts, request)
    expires = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=180)
    lines = (
        f"Contact: {host}/#security",
        f"Expires: {expires.isoformat()}",
        f"Preferred-Languages: {', '.join(LANGUAGES)}",
    )
    return PlainTextResponse("\n".join(lines) + "\n")


def base_url(parts: Parts, request: Request) -> str:
    """This server's address as visitors use it."""
    return (parts.settings.public_url or str(request.base_url)).rstrip("/")


async def _widget(parts: Parts) -> WidgetFile:
    return await asyncio.to_thread(widget_file, parts.assistants.policy)  # the first time it takes a second or two


def _script(request: Request, found: WidgetFile, cache: str) -> Response:
    coding = coding_for(request.headers.get("accept-encoding", ""), found.packed)
    tag = f'"{found.digest}{coding and f"-{coding}"}"'
    headers = {
        "Cache-Control": cache,
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",  # integrity needs CORS
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if coding:
        return Response(found.packed[coding], media_type=SCRIPT, headers=headers | {"Content-Encoding": coding})
    return Response(found.script, media_type=SCRIPT, headers=headers)


def _snippets(host: str, site: str, found: WidgetFile) -> tuple[str, str]:
    texts = texts_in("en")
    no_script = (
        f'<noscript><a href="tel:911">{texts.emergency_line}</a> '
        f'<a href="{host}/sites/{site}/ask">{texts.launcher}</a></noscript>'
    )
    snippet = f'<script async src="{host}/widget.js" data-site="{site}"></script>\n{no_script}'
    pinned = (
        f'<script async src="{host}/widget-{found.digest}.js" data-site="{site}"\n'
        f'  integrity="{found.integrity}" crossorigin="anonymous"></script>\n{no_script}'
    )
    return snippet, pinned
