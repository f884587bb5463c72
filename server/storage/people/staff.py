"""Staff: accounts, how they sign in, and what is done when a password or a second factor is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import IntegrityError

from server.storage.database import schema
from server.storage.database.faults import StorageUnavailable
from server.storage.database.transactions import Database, Transaction
from server.storage.ids import new_id, new_token
from server.storage.people import accounts, factor, resets, sessions, tries
from server.storage.people.accounts import (
    OPERATOR,
    SYSTEM,
    AccountKept,
    EmailTaken,
    Role,
    User,
    record,
    tidy,
    user_of,
)
from server.storage.people.passwords import Passwords
from server.storage.people.resets import BY_STAFF
from server.storage.people.sessions import ABSOLUTE, IDLE, SEEN_EVERY, Session
from server.storage.people.tries import Count, Origin
from server.storage.talks.events import NotFound

__all__ = ["ABSOLUTE", "IDLE", "SYSTEM", "AccountKept", "EmailTaken", "Role", "SignedIn", "Staff", "User", "user_of"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. The token is told once, and stored only as a digest. `browser` is for this browser to keep.

    `needs_code`: the password was right, and a code of the second factor is still to come.
    """

    user: User
    token: str
    browser: str
    needs_code: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """A session about to begin: its token, the failed tries it ends, and its browser in words."""

    token: str
    counts: tuple[Count, ...]
    browser: str


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
            await self._database.write(lambda transaction: accounts.add(transaction, user, password_hash, by))
        except IntegrityError:
            raise EmailTaken(await self.get(email)) from None
        return user

    async def add_first(self, passwords: Mapping[User, str]) -> bool:
        """Add a new installation's first accounts, all or none; whether this call did. Raises PasswordRefused.

        Of several servers that start at once one adds them.
        """
        hashed = {user: await self._passwords.hash(password) for user, password in passwords.items()}
        try:
            return await self._database.write(lambda transaction: _add_first(transaction, hashed))
        except IntegrityError:
            return False

    async def get(self, email: str) -> User:
        """The account of an address, whatever its capitals. Raises NotFound."""
        return user_of(await self._database.read(lambda transaction: accounts.get(transaction, email)))

    async def users(self) -> list[User]:
        """Every account, by email."""
        every = select(schema.staff).order_by(schema.staff.c.email)
        return [user_of(row) for row in await self._database.read(lambda transaction: transaction.all(every))]

    async def set_password(self, email: str, password: str, *, must_change: bool = False, by: str = OPERATOR) -> None:
        """Change a password and end every session of the account. Raises NotFound, PasswordRefused."""
        change = {"password_hash": await self._passwords.hash(password), "must_change": must_change}
        await self._database.write(lambda tx: accounts.change(tx, email, change, "password set", by))

    async def disable(self, email: str, *, by: str = OPERATOR) -> None:
        """Shut an account and end its sessions. Raises NotFound, AccountKept."""
        await self._database.write(lambda tx: accounts.change(tx, email, {"is_disabled": True}, "disabled", by))

    async def enable(self, email: str, *, by: str = OPERATOR) -> None:
        """Open a disabled account again. Raises NotFound."""
        await self._database.write(lambda tx: accounts.change(tx, email, {"is_disabled": False}, "enabled", by))

    async def set_role(self, email: str, role: Role, *, by: str = OPERATOR) -> None:
        """Give an account another role, and end its sessions. Raises NotFound, AccountKept."""
        await self._database.write(lambda tx: accounts.change(tx, email, {"role": role}, f"made {role}", by))

    # A forgotten password

    async def reset_link(self, email: str, *, by: str = OPERATOR) -> str:
        """The token of a link that sets a password anew, for a day; it ends those before. Raises NotFound, AccountKept."""
        return await self._database.write(lambda tx: accounts.make_reset(tx, email, BY_STAFF, by))

    async def reset_by_mail(self, email: str) -> tuple[User, str] | None:
        """The same for an hour, for whoever says they forgot: None where there is nobody to send it to, or lately was."""
        return await self._database.write(lambda transaction: accounts.make_reset_by_mail(transaction, email))

    async def user_of_reset(self, token: str) -> User:
        """Whose link this is. Raises ResetOver."""
        return user_of(await self._database.read(lambda transaction: resets.account_of(transaction, token)))

    async def reset_password(self, token: str, password: str) -> User:
        """Set a password by a link, which ends it, and every session. Raises ResetOver, PasswordRefused."""
        await self.user_of_reset(token)  # a link that is over costs no hash
        password_hash = await self._passwords.hash(password)
        return await self._database.write(lambda transaction: accounts.reset(transaction, token, password_hash))

    # Signing in

    async def sign_in(self, email: str, password: str, origin: Origin | None = None) -> SignedIn | None:
        """A session, or None for a wrong password, an unknown or a disabled account: all alike, in the same time.

        Raises SignInDelayed while the account, known or not, waits after failures that came from there.
        """
        origin = origin or Origin()
        row = await self._database.read(lambda transaction: accounts.find(transaction, email))
        counts = tries.counts_for(tidy(email), row and row.password_hash, origin)
        await self._database.write(lambda transaction: tries.take_a_turn(transaction, counts))
        is_right = await self._passwords.matches(row and row.password_hash, password)
        user = user_of(row) if row and is_right and not row.is_disabled else None
        token = new_token()
        await self._database.write(lambda tx: _finish_sign_in(tx, email, user, token, counts, origin.name))
        if row is None or user is None:
            return None
        seal = tries.browser_seal(user.email, row.password_hash, origin)
        return SignedIn(user, token, seal, needs_code=user.has_factor)

    async def give_code(self, token: str, code: str, origin: Origin | None = None) -> SignedIn | None:
        """Finish a sign-in that asks for a code: a new session in place of the half one. None for a wrong or used code.

        Raises SignInDelayed after wrong ones, NotFound where no sign-in waits for a code.
        """
        origin = origin or Origin()
        row = await self._database.read(lambda transaction: sessions.find(transaction, token))
        if row is None or not row.needs_code or sessions.is_over(row, self._database.clock()):
            raise NotFound("This sign-in took too long. Sign in again.")
        counts = (Count(f"code {row.user_id}"),)
        await self._database.write(lambda transaction: tries.take_a_turn(transaction, counts))
        fresh = Fresh(new_token(), counts, origin.name)
        is_in = await self._database.write(lambda tx: _finish_code(tx, row, code, token, fresh))
        seal = tries.browser_seal(row.email, row.password_hash, origin)
        return SignedIn(user_of(row), fresh.token, seal) if is_in else None

    async def user_of(self, token: str, *, touch: bool = True) -> User | None:
        """Who is signed in with this token: None once idle for 30 minutes, after 12 hours, when disabled or without code.

        touch: whether asking counts as activity; a page that only watches does not.
        """
        found = await self._database.read(lambda transaction: sessions.find(transaction, token))
        if found is None or found.needs_code:
            return None
        now = self._database.clock()
        if sessions.is_over(found, now):
            await self.sign_out(token)
            return None
        if touch and now - found.seen_at >= SEEN_EVERY and not self._database.trouble.is_on:
            with suppress(StorageUnavailable):  # who is signed in may read while nothing can be stored
                await self._database.write(lambda transaction: sessions.see(transaction, token))
        return user_of(found)

    async def waits_for_code(self, token: str) -> bool:
        """Whether a sign-in with this token has the password, and wants the code."""
        found = await self._database.read(lambda transaction: sessions.find(transaction, token))
        return found is not None and found.needs_code and not sessions.is_over(found, self._database.clock())

    async def give_sign(self, token: str) -> None:
        """A page of the desk is open and awake. It keeps nobody signed in: only what a person does, does that."""
        await self._database.write(lambda transaction: sessions.give_sign(transaction, token))

    async def sign_out(self, token: str) -> None:
        """End a session. An unknown one is ended already."""
        await self._database.write(lambda transaction: _sign_out(transaction, token))

    async def sessions(self, user: User, *, this: str = "") -> list[Session]:
        """Where somebody is signed in, the latest used first. `this`: the token of the one that asks."""
        return await self._database.read(lambda tx: sessions.live(tx, user.user_id, this=this))

    async def end_sessions(self, user: User, *, session_id: str = "", but: str = "", by: str) -> None:
        """End one session of somebody by its id, or all of them but that of a token."""
        await self._database.write(lambda tx: _end_sessions(tx, user.user_id, session_id, but, by))

    # The second factor

    async def keep_factor(self, user: User, key: str, code: str, *, this: str) -> bool:
        """Ask for codes of this key from now on, if the app shows the right one; ends every other session."""
        return await self._database.write(lambda transaction: _keep_factor(transaction, user, key, code, this))

    async def drop_factor(self, email: str, *, by: str = OPERATOR) -> None:
        """Ask for no code any more, and end every session. Raises NotFound."""
        change = {"factor_key": None, "factor_used": None}
        await self._database.write(lambda tx: accounts.change(tx, email, change, "second factor removed", by))


