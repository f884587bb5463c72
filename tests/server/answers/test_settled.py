"""After a person gave a conversation back, or closed it: what they dealt with makes no plain question clinical, and what goes
on with it still comes to a person. Asked of the real build."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from index.builds.publish import Builds
from kb.labels import Label
from kb.reading.messages import goes_on
from server.answers.assistant import Assistant
from server.answers.assistants import Assistants

DEALT_WITH = (
    "should I stop eliquis",
    "My knee is swollen since Monday",
    "I have diabetes, is it safe for me?",
    "mine is still sore after the shot",
    "I'm allergic to lidocaine",
)
DANGER_SIGNS = ("My knee is swollen since Monday",)
PLAIN = (
    "What if I hate needles?",
    "What is a trigger point?",
    "How do I book an appointment?",
    "Who is the patient advocate?",
    "What can I expect on the day of an injection?",
    "How long does it take before I notice an improvement?",
    "Where is the clinic?",
    "How much does it cost?",
    "Do you take Medicare?",
    "Can my wife come with me?",
    "What kinds of medicine are in the injection?",
    "Is there parking?",
    "How long does the visit take?",
    "Can Pat call me?",
    "thanks",
    "are you a robot",
)
GOES_ON = (
    "and aspirin?",
    "what about tylenol instead?",
    "so should I stop it?",
    "is that dangerous?",
    "it got worse",
    "can I do that tonight?",
    "how many days before?",
    "how many days should I wait?",
    "and if I keep taking it?",
    "then is it safe?",
    "should I wait until it goes down?",
    "what if it gets worse?",
    "could that be why it hurts?",
    "what should I do about it then?",
    "for how long?",
    "yes, both knees",
    "is one enough?",
    "80 mg",
    "since Monday",
    "What if I hate needles? And can I still do that tonight?",
)


@pytest.fixture(scope="module")
def assistant(kneecare_data_dir: Path) -> Assistant:
    assistants = Assistants(kneecare_data_dir, {})
    path = Builds.of(kneecare_data_dir, "kneecare").current_path()
    assert path is not None
    return assistants.open_build(path)


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_question_is_answered_as_if_nothing_had_come_before(assistant: Assistant, text: str):
    alone = assistant.reply(text)
    assert alone.label is not Label.CLINICAL
    is_risky = any(quote.needs_note for quote in alone.quotes)
    for before in (one for one in DEALT_WITH if not (is_risky and one in DANGER_SIGNS)):
        after = assistant.reply(text, [before], settled=True)
        assert (after.label, after.quotes) == (alone.label, alone.quotes), before


def test_nothing_soothing_is_quoted_after_a_danger_sign_whoever_dealt_with_it(assistant: Assistant):
    text = "What can I expect on the day of an injection?"
    assert any(quote.needs_note for quote in assistant.reply(text).quotes)
    assert assistant.reply(text, DANGER_SIGNS, settled=True).label is Label.CLINICAL


def test_before_a_person_has_dealt_with_it_an_earlier_turn_still_counts(assistant: Assistant):
    assert assistant.reply("What if I hate needles?", ["should I stop eliquis"]).label is Label.CLINICAL


@pytest.mark.parametrize("text", GOES_ON)
def test_what_goes_on_with_the_matter_comes_to_a_person_again(assistant: Assistant, text: str):
    labels = {before: assistant.reply(text, [before], settled=True).label for before in DEALT_WITH}
    assert set(labels.values()) <= {Label.CLINICAL, Label.EMERGENCY}, labels


@pytest.mark.parametrize(
    ("text", "before"),
    list(product(["My knee is swollen", "can I take aspirin with it?", "I feel worse, what now?"], DEALT_WITH[:2])),
)
def test_the_gate_judges_every_new_message_in_full(assistant: Assistant, text: str, before: str):
    assert assistant.reply(text, [before], settled=True).label is Label.CLINICAL


def test_which_messages_stand_by_themselves():
    assert not [text for text in PLAIN if goes_on(text) and text not in {"thanks"}]
    assert not [text for text in GOES_ON if not goes_on(text)]
