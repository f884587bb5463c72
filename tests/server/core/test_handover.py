from datetime import UTC, datetime, timedelta

import pytest

from server.core.handing.handover import (
    OPEN,
    Closing,
    ClosingRefused,
    Closure,
    Status,
    Step,
    StepRefused,
    check_closure,
    check_move,
    next_status,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_handover_is_claimed_worked_on_and_closed():
    assert next_status(Status.WAITING, Step.CLAIM) is Status.CLAIMED
    assert next_status(Status.CLAIMED, Step.CLOSE) is Status.CLOSED


def test_a_released_handover_waits_again_and_one_given_back_leaves_the_assistant_to_answer():
    assert next_status(Status.CLAIMED, Step.RELEASE) is Status.WAITING
    assert next_status(Status.CLAIMED, Step.RETURN) is Status.ASSISTANT


def test_a_call_back_is_claimed_later():
    assert next_status(next_status(Status.WAITING, Step.CALL_BACK), Step.CLAIM) is Status.CLAIMED


@pytest.mark.parametrize("step", [Step.CLAIM, Step.CALL_BACK])
def test_nobody_takes_what_somebody_has_taken(step):
    with pytest.raises(StepRefused, match="claimed cannot"):
        next_status(Status.CLAIMED, step)


@pytest.mark.parametrize("status", [Status.WAITING, Status.CALL_BACK])
@pytest.mark.parametrize("step", [Step.RELEASE, Step.RETURN, Step.CLOSE])
def test_nobody_ends_or_gives_back_what_they_have_not_taken(status, step):
    with pytest.raises(StepRefused, match="it allows .*claim"):
        next_status(status, step)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.ASSISTANT])
@pytest.mark.parametrize("step", Step)
def test_what_has_ended_takes_no_step(status, step):
    with pytest.raises(StepRefused, match="it allows nothing"):
        next_status(status, step)


def test_what_has_ended_is_not_open():
    assert OPEN == {Status.WAITING, Status.CALL_BACK, Status.CLAIMED}


@pytest.mark.parametrize("closing", set(Closing) - {Closing.EMERGENCY_ADVISED})
def test_an_emergency_ends_only_with_the_advice_or_with_a_word_of_why(closing):
    with pytest.raises(ClosingRefused, match="came as an emergency"):
        check_closure(Closure(closing, why=" ", is_sure=True), is_urgent=True, since=NOON)
    check_closure(Closure(closing, why="It was a figure of speech.", is_sure=True), is_urgent=True, since=NOON)
    check_closure(Closure(closing), is_urgent=False, since=NOON)


@pytest.mark.parametrize("is_urgent", [True, False])
def test_that_emergency_care_was_advised_is_said_with_its_time(is_urgent):
    with pytest.raises(ClosingRefused, match="at what time"):
        check_closure(Closure(Closing.EMERGENCY_ADVISED, why="I told them."), is_urgent=is_urgent, since=NOON)
    early = Closure(Closing.EMERGENCY_ADVISED, advised_at=NOON - timedelta(minutes=1))
    with pytest.raises(ClosingRefused, match="before they wrote"):
        check_closure(early, is_urgent=is_urgent, since=NOON)
    check_closure(
        Closure(Closing.EMERGENCY_ADVISED, advised_at=NOON), is_urgent=is_urgent, since=NOON + timedelta(seconds=40)
    )


def test_an_emergency_is_spam_only_when_asked_twice():
    with pytest.raises(ClosingRefused, match="sure nobody is in danger"):
        check_closure(Closure(Closing.SPAM, why="A robot."), is_urgent=True, since=NOON)


@pytest.mark.parametrize("step", [Step.TRANSFER, Step.TAKE_OVER])
def test_a_claim_passes_to_someone_else_only_with_a_word_of_why(step):
    with pytest.raises(StepRefused, match="why"):
        check_move(step, " \n", is_to_holder=False, is_there=True)
    with pytest.raises(StepRefused, match="already"):
        check_move(step, "I know her.", is_to_holder=True, is_there=True)
    check_move(step, "I know her.", is_to_holder=False, is_there=True)
    assert next_status(Status.CLAIMED, step) is Status.CLAIMED


def test_a_conversation_is_given_only_to_someone_who_is_there_and_taken_from_whoever_has_it():
    with pytest.raises(StepRefused, match="not at the desk"):
        check_move(Step.TRANSFER, "Yours.", is_to_holder=False, is_there=False)
    check_move(Step.TAKE_OVER, "She left.", is_to_holder=False, is_there=False)
