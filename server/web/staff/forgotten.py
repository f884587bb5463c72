"""A forgotten password: the page that asks for a link by mail, and the page a link opens."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from server.core.handing.alerts import Channel, Target
from server.core.handing.mails import reset_mail
from server.rounds.alerting import attempt
from server.storage import PasswordRefused, ResetOver
from server.storage.ids import new_id
from server.web.guards.problems import Problem
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import FORGOTTEN, SIGN_IN
from server.web.parts import Parts, PartsDep
from server.web.staff.signin import forgotten_url
from server.web.staff.sitting import see

RESET = "/reset"
SENDING: set[asyncio.Task[None]] = set()  # tasks that nothing else holds

router = APIRouter(dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ForgottenScreen:
    """`is_sent`: what was asked for was done, whoever has an account or has none."""

    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class ResetScreen:
    """`email` is empty where the link is over."""

    email: str
    action: str
    problem: str = ""


def reset_address(parts: Parts, token: str) -> str:
    return f"{parts.settings.address}{RESET}/{token}"


@router.get(FORGOTTEN)
async def get_forgotten(parts: PartsDep) -> HTMLResponse:
    _check_mail(parts)
    return parts.templates.page("staff/forgotten.html", ForgottenScreen())


@router.post(FORGOTTEN)
async def post_forgotten(parts: PartsDep, email: Annotated[str, Form(max_length=254)] = "") -> HTMLResponse:
    """Send a link, if there is somebody to send it to. The page says the same either way, at once."""
    _check_mail(parts)
    task = asyncio.create_task(_send(parts, email))
    SENDING.add(task)
    task.add_done_callback(SENDING.discard)
    return parts.templates.page("staff/forgotten.html", ForgottenScreen(is_sent=True))


@router.get(RESET + "/{token}")
async def get_reset(parts: PartsDep, token: str) -> HTMLResponse:
    """The page a link opens. Looking at it uses nothing up: mail programs look at links too."""
    return await _reset_page(parts, token)


@router.post(RESET + "/{token}")
async def post_reset(parts: PartsDep, token: str, new: Annotated[str, Form(max_length=1000)] = "") -> Response:
    try:
        await parts.store.staff.reset_password(token, new)
    except PasswordRefused as error:
        return await _reset_page(parts, token, problem=str(error))
    except ResetOver:
        return await _reset_page(parts, token)
    return see(f"{SIGN_IN}?done=password")


def _check_mail(parts: Parts) -> None:
    if not forgotten_url(parts):
        raise Problem(404, "No mail can be sent from here. An administrator of the clinic gives you a link.")


async def _send(parts: Parts, email: str) -> None:
    found = await parts.store.staff.reset_by_mail(email)
    if found is None:
        return
    user, token = found
    mail = reset_mail(mail_id=new_id(), link=reset_address(parts, token))
    error = await attempt(parts.channels, mail, Target(Channel.EMAIL, user.email))
    if error is not None:
        log.warning("a link for a forgotten password was not sent to %s: %s", user.user_id, error)


async def _reset_page(parts: Parts, token: str, *, problem: str = "") -> HTMLResponse:
    try:
        user = await parts.store.staff.user_of_reset(token)
    except ResetOver as error:
        screen = ResetScreen("", SIGN_IN, str(error))
        return _unkept(parts.templates.page("staff/reset.html", screen, status=410))
    screen = ResetScreen(user.email, f"{RESET}/{token}", problem)
    return _unkept(parts.templates.page("staff/reset.html", screen, status=422 if problem else 200))


def _unkept(page: HTMLResponse) -> HTMLResponse:
    """The address of such a page opens an account: no copy of it is kept."""
    page.headers["Cache-Control"] = "no-store"
    return page
