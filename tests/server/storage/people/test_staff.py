import asyncio

import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from server.storage import (
    AccountKept,
    EmailTaken,
    NotFound,
    Origin,
    PasswordRefused,
    ResetOver,
    Role,
    SignInDelayed,
    Store,
)
from server.storage.people.factor import new_key
from server.storage.people.tries import delay_s
from tests.server.storage.clinic import TurnedClock

PAT = "pat@clinic.example"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("server.storage.people.passwords._hasher", quick)
    monkeypatch.setattr("server.storage.people.passwords.NOBODYS_HASH", quick.hash("nobody's"))


@pytest.fixture
def clock():
    return TurnedClock()


@pytest.fixture
async def timed(database_url, clock):
    store = await Store.open(database_url, clock=clock)
    await store.staff.add(PAT, "Pat", "advocate", PASSWORD, ("kneecare",))
    yield store
    await store.close()


async def test_an_advocate_signs_in_and_out(timed):
    signed_in = await timed.staff.sign_in(" Pat@Clinic.example ", PASSWORD)
    user = await timed.staff.user_of(signed_in.token)
    assert user == signed_in.user
    assert (user.email, user.role, user.sites) == (PAT, Role.ADVOCATE, ("kneecare",))
    assert user.may_see("kneecare") and not user.may_see("other")
    await timed.staff.sign_out(signed_in.token)
    assert await timed.staff.user_of(signed_in.token) is None
    await timed.staff.sign_out("never given out")


async def test_a_session_ends_after_thirty_idle_minutes(timed, clock):
    token = (await timed.staff.sign_in(PAT, PASSWORD)).token
    for _ in range(4):
        clock.turn(minutes=28)
        assert await timed.staff.user_of(token)
    clock.turn(minutes=30)
    assert await timed.staff.user_of(token) is None


async def test_a_session_ends_after_twelve_hours_however_busy(timed, clock):
    token = (await timed.staff.sign_in(PAT, PASSWORD)).token
    for _ in range(35):
        clock.turn(minutes=20)
        assert await timed.staff.user_of(token)
    clock.turn(minutes=20)
    assert await timed.staff.user_of(token) is None


async def test_a_wrong_password_and_an_unknown_account_are_alike(timed, clock):
    for email in (PAT, "nobody@clinic.example"):
        assert await timed.staff.sign_in(email, "wrong") is None
        with pytest.raises(SignInDelayed) as delayed:
            await timed.staff.sign_in(email, PASSWORD)
        assert delayed.value.wait_s == 1
        clock.turn(seconds=1)
        assert await timed.staff.sign_in(email, "wrong again") is None
        clock.turn(seconds=1.5)
        with pytest.raises(SignInDelayed):
            await timed.staff.sign_in(email, PASSWORD)


async def test_an_unknown_account_takes_as_long_as_a_known_one(timed):
    checked = []
    passwords = timed.staff._passwords
    plain_matches = passwords.matches

    async def counting(password_hash, password):
        checked.append(password_hash is None)
        return await plain_matches(password_hash, password)

    passwords.matches = counting
    await timed.staff.sign_in(PAT, "wrong")
    await timed.staff.sign_in("nobody@clinic.example", "wrong")
    assert checked == [False, True]  # one hash each, of the same cost


async def test_the_right_password_ends_the_delay(timed, clock):
    await timed.staff.sign_in(PAT, "wrong")
    clock.turn(seconds=1)
    assert await timed.staff.sign_in(PAT, PASSWORD)
    await timed.staff.sign_in(PAT, "wrong")
    clock.turn(seconds=1)
    assert await timed.staff.sign_in(PAT, PASSWORD)


def test_the_delay_doubles_up_to_fifteen_minutes_and_never_locks():
    assert [delay_s(failures) for failures in (1, 2, 3, 10, 11, 5000)] == [1, 2, 4, 512, 900, 900]