def _add_first(transaction: Transaction, hashed: Mapping[User, str]) -> bool:
    if transaction.first(select(schema.staff.c.user_id).limit(1)) is not None:
        return False
    for user, password_hash in hashed.items():
        accounts.add(transaction, user, password_hash, OPERATOR)
    return True


def _finish_sign_in(
    transaction: Transaction, email: str, user: User | None, token: str, counts: Sequence[Count], browser: str
) -> None:
    """Both ends write about as much, so that time tells nothing."""
    about = tries.digest(tidy(email))
    if user is None:
        record(transaction, actor="", action="sign-in refused", about=about)
        return
    tries.forget(transaction, counts)
    sessions.begin(transaction, user.user_id, token, browser=browser, needs_code=user.has_factor)
    action = "password given" if user.has_factor else "signed in"
    record(transaction, actor=user.user_id, action=action, about=user.user_id)


def _finish_code(transaction: Transaction, half: Row[Any], code: str, token: str, fresh: Fresh) -> bool:
    """Use a code up, and put a whole session in place of the half one."""
    table = schema.staff
    row = transaction.first(select(table).where(table.c.user_id == half.user_id).with_for_update())
    step = row and row.factor_key and factor.step_of(row.factor_key, code, transaction.now, used=row.factor_used)
    if not step:
        record(transaction, actor=half.user_id, action="code refused", about=half.user_id)
        return False
    transaction.run(update(table).where(table.c.user_id == half.user_id).values(factor_used=step))
    tries.forget(transaction, fresh.counts)
    sessions.end(transaction, token)
    sessions.begin(transaction, half.user_id, fresh.token, browser=fresh.browser, needs_code=False)
    record(transaction, actor=half.user_id, action="signed in", about=half.user_id)
    return True


def _sign_out(transaction: Transaction, token: str) -> None:
    user_id = sessions.end(transaction, token)
    if user_id is not None:
        record(transaction, actor=user_id, action="signed out", about=user_id)


def _end_sessions(transaction: Transaction, user_id: str, session_id: str, but: str, by: str) -> None:
    if session_id:
        sessions.end_named(transaction, user_id, session_id)
    else:
        sessions.end_all(transaction, user_id, but=but)
    record(transaction, actor=by, action="sessions ended", about=user_id)


def _keep_factor(transaction: Transaction, user: User, key: str, code: str, this: str) -> bool:
    step = factor.step_of(key, code, transaction.now, used=None)
    if step is None:
        return False
    kept = {"factor_key": key, "factor_used": step}
    transaction.run(update(schema.staff).where(schema.staff.c.user_id == user.user_id).values(kept))
    sessions.end_all(transaction, user.user_id, but=this)
    record(transaction, actor=user.user_id, action="second factor set", about=user.user_id)
    return True
