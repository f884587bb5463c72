"""What an admin does at a clinic: enters the number called when a visitor is in danger, sets the look, begins a drill."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from kb.sites import Look, Site
from server.storage import EditConflict
from server.web.guards.problems import Problem
from server.web.guards.security import refuse_cross_site
from server.web.parts import Parts, PartsDep
from server.web.staff.admin import ADMIN, Admin, Text, admin_page

router = APIRouter(prefix=ADMIN, dependencies=[Depends(refuse_cross_site)], include_in_schema=False)
NO_CLINIC = "There is no such clinic."
CHANGED = "Somebody changed this clinic just now. Try again."
NO_LOOK = "A colour is # and six digits, such as #0b6b6b; corners are 0 to 24 pixels."
NO_NUMBER = "“{}” is no telephone number. Write digits, spaces and + ( ) - . alone, or leave it empty."


@router.post("/clinics/{site}/on-call")
async def post_on_call(
    parts: PartsDep, staff: Admin, site: str, number: Annotated[Text, Form(alias="on_call")] = ""
) -> Response:
    """Keep the number of the clinician on call; advocates see it beside an emergency."""
    try:
        await _change(parts, site, by=staff.user.email, on_call=number.strip())
    except ValidationError:
        return await admin_page(parts, staff, problem=NO_NUMBER.format(number), status=422)
    except EditConflict:
        return await admin_page(parts, staff, problem=CHANGED, status=409)
    return RedirectResponse(f"{ADMIN}#clinics", status_code=303)


@router.post("/clinics/{site}/look")
async def post_look(
    parts: PartsDep,
    staff: Admin,
    site: str,
    accent: Annotated[Text, Form()] = "",
    radius: Annotated[Text, Form()] = "",
    font: Annotated[Text, Form()] = "",
) -> Response:
    """Keep the colour, corners and font of a clinic's chat. A colour that cannot be read is refused, with one that can."""
    try:
        look = Look.model_validate(
            {"accent": accent.strip().lower(), "radius_px": radius, "font": font.strip() or Look().font}
        )
        look.check()
        await _change(parts, site, by=staff.user.email, look=look.model_dump())
    except ValidationError:
        return await admin_page(parts, staff, problem=NO_LOOK, status=422)
    except ValueError as error:
        return await admin_page(parts, staff, problem=str(error), status=422)
    except EditConflict:
        return await admin_page(parts, staff, problem=CHANGED, status=409)
    return RedirectResponse(f"{ADMIN}#look", status_code=303)


@router.post("/clinics/{site}/drill")
async def post_drill(parts: PartsDep, staff: Admin, site: str) -> Response:
    """Call staff as for an emergency, to see how soon somebody comes."""
    if site not in await parts.store.content.sites():
        raise Problem(404, NO_CLINIC)
    await parts.store.drills.begin(site, parts.channels.reach, by=staff.user.user_id)
    return RedirectResponse(f"{ADMIN}#drills", status_code=303)


async def _change(parts: Parts, site: str, *, by: str, **changes: Any) -> None:
    """Save a site's settings with these changes. Raises ValidationError, EditConflict, Problem where there is no site."""
    latest = await parts.store.content.latest(site, "site")
    if latest is None:
        raise Problem(404, NO_CLINIC)
    changed = Site.model_validate({**latest.body, **changes})
    await parts.store.content.save(
        site,
        "site",
        changed.model_dump(mode="json"),
        author=by,
        reason=f"{', '.join(changes)} changed",
        expected_revision=latest.revision,
    )
