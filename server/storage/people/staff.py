"""Staff: accounts, and who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.exc import IntegrityError

from kb.errors import AdvocateError
from server.storage import audit
from server.storage.database import schema
from server.storage.database.transactions import Database, Transaction
from server.storage.events import NotFound
from server.storage.ids import new_id, new_token, token_digest
from server.storage.people import tries
from server.storage.people.passwords import Passwords
from server.storage.people.tries import Count, Origin

IDLE = timedelta(minutes=30)  # HIPAA's automatic log-off; OWASP ASVS 7.3.1
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # a busy session is not written at each request
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

    def may_see(self, site: str) -> bool:
        return "*" in self.sites or site in self.sites


SYSTEM = User("system", "", "the system", Role.ADMIN)  # who acts when nobody does


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. The token is told once, and stored only as a digest. `browser` is for this browser to keep."""

    user: User
    token: str
    browser: str


class EmailTaken(AdvocateError):
    """An account with this address exists."""


class Staff:
    """Accounts and sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._passwords = Passwords()

    async def add(
        self,
        email: str,
        name: str,
        role: Role | str,
        password: str,
        sites: Sequence[str] = ("*",),
        *,
        must_change: bool = False,
        by: str = OPERATOR,
    ) -> User:
        """A new account. Raises EmailTaken, PasswordRefused."""
        user = User(new_id(), tidy(email), name, Role(role), tuple(sites), must_change=must_change)
        password_hash = await self._passwords.hash(password)
        try:
            await self._database.write(lambda transaction: _add(transaction, user, password_hash, by))
        except IntegrityError:
            raise EmailTaken(f"{user.email} has an account already. Set its password instead.") from None
        return user

    async def set_password(self, email: str, password: str, *, must_change: bool = False, by: str = OPERATOR) -> None:
        """Change a password and end every session of the account. Raises NotFound, PasswordRefused."""
        change = {"password_hash": await self._passwords.hash(password), "must_change": must_change}
        await self._database.write(lambda tx: _change(tx, email, change, "password set", by))

    async def disable(self, email: str, *, by: str = OPERATOR) -> None:
        """Shut an account and end its sessions. Raises NotFound."""
        await self._database.write(lambda tx: _change(tx, email, {"is_disabled": True}, "disabled", by))

    async def enable(self, email: str, *, by: str = OPERATOR) -> None:
        """Open a disabled account again. Raises NotFound."""
        await self._database.write(lambda tx: _change(tx, email, {"is_disabled": False}, "enabled", by))

    async def users(self) -> list[User]:
        """Every account, by email."""
        every = select(schema.staff).order_by(schema.staff.c.email)
        return [user_of(row) for row in await self._database.read(lambda transaction: transaction.all(every))]

    async def sign_in(self, email: str, password: str, origin: Origin | None = None) -> SignedIn | None:
        """A session, or None for a wrong password, an unknown or a disabled account: all alike, in the same time.

        Raises SignInDelayed while the account, known or not, waits after failures that came from there.
        """
        origin = origin or Origin()
        row = await self._database.read(lambda transaction: _find(transaction, email))
        counts = tries.counts_for(tidy(email), row and row.password_hash, origin)
        await self._database.write(lambda transaction: tries.take_a_turn(transaction, counts))
        is_right = await self._passwords.matches(row and row.password_hash, password)
        user = user_of(row) if row and is_right and not row.is_disabled else None
        token = new_token()
        await self._database.write(lambda transaction: _finish_sign_in(transaction, email, user, token, counts))
        if row is None or user is None:
            return None
        return SignedIn(user, token, tries.browser_seal(user.email, row.password_hash, origin))

    async def user_of(self, token: str, *, touch: bool = True) -> User | None:
        """Who is signed in with this token: None once idle for 30 minutes, after 12 hours, or when disabled.

        touch: whether asking counts as activity; a page that only watches does not.
        """
        digest = token_digest(token)
        found = await self._database.read(lambda transaction: _session(transaction, digest))
        if found is None:
            return None
        now = self._database.clock()
        if now - found.seen_at >= IDLE or now - found.started_at >= ABSOLUTE or found.is_disabled:
            await self.sign_out(token)
            return None
        if touch and now - found.seen_at >= SEEN_EVERY:
            await self._database.write(lambda transaction: _see(transaction, digest))
        return user_of(found)

    async def give_sign(self, token: str) -> None:
        """A page of the desk is open and awake. It keeps nobody signed in: only what a person does, does that."""
        await self._database.write(lambda transaction: _give_sign(transaction, token_digest(token)))

    async def sign_out(self, token: str) -> None:
        """End a session. An unknown one is ended already."""
        await self._database.write(lambda transaction: _sign_out(transaction, token_digest(token)))


def tidy(email: str) -> str:
    return email.strip().lower()


def user_of(row: Row[Any]) -> User:
    return User(row.user_id, row.email, row.name, Role(row.role), tuple(row.sites), row.is_disabled, row.must_change)


def _add(transaction: Transaction, user: User, password_hash: str, by: str) -> None:
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
    _record(transaction, actor=by, action="account added", about=user.user_id, detail=detail)


def _change(transaction: Transaction, email: str, change: dict[str, Any], action: str, by: str) -> None:
    row = _find(transaction, email)
    if row is None:
        raise NotFound(f"{tidy(email)} has no account. `advocate user add` makes one.")
    transaction.run(update(schema.staff).where(schema.staff.c.user_id == row.user_id).values(change))
    transaction.run(delete(schema.staff_session).where(schema.staff_session.c.user_id == row.user_id))
    _record(transaction, actor=by, action=f"account {action}", about=row.user_id)


def _find(transaction: Transaction, email: str) -> Row[Any] | None:
    return transaction.first(select(schema.staff).where(schema.staff.c.email == tidy(email)))


def _finish_sign_in(
    transaction: Transaction, email: str, user: User | None, token: str, counts: Sequence[Count]
) -> None:
    """Both ends write about as much, so that time tells nothing."""
    about = tries.digest(tidy(email))
    if user is None:
        _record(transaction, actor="", action="sign-in refused", about=about)
        return
    tries.forget(transaction, counts)
    _forget_old_sessions(transaction)
    transaction.run(
        schema.staff_session.insert().values(
            token_sha256=token_digest(token),
            user_id=user.user_id,
            created_at=transaction.now,
            seen_at=transaction.now,
        )
    )
    _record(transaction, actor=user.user_id, action="signed in", about=user.user_id)


def _forget_old_sessions(transaction: Transaction) -> None:
    table = schema.staff_session
    transaction.run(delete(table).where(table.c.created_at < transaction.now - ABSOLUTE))


def _session(transaction: Transaction, digest: str) -> Row[Any] | None:
    staff, session = schema.staff, schema.staff_session
    return transaction.first(
        select(staff, session.c.seen_at, session.c.created_at.label("started_at"))
        .join(session, session.c.user_id == staff.c.user_id)
        .where(session.c.token_sha256 == digest)
    )


def _see(transaction: Transaction, digest: str) -> None:
    table = schema.staff_session
    transaction.run(update(table).where(table.c.token_sha256 == digest).values(seen_at=transaction.now))


def _give_sign(transaction: Transaction, digest: str) -> None:
    table = schema.staff_session
    live = table.c.token_sha256 == digest, table.c.seen_at > transaction.now - IDLE
    transaction.run(update(table).where(*live).values(at_desk_at=transaction.now))


def _sign_out(transaction: Transaction, digest: str) -> None:
    table = schema.staff_session
    user_id = transaction.value(delete(table).where(table.c.token_sha256 == digest).returning(table.c.user_id))
    if user_id is not None:
        _record(transaction, actor=user_id, action="signed out", about=user_id)


def _record(
    transaction: Transaction, *, actor: str, action: str, about: str, detail: dict[str, Any] | None = None
) -> None:
    audit.record(transaction, site=audit.NO_SITE, actor=actor, action=action, about=about, detail=detail)