async def test_guesses_sent_at_once_count_as_one_try(timed):
    outcomes = await asyncio.gather(
        *(timed.staff.sign_in(PAT, f"guess {n}") for n in range(10)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType"] + ["SignInDelayed"] * 9


STRANGER, HOME = Origin("203.0.113.9"), Origin("198.51.100.7")


async def guess(store, clock, email=PAT, origin=STRANGER, *, times):
    """Wrong passwords, one a second; gives how many were tried and not only refused."""
    tried = 0
    for number in range(times):
        clock.turn(seconds=1)
        try:
            assert await store.staff.sign_in(email, f"guess {number}", origin) is None
            tried += 1
        except SignInDelayed:
            pass
    return tried


async def test_a_stranger_keeps_only_their_own_network_waiting(timed, clock):
    assert await guess(timed, clock, times=400) <= 9
    for neighbour in ("203.0.113.9", "203.0.113.200"):
        with pytest.raises(SignInDelayed):
            await timed.staff.sign_in(PAT, PASSWORD, Origin(neighbour))
    assert await timed.staff.sign_in(PAT, PASSWORD, HOME)


async def test_a_browser_that_signed_in_before_gets_in_beside_the_stranger(timed, clock):
    browser = (await timed.staff.sign_in(PAT, PASSWORD, HOME)).browser
    await guess(timed, clock, origin=HOME, times=60)
    known = Origin(HOME.address, browser)
    again = await timed.staff.sign_in(PAT, PASSWORD, known)
    assert again.browser == browser
    assert await guess(timed, clock, origin=known, times=60) <= 7  # and is no way around the delay
    with pytest.raises(SignInDelayed):
        await timed.staff.sign_in(PAT, PASSWORD, known)


@pytest.mark.parametrize("forged", ["", "x", "x.y", "é.\ud800", "a" * 5000])
async def test_a_forged_or_foreign_browser_is_a_stranger(timed, clock, forged):
    await timed.staff.add("ed@clinic.example", "Ed", "editor", PASSWORD)
    foreign = (await timed.staff.sign_in("ed@clinic.example", PASSWORD, HOME)).browser
    await guess(timed, clock, times=10)
    for browser in (forged, foreign, foreign[:-1]):
        with pytest.raises(SignInDelayed):
            await timed.staff.sign_in(PAT, PASSWORD, Origin(STRANGER.address, browser))


async def test_a_new_password_forgets_the_browsers_of_the_old_one(timed, clock):
    browser = (await timed.staff.sign_in(PAT, PASSWORD, HOME)).browser
    await timed.staff.set_password(PAT, "another long one")
    await guess(timed, clock, origin=HOME, times=10)
    with pytest.raises(SignInDelayed):
        await timed.staff.sign_in(PAT, "another long one", Origin(HOME.address, browser))


async def test_a_network_that_tries_account_after_account_waits_too(timed, clock):
    tried = [await guess(timed, clock, f"{number}@clinic.example", times=1) for number in range(120)]
    assert sum(tried) < 30
    assert await timed.staff.sign_in(PAT, PASSWORD, HOME)


async def test_neighbours_on_one_line_of_ipv6_are_one_network(timed, clock):
    await guess(timed, clock, origin=Origin("2001:db8:1:2::1"), times=10)
    with pytest.raises(SignInDelayed):
        await timed.staff.sign_in(PAT, PASSWORD, Origin("2001:db8:1:2:ffff::9"))
    assert await timed.staff.sign_in(PAT, PASSWORD, Origin("2001:db8:1:3::1"))


async def test_a_new_password_or_a_disabled_account_ends_every_session(timed):
    token = (await timed.staff.sign_in(PAT, PASSWORD)).token
    await timed.staff.set_password(PAT, "another long one")
    assert await timed.staff.user_of(token) is None
    token = (await timed.staff.sign_in(PAT, "another long one")).token
    await timed.staff.disable(PAT)
    assert await timed.staff.user_of(token) is None
    assert await timed.staff.sign_in(PAT, "another long one") is None
    [user] = await timed.staff.users()
    assert user.is_disabled


async def test_a_one_time_password_is_to_be_changed(timed):
    await timed.staff.add("ed@clinic.example", "Ed", "editor", "one-time word", must_change=True)
    assert (await timed.staff.sign_in("ed@clinic.example", "one-time word")).user.must_change
    await timed.staff.set_password("ed@clinic.example", "a word of my own")
    assert not (await timed.staff.sign_in("ed@clinic.example", "a word of my own")).user.must_change


async def test_an_address_has_one_account(timed):
    with pytest.raises(EmailTaken):
        await timed.staff.add(PAT.upper(), "Other", "admin", PASSWORD)
    with pytest.raises(NotFound):
        await timed.staff.disable("nobody@clinic.example")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
async def test_a_password_has_eight_to_two_hundred_characters(timed, password):
    with pytest.raises(PasswordRefused):
        await timed.staff.set_password(PAT, password)


async def test_two_passwords_are_hashed_at_once_and_no_more(timed, monkeypatch):
    at_once = most = 0

    async def to_thread(_work, *_arguments):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.5)  # long enough for a second one to come
        at_once -= 1
        return False

    monkeypatch.setattr("server.storage.people.passwords.asyncio.to_thread", to_thread)
    await asyncio.gather(*(timed.staff.sign_in(f"{n}@clinic.example", "guess") for n in range(8)))
    assert most == 2


# Accounts that are kept


async def test_nobody_shuts_their_own_account_however_its_address_is_written(store):
    ada = await store.staff.add("ada@clinic.example", "Ada", "admin", PASSWORD)
    await store.staff.add("eva@clinic.example", "Eva", "admin", PASSWORD)
    for email in ("ada@clinic.example", " ADA@Clinic.Example "):
        with pytest.raises(AccountKept, match="their own"):
            await store.staff.disable(email, by=ada.user_id)
        with pytest.raises(AccountKept, match="their own"):
            await store.staff.set_role(email, Role.EDITOR, by=ada.user_id)


async def test_the_last_administrator_is_kept_whoever_asks(store):
    for name, role in (("ada", "admin"), ("eva", "admin"), ("pat", "advocate")):
        await store.staff.add(f"{name}@clinic.example", name, role, PASSWORD)
    await store.staff.disable("eva@clinic.example")
    with pytest.raises(AccountKept, match="last administrator"):
        await store.staff.disable("ada@clinic.example")
    with pytest.raises(AccountKept, match="last administrator"):
        await store.staff.set_role("ada@clinic.example", Role.ADVOCATE)
    await store.staff.disable("pat@clinic.example")  # anybody else goes
    await store.staff.enable("eva@clinic.example")
    await store.staff.set_role("ada@clinic.example", Role.ADVOCATE)
    assert (await store.staff.get("ada@clinic.example")).role is Role.ADVOCATE


async def test_of_two_administrators_who_shut_each_other_at_once_one_is_kept(store):
    ada, eva = [await store.staff.add(f"{name}@clinic.example", name, "admin", PASSWORD) for name in ("ada", "eva")]
    done = await asyncio.gather(
        store.staff.disable(ada.email, by=eva.user_id),
        store.staff.disable(eva.email, by=ada.user_id),
        return_exceptions=True,
    )
    assert sum(isinstance(one, AccountKept) for one in done) == 1
    assert sum(one.is_disabled for one in await store.staff.users()) == 1


async def test_adding_somebody_who_is_there_says_what_to_do(store):
    await store.staff.add(PAT, "Pat", "advocate", PASSWORD)
    with pytest.raises(EmailTaken, match="has an account already, as advocate. To let them in anew, give them a reset"):
        await store.staff.add("PAT@clinic.example", "Pat", "editor", PASSWORD)
    await store.staff.disable(PAT)
    with pytest.raises(EmailTaken, match="It is shut. Open it again"):
        await store.staff.add(PAT, "Pat", "editor", PASSWORD)


# A forgotten password


async def test_a_reset_link_sets_a_password_once_and_ends_every_session(timed):
    before = await timed.staff.sign_in(PAT, PASSWORD)
    token = await timed.staff.reset_link("PAT@clinic.example")
    assert (await timed.staff.user_of_reset(token)).email == PAT
    assert (await timed.staff.reset_password(token, "a new long password")).email == PAT
    assert await timed.staff.user_of(before.token) is None
    with pytest.raises(ResetOver):
        await timed.staff.reset_password(token, "yet another password")
    assert await timed.staff.sign_in(PAT, "a new long password") and await timed.staff.sign_in(PAT, PASSWORD) is None


async def test_a_reset_link_ends_with_its_time_with_the_next_one_and_with_the_account(timed, clock):
    first = await timed.staff.reset_link(PAT)
    second = await timed.staff.reset_link(PAT)
    with pytest.raises(ResetOver):
        await timed.staff.user_of_reset(first)
    clock.turn(hours=24)
    with pytest.raises(ResetOver):
        await timed.staff.user_of_reset(second)
    third = await timed.staff.reset_link(PAT)
    await timed.staff.disable(PAT)
    with pytest.raises(ResetOver):
        await timed.staff.user_of_reset(third)
    with pytest.raises(AccountKept, match="shut"):
        await timed.staff.reset_link(PAT)


async def test_a_link_by_mail_goes_to_whoever_has_an_open_account_and_not_all_the_time(timed, clock):
    assert await timed.staff.reset_by_mail("nobody@clinic.example") is None
    user, token = await timed.staff.reset_by_mail(PAT)
    assert user.email == PAT and await timed.staff.user_of_reset(token) == user
    assert await timed.staff.reset_by_mail(PAT) is None
    clock.turn(minutes=5)
    assert await timed.staff.reset_by_mail(PAT) is not None
    await timed.staff.disable(PAT)
    clock.turn(minutes=5)
    assert await timed.staff.reset_by_mail(PAT) is None


# Sessions


async def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(timed, clock):
    tokens = []
    for name in ("Firefox", "Chrome", "Safari"):
        tokens.append((await timed.staff.sign_in(PAT, PASSWORD, Origin(name=name))).token)
        clock.turn(seconds=1)
    user = await timed.staff.get(PAT)
    listed = await timed.staff.sessions(user, this=tokens[0])
    assert [(one.browser, one.is_this) for one in listed] == [("Safari", False), ("Chrome", False), ("Firefox", True)]
    await timed.staff.end_sessions(user, session_id=listed[0].session_id, by=user.user_id)
    assert [await timed.staff.user_of(token) is None for token in tokens] == [False, False, True]
    await timed.staff.end_sessions(user, but=tokens[0], by=user.user_id)
    assert [await timed.staff.user_of(token) is None for token in tokens] == [False, True, True]
    assert not any(token in repr(listed) for token in tokens)


async def test_nobody_ends_a_session_of_somebody_else_by_its_id(timed):
    sam = await timed.staff.add("sam@clinic.example", "Sam", "advocate", PASSWORD)
    token = (await timed.staff.sign_in(PAT, PASSWORD)).token
    [one] = await timed.staff.sessions(await timed.staff.get(PAT))
    await timed.staff.end_sessions(sam, session_id=one.session_id, by=sam.user_id)
    assert await timed.staff.user_of(token) is not None


# The second factor


@pytest.fixture
async def key(timed, clock):
    """Pat's second factor, set a while ago."""
    user, key = await timed.staff.get(PAT), new_key()
    assert not await timed.staff.keep_factor(user, key, "000000", this="")
    assert await timed.staff.keep_factor(user, key, TOTP(key).at(clock.now), this="")
    clock.turn(minutes=5)
    return key


async def test_with_a_second_factor_a_password_alone_opens_nothing(timed, clock, key):
    half = await timed.staff.sign_in(PAT, PASSWORD)
    assert half.needs_code and await timed.staff.user_of(half.token) is None
    assert await timed.staff.sessions(half.user) == []
    assert await timed.staff.give_code(half.token, "123 456") is None
    clock.turn(seconds=1)
    whole = await timed.staff.give_code(half.token, TOTP(key).at(clock.now))
    assert (await timed.staff.user_of(whole.token)).email == PAT
    with pytest.raises(NotFound):
        await timed.staff.give_code(half.token, TOTP(key).at(clock.now))


async def test_a_code_is_good_once(timed, clock, key):
    code = TOTP(key).at(clock.now)
    first, second = [await timed.staff.sign_in(PAT, PASSWORD) for _ in range(2)]
    assert await timed.staff.give_code(first.token, code)
    assert await timed.staff.give_code(second.token, code) is None
    clock.turn(seconds=60)
    assert await timed.staff.give_code(second.token, TOTP(key).at(clock.now))


async def test_who_guesses_codes_waits_longer_each_time_in_whichever_sign_in(timed, clock, key):
    waits = 0
    for _ in range(6):
        half = await timed.staff.sign_in(PAT, PASSWORD)
        try:
            assert await timed.staff.give_code(half.token, "000000") is None
        except SignInDelayed as error:
            waits = max(waits, error.wait_s)
            clock.turn(seconds=error.wait_s)
    assert waits >= 2


async def test_a_lost_second_factor_is_removed_and_ends_what_was_open(timed, clock, key):
    half = await timed.staff.sign_in(PAT, PASSWORD)
    whole = await timed.staff.give_code(half.token, TOTP(key).at(clock.now))
    await timed.staff.drop_factor(PAT)
    assert await timed.staff.user_of(whole.token) is None
    assert not (await timed.staff.sign_in(PAT, PASSWORD)).needs_code


async def test_a_new_password_by_link_leaves_the_second_factor(timed, key):
    await timed.staff.reset_password(await timed.staff.reset_link(PAT), "a new long password")
    assert (await timed.staff.sign_in(PAT, "a new long password")).needs_code
