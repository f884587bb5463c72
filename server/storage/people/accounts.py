"""Accounts: who may sign in as what, and what may never be done to one. Each in one transaction, with its audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select, update

from kb.errors import AdvocateError
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Transaction
from server.storage.people import resets, sessions
from server.storage.talks.events import NotFound

OPERATOR = "operator"  # who acts on the command line


class Role(StrEnum):
    """What an account is for."""

    ADVOCATE = "advocate"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A member of staff. `sites` are those they work for; "*" is every site."""

    user_id: str
    email: str
    name: str
    role: Role
    sites: tuple[str, ...] = ("*",)
    is_disabled: bool = False
    must_change: bool = False  # signed in with a one-time password: nothing else until there is a new one
    has_factor: bool = False  # signs in with a code besides the password

    def may_see(self, site: str) -> bool:
        return "*" in self.sites or site in self.sites


SYSTEM = User("system", "", "the system", Role.ADMIN)  # who acts when nobody does


class EmailTaken(AdvocateError):
    """An account with this address exists: `user`."""

    def __init__(self, user: User) -> None:
        way_out = "Open it again there." if user.is_disabled else "To let them in anew, give them a reset link."
        state = "It is shut. " if user.is_disabled else ""
        super().__init__(f"{user.email} has an account already, as {user.role}. {state}{way_out}")
        self.user = user


class AccountKept(AdvocateError):
    """An account that may not be shut or given another role: one's own, or that of the last administrator."""


OWN = "Nobody shuts or changes their own account. Ask another administrator."
LAST_ADMIN = "This is the last administrator who can sign in. Make somebody else an administrator first."
SHUT = "This account is shut. Open it again first."


def tidy(email: str) -> str:
    return email.strip().lower()


def user_of(row: Row[Any]) -> User:
    return User(
        row.user_id,
        row.email,
        row.name,
        Role(row.role),
        tuple(row.sites),
        row.is_disabled,
        row.must_change,
        has_factor=row.factor_key is not None,
    )


def add(transaction: Transaction, user: User, password_hash: str, by: str) -> None:
    transaction.run(
        schema.staff.insert().values(
            user_id=user.user_id,
            email=user.email,
            name=user.name,
            role=user.role,
            sites=list(user.sites),
            password_hash=password_hash,
            must_change=user.must_change,
            is_disabled=False,
            created_at=transaction.now,
        )
    )
    detail = {"role": user.role, "sites": list(user.sites)}
    record(transaction, actor=by, action="account added", about=user.user_id, detail=detail)


def find(transaction: Transaction, email: str) -> Row[Any] | None:
    return transaction.first(select(schema.staff).where(schema.staff.c.email == tidy(email)))


def get(transaction: Transaction, email: str) -> Row[Any]:
    """Raises NotFound."""
    row = find(transaction, email)
    if row is None:
        raise NotFound(f"{tidy(email)} has no account. `advocate user add` makes one.")
    return row


def change(transaction: Transaction, email: str, changes: dict[str, Any], action: str, by: str) -> None:
    """Change an account, and end its sessions and its links. Raises NotFound, AccountKept."""
    row = get(transaction, email)
    _check_kept(transaction, row, changes, by)
    transaction.run(update(schema.staff).where(schema.staff.c.user_id == row.user_id).values(changes))
    sessions.end_all(transaction, row.user_id)
    resets.forget(transaction, row.user_id)
    record(transaction, actor=by, action=f"account {action}", about=row.user_id)


def _check_kept(transaction: Transaction, row: Row[Any], changes: dict[str, Any], by: str) -> None:
    """Refuse what would leave nobody, or shut the one who does it. The rows of administrators are locked meanwhile."""
    if not changes.keys() & {"is_disabled", "role"}:
        return
    if row.user_id == by:
        raise AccountKept(OWN)
    table = schema.staff
    may_administer = table.c.role == Role.ADMIN, ~table.c.is_disabled
    admins = transaction.all(select(table.c.user_id).where(*may_administer).order_by(table.c.user_id).with_for_update())
    stays = not changes.get("is_disabled", row.is_disabled) and changes.get("role", row.role) == Role.ADMIN
    if [one.user_id for one in admins] == [row.user_id] and not stays:
        raise AccountKept(LAST_ADMIN)


def make_reset(transaction: Transaction, email: str, good_for: timedelta, by: str) -> str:
    """A link's token. Raises NotFound, AccountKept for one that is shut."""
    row = get(transaction, email)
    if row.is_disabled:
        raise AccountKept(SHUT)
    token = resets.make(transaction, row.user_id, good_for)
    record(transaction, actor=by, action="reset link made", about=row.user_id)
    return token


def make_reset_by_mail(transaction: Transaction, email: str) -> tuple[User, str] | None:
    row = find(transaction, email)
    if row is None or row.is_disabled or resets.was_mailed_lately(transaction, row.user_id):
        return None
    return user_of(row), make_reset(transaction, email, resets.BY_MAIL, "")


def reset(transaction: Transaction, token: str, password_hash: str) -> User:
    """Set a password by a link. Raises ResetOver."""
    row = resets.account_of(transaction, token)
    changes = {"password_hash": password_hash, "must_change": False}
    change(transaction, row.email, changes, "password set by a link", row.user_id)
    return user_of(row)


def record(
    transaction: Transaction, *, actor: str, action: str, about: str, detail: dict[str, Any] | None = None
) -> None:
    audit.record(transaction, site=audit.NO_SITE, actor=actor, action=action, about=about, detail=detail)
