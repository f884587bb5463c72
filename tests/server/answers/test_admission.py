"""How much work is let in: a bounded amount, and less where the machine is slow."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from server.answers.admission import FEW, LATE_S, MOST_TURNS, ROOM, Room, turns_of


class Clock:
    """Stands still until it is turned."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fill(room: Room, turns: int) -> ExitStack:
    stack = ExitStack()
    for _ in range(turns):
        stack.enter_context(room.taken(1))
    return stack


def test_there_is_room_for_so_much_and_again_when_it_is_done(clock):
    room = Room(clock=clock)
    with fill(room, ROOM):
        assert not room.has(1)
    assert room.has(ROOM) and not room.has(ROOM + 1)


def test_where_the_last_one_came_late_there_is_room_for_few_until_one_is_in_time(clock):
    room = Room(clock=clock)
    with room.taken(1):
        clock.now += LATE_S + 0.1
    with fill(room, FEW - 1):
        assert room.has(1)
        with room.taken(1):
            assert not room.has(1)
    assert room.has(ROOM)  # those took no time


def test_while_nothing_was_answered_yet_those_who_wait_for_the_encoder_are_let_in(clock):
    room = Room(clock=clock)
    with fill(room, FEW):
        clock.now += 14.0
        assert room.has(ROOM - FEW)


def test_an_error_gives_its_room_back(clock):
    room = Room(clock=clock)
    with pytest.raises(ZeroDivisionError), room.taken(ROOM):
        _ = 1 // 0
    assert room.has(ROOM)


@pytest.mark.parametrize(("chars", "turns"), [(1, 1), (100, 1), (101, 2), (4000, MOST_TURNS)])
def test_a_longer_message_takes_more_room(chars, turns):
    assert turns_of("a" * chars) == turns
