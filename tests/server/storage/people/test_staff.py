import asyncio

import pytest
from argon2 import PasswordHasher

from server.storage import EmailTaken, NotFound, Origin, PasswordRefused, Role, SignInDelayed, Store
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
