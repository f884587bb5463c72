"""What a new installation needs of people: first accounts, printed once."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from kb import DEFAULT_SITE
from kb.errors import AdvocateError
from server.channels import NO_ALERTS, Channels, open_channels
from server.settings import Settings
from server.storage.ids import new_id
from server.storage.people.staff import Role, User

if TYPE_CHECKING:
    from server.storage.store import Store

FIRST_STAFF = ((Role.ADVOCATE, "advocate@localhost"), (Role.EDITOR, "editor@localhost"))


class UserRefused(AdvocateError):
    """An account that cannot be made as asked."""


async def welcome(store: Store, settings: Settings) -> list[str]:
    """Lines for the person who starts the server; on a first run the first accounts with their one-time passwords."""
    address = settings.address
    lines = ["", f"Patient Advocate is starting on {address}"]
    lines += [f"  {words:<12}{address}{path}" for words, path in _places()]
    lines += [f"  {'Alerts':<12}{line}" for line in alert_lines(open_channels(settings))]
    if not await store.staff.users():
        lines += await _first_accounts(store)
    return [*lines, ""]


async def _first_accounts(store: Store) -> list[str]:
    """Lines with the first accounts' passwords; none where another server that starts now adds them and prints its own."""
    passwords = {
        User(new_id(), email, await _name_for(store, role), role, must_change=True): secrets.token_urlsafe(12)
        for role, email in FIRST_STAFF
    }
    if not await store.staff.add_first(passwords):
        return []
    told = [f"  {user.role:<12}{user.email:<22}{password}" for user, password in passwords.items()]
    return ["", "First accounts, with one-time passwords (shown only now; each asks for a new one at sign-in):", *told]


async def add_from_file(store: Store, *, email: str, role: str, password_file: Path, name: str) -> str:
    """Add a user whose password is the first line of a file. Raises UserRefused."""
    if role not in set(Role):
        raise UserRefused(f"--role {role}: expected one of {', '.join(Role)}.")
    try:
        password = password_file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise UserRefused(
            f"{password_file}: expected a file whose first line is the password ({type(error).__name__})."
        ) from error
    user = await store.staff.add(email, name or email.split("@")[0].replace(".", " ").title(), Role(role), password)
    return f"{user.email} added as {user.role}."


def alert_lines(channels: Channels) -> list[str]:
    """Where alerts go; that they go nowhere is said, not left out."""
    return [words for _, words in channels.named()] or [NO_ALERTS]


def _places() -> tuple[tuple[str, str], ...]:
    return (("Visitor", f"/sites/{DEFAULT_SITE}"), ("Advocate", "/desk"), ("Editor", "/editor"))


async def _name_for(store: Store, role: str) -> str:
    site = await store.content.latest(DEFAULT_SITE, "site")
    return str(site.body["advocate"]) if role == "advocate" and site is not None else role.title()
