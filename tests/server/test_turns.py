"""One thread, many who wait for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.turns import Turns


async def test_a_plain_question_passes_the_letters_that_wait_before_it():
    turns, go_on, done = Turns("test"), threading.Event(), []
    running = turns.take(lambda: (go_on.wait(10), done.append("running")))
    while not running.done() and turns._waiting:
        await asyncio.sleep(0.01)
    letters = [turns.take(lambda one=one: done.append(f"letter {one}"), cost=4000) for one in range(3)]
    question = turns.take(lambda: done.append("question"), cost=30)
    go_on.set()
    await asyncio.gather(running, *letters, question)
    assert done == ["running", "question", "letter 0", "letter 1", "letter 2"]
    turns.close()


async def test_what_nobody_waits_for_any_more_is_not_done():
    turns, go_on, done = Turns("test"), threading.Event(), []
    running = turns.take(lambda: go_on.wait(10))
    given_up = turns.take(lambda: done.append("given up"))
    given_up.cancel()
    go_on.set()
    await running
    await turns.take(lambda: done.append("next"))
    assert done == ["next"]
    turns.close()


async def test_an_error_reaches_who_asked_and_the_next_one_is_served():
    turns = Turns("test")
    with pytest.raises(ZeroDivisionError):
        await turns.take(lambda: 1 // 0)
    assert await turns.take(lambda: 1) == 1
    turns.close()
