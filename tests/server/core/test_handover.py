import pytest

from server.core.handover import OPEN, STEPS, Status, Step, StepRefused, next_status


def test_a_handover_is_claimed_worked_on_and_closed():
    assert next_status(Status.WAITING, Step.CLAIM) is Status.CLAIMED
    assert next_status(Status.CLAIMED, Step.CLOSE) is Status.CLOSED


def test_a_released_handover_waits_again_and_one_given_back_leaves_the_assistant_to_answer():
    assert next_status(Status.CLAIMED, Step.RELEASE) is Status.WAITING
    assert next_status(Status.CLAIMED, Step.RETURN) is Status.ASSISTANT


def test_a_call_back_is_claimed_later():
    assert next_status(next_status(Status.WAITING, Step.CALL_BACK), Step.CLAIM) is Status.CLAIMED


@pytest.mark.parametrize(
    ("status", "step"), sorted((one, other) for one in Status for other in Step if (one, other) not in STEPS)
)
def test_every_other_step_is_refused_in_words(status, step):
    with pytest.raises(StepRefused, match=f"{status} cannot {step}"):
        next_status(status, step)


def test_what_has_ended_is_not_open():
    assert OPEN == {Status.WAITING, Status.CALL_BACK, Status.CLAIMED}
