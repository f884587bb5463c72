"""Saved replies as the desk shows them: in the list beside a reply, and on the page where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.core.handing.saved import SavedReply
from server.editing.saving import SAVED
from server.storage import Role, User
from server.web.parts import Parts
from server.web.words.moments import date_in_words


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved reply. `standing`: whose it is, and by when they read it again."""

    reply: SavedReply
    standing: str
    is_overdue: bool
    has_owner_left: bool


async def read_saved(parts: Parts, site: str, today: date) -> tuple[SavedView, ...]:
    """A clinic's saved replies, by title."""
    latest = await parts.store.content.latest(site, SAVED)
    if latest is None:
        return ()
    here = {user.user_id for user in await owners_of(parts, site)}
    replies = (SavedReply.from_json(one) for one in latest.body)
    return tuple(_view(one, today, has_owner_left=one.owner_id not in here) for one in replies)


async def owners_of(parts: Parts, site: str) -> list[User]:
    """Who may own a reply of a clinic: whoever answers for it, by name."""
    answering = {Role.ADVOCATE, Role.ADMIN}
    users = await parts.store.staff.users()
    found = [one for one in users if one.role in answering and not one.is_disabled and one.may_see(site)]
    return sorted(found, key=lambda one: one.name.casefold())


def _view(reply: SavedReply, today: date, *, has_owner_left: bool) -> SavedView:
    is_overdue = reply.is_overdue(today)
    reads = "was to read it again" if is_overdue else "reads it again"
    standing = f"{reply.owner} {reads} by {date_in_words(reply.review_on.isoformat(), 'en')}"
    return SavedView(reply, standing, is_overdue, has_owner_left)
