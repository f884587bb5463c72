"""The second factor: its code at sign-in, and the page that sets it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from server.storage import NotFound, SignInDelayed
from server.storage.people.factor import address_of, new_key
from server.web.guards.security import refuse_cross_site
from server.web.guards.staff import CODE, FACTOR, REQUIRED, SIGN_IN, Staff, cookie_name, home_of, origin_of, own_path
from server.web.parts import Parts, PartsDep
from server.web.staff.qr import QrCode, qr_code
from server.web.staff.signin import Anyone
from server.web.staff.sitting import begin_sitting, see, wait_words

WRONG = "This is not the code the app shows now. Codes change every 30 seconds, and each is good once."
TOO_LATE = f"{SIGN_IN}?done=too-late"

router = APIRouter(dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
Typed = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class CodeScreen:
    next: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FactorScreen:
    """`key` is one that is offered, in groups to type; empty where a second factor is set."""

    home: str
    is_required: bool
    key: str = ""
    raw_key: str = ""
    address: str = ""
    qr: QrCode | None = None  # the address, for the camera of a telephone
    problem: str = ""


@router.get(CODE)
async def get_code(request: Request, parts: PartsDep, go_to: Annotated[str, Query(alias="next")] = "") -> Response:
    if not await parts.store.staff.waits_for_code(_token(request, parts)):
        return see(SIGN_IN)
    return parts.templates.page("staff/code.html", CodeScreen(own_path(go_to)))


@router.post(CODE)
async def post_code(
    request: Request, parts: PartsDep, code: Typed = "", go_to: Annotated[str, Form(alias="next")] = ""
) -> Response:
    try:
        found = await parts.store.staff.give_code(_token(request, parts), code, origin_of(request, parts))
    except NotFound:
        return see(TOO_LATE)
    except SignInDelayed as error:
        wait = f"Too many tries. Wait {wait_words(error.wait_s)}, then try again."
        page = parts.templates.page("staff/code.html", CodeScreen(own_path(go_to), wait), status=429)
        page.headers["Retry-After"] = str(error.wait_s)
        return page
    if found is None:
        return parts.templates.page("staff/code.html", CodeScreen(own_path(go_to), WRONG), status=401)
    return begin_sitting(request, parts, found, go_to)


@router.get(FACTOR)
async def get_factor(parts: PartsDep, staff: Anyone) -> HTMLResponse:
    return _factor_page(parts, staff, "" if staff.user.has_factor else new_key())


@router.post(FACTOR)
async def post_factor(
    request: Request, parts: PartsDep, staff: Anyone, key: Annotated[str, Form(max_length=64)] = "", code: Typed = ""
) -> Response:
    """Keep the key the page offered, once the app shows its code. One that is set is only removed by an administrator."""
    if staff.user.has_factor:
        return see(FACTOR)
    try:
        is_kept = await parts.store.staff.keep_factor(staff.user, key, code, this=_token(request, parts))
    except ValueError:  # no base32: not what the page offered
        return _factor_page(parts, staff, new_key(), problem="This key cannot be used. Here is a new one.", status=422)
    if not is_kept:
        return _factor_page(parts, staff, key, problem=WRONG, status=422)
    return see(FACTOR)


def _factor_page(parts: Parts, staff: Staff, key: str, *, problem: str = "", status: int = 200) -> HTMLResponse:
    address = address_of(key, staff.user.email) if key else ""
    screen = FactorScreen(
        home=home_of(staff.user.role),
        is_required=parts.settings.second_factor == REQUIRED,
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        raw_key=key,
        address=address,
        qr=qr_code(address) if address else None,
        problem=problem,
    )
    page = parts.templates.page("staff/factor.html", screen, status=status)
    page.headers["Cache-Control"] = "no-store"
    return page


def _token(request: Request, parts: Parts) -> str:
    return request.cookies.get(cookie_name(request, parts), "")
