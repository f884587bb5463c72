"""One queue for the encoder, many who wait for it."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from index.encoding.encode import OnnxEncoder, Vectors
from index.encoding.recent import RecentRows
from server.answers.assistant import Assistant
from server.answers.batches import BATCH_CHARS, Batches, Steps
from server.core.reply import Reply
from server.figures.evaluation import Question, load_questions
from tests.server.answers.test_assistant import assistant

DATA = Path(__file__).parents[1] / "data"
SAME = 1e-6  # how far scores may differ: half of what single precision carries through a dozen layers

__all__ = ["assistant"]


def work(result: Callable[[], Any]) -> Steps[Any]:
    """Work that needs no rows."""
    yield from ()
    return result()


async def held(batches: Batches, go_on: threading.Event) -> list[asyncio.Future[Any]]:
    """Give every thread work that ends when told to: what comes now has to wait."""
    running = [batches.take(work(lambda: go_on.wait(10))) for _ in range(batches.threads)]
    while batches.waiting:
        await asyncio.sleep(0.01)
    return running


@pytest.fixture
def batches() -> Any:
    batches = Batches("test", threads=1)
    yield batches
    batches.close()


async def test_a_plain_question_passes_the_letters_that_wait_before_it(batches):
    go_on = threading.Event()
    done: list[str] = []
    running = await held(batches, go_on)
    letters = [batches.take(work(partial(done.append, f"letter {one}")), chars=4000) for one in range(3)]
    question = batches.take(work(lambda: done.append("question")), chars=30)
    urgent = batches.take(work(lambda: done.append("urgent")), chars=30, is_urgent=True)
    go_on.set()
    await asyncio.gather(*running, *letters, question, urgent)
    assert done == ["urgent", "question", "letter 0", "letter 1", "letter 2"]


async def test_a_letter_is_not_passed_for_ever(batches, monkeypatch):
    monkeypatch.setattr("server.answers.batches.PASSES_IN_S", 0.0001)
    go_on = threading.Event()
    done: list[str] = []
    running = await held(batches, go_on)
    letter = batches.take(work(lambda: done.append("letter")), chars=1000)
    await asyncio.sleep(0.15)
    question = batches.take(work(lambda: done.append("question")), chars=30)
    go_on.set()
    await asyncio.gather(*running, letter, question)
    assert done == ["letter", "question"]


async def test_what_nobody_waits_for_any_more_is_not_done(batches):
    go_on = threading.Event()
    done: list[str] = []
    running = await held(batches, go_on)
    given_up = batches.take(work(lambda: done.append("given up")))
    given_up.cancel()
    await asyncio.sleep(0.01)  # the thread hears of it from the loop
    go_on.set()
    await asyncio.gather(*running)
    await batches.take(work(lambda: done.append("next")))
    assert done == ["next"]


async def test_an_error_reaches_who_asked_and_the_next_one_is_served(batches):
    with pytest.raises(ZeroDivisionError):
        await batches.take(work(lambda: 1 // 0))
    assert await batches.take(work(lambda: 1)) == 1


async def test_what_waits_is_encoded_together_and_the_same_words_once(assistant: Assistant, monkeypatch):
    calls = counted(monkeypatch)
    batches, go_on = Batches("test", threads=1), threading.Event()
    running = await held(batches, go_on)
    asked = ["What if I hate needles?", "How long does it take?", "What if I hate needles?"]
    waiting = [batches.take(assistant.replying(assistant.meet(text)), chars=len(text)) for text in asked]
    go_on.set()
    await asyncio.gather(*running, *waiting)
    assert len(calls) == 1 and len(calls[0]) == len(set(calls[0]))
    again = assistant.replying(assistant.meet(asked[0]))
    assert await batches.take(again) == waiting[0].result()
    assert calls[1:] == [[]]
    batches.close()


async def test_a_lone_question_waits_for_no_company(assistant: Assistant):
    batches = Batches("test")
    took = [await seconds(batches.take(assistant.replying(assistant.meet(f"Does it hurt {one}?")))) for one in range(5)]
    began = time.perf_counter()
    assistant.reply("Does it hurt at all?")
    assert min(took) < 3 * (time.perf_counter() - began) + 0.005
    batches.close()


async def test_of_an_encoder_that_fails_each_who_asked_hears(assistant: Assistant, monkeypatch):
    monkeypatch.setattr(OnnxEncoder, "encode", lambda *_: 1 // 0)
    batches = Batches("test")
    waiting = [batches.take(assistant.replying(assistant.meet(f"Does it hurt {one}?"))) for one in range(3)]
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in found] == [ZeroDivisionError] * 3
    batches.close()


async def test_closing_cancels_what_waits():
    batches, go_on = Batches("test", threads=1), threading.Event()
    running = await held(batches, go_on)
    waiting = batches.take(work(lambda: "late"))
    batches.close()
    go_on.set()
    await asyncio.gather(*running)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_company_changes_no_decision(assistant: Assistant):
    """The same reply alone and among 64 that came in any order: for a third of the questions; all of them in the bench."""
    files = ("kneecare_validation", "kneecare_dev")
    questions = [one for name in files for one in load_questions(DATA / f"{name}.jsonl")][::3]
    assert len(questions) > 300
    random.Random(1).shuffle(questions)
    together = await in_batches(assistant, questions)
    for one, reply in zip(questions, together, strict=True):
        assert is_same(reply, assistant.reply(one.text, one.history)), one.text


async def in_batches(assistant: Assistant, questions: Sequence[Question], size: int = 64) -> list[Reply]:
    """Replies to questions, so many waiting at once."""
    replies: list[Reply] = []
    for start in range(0, len(questions), size):
        batches, go_on = Batches("test", threads=1), threading.Event()
        running = await held(batches, go_on)
        some = questions[start : start + size]
        waiting = [batches.take(assistant.replying(assistant.meet(one.text, one.history)), chars=20) for one in some]
        go_on.set()
        await asyncio.gather(*running)
        replies += await asyncio.gather(*waiting)
        batches.close()
    return replies


def is_same(one: Reply, other: Reply) -> bool:
    """Whether two replies show and explain the same; their scores may differ in the last digits."""
    scores = [(found.passage_id, found.score) for found in one.trace.candidates]
    others = [(found.passage_id, found.score) for found in other.trace.candidates]
    near = all(abs(mine - theirs) < SAME for (_, mine), (_, theirs) in zip(scores, others, strict=True))
    named = [name for name, _ in scores] == [name for name, _ in others]
    return one == other and one.trace.rules == other.trace.rules and near and named


def counted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the encoder is asked from here on, a list a call."""
    encode = OnnxEncoder.encode
    calls: list[list[str]] = []

    def counting(self: OnnxEncoder, texts: Sequence[str]) -> Vectors:
        calls.append(list(texts))
        return encode(self, texts)

    monkeypatch.setattr(OnnxEncoder, "encode", counting)
    return calls


async def seconds(work: asyncio.Future[Any]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def test_recent_rows_are_bounded_and_hold_no_words(assistant: Assistant, monkeypatch):
    calls = counted(monkeypatch)
    recent = RecentRows(assistant._reader._encoder, most=3)
    recent.of(["one", "two", "three", "four"])
    assert len(recent) == 3
    assert sorted(recent.of(["four", "one"])) == ["four", "one"] and calls[-1] == ["one"]
    assert "four" not in repr(recent._rows.keys())


async def test_a_batch_is_bounded():
    batches = Batches("test", threads=0)
    for _ in range(30):
        batches.take(work(lambda: None), chars=100)
    assert len(batches._next_batch()) == BATCH_CHARS // 100
