import json
from dataclasses import replace
from hashlib import sha256

import pytest

from kb.labels import Label
from server.core.reply import Candidate, Decision, Quote, Reply, Source, Suggestion, Trace

TEXT = "The full procedure takes about 8-12 minutes."
SOURCE = Source("Our page", "/page", "FAQ", None, "/page#:~:text=The")
QUOTE = Quote(TEXT, sha256(TEXT.encode()).hexdigest(), "p-1", None, (0, len(TEXT)), SOURCE)
NOT_ANSWERS = sorted(set(Label) - {Label.ANSWER})


@pytest.mark.parametrize("label", NOT_ANSWERS)
def test_only_an_answer_holds_quotes(label):
    with pytest.raises(ValueError, match=label):
        Reply(label, "fixed text", build="b", quotes=(QUOTE,))


@pytest.mark.parametrize("quotes", [(), (QUOTE,) * 3])
def test_an_answer_holds_one_or_two_quotes(quotes):
    with pytest.raises(ValueError, match="one or 2"):
        Reply(Label.ANSWER, "answer line", build="b", quotes=quotes)


def test_a_quote_whose_text_changed_cannot_be_made():
    with pytest.raises(ValueError, match="not the text that was approved"):
        Quote(TEXT.replace("12", "13"), QUOTE.sha256, "p-1", None, (0, 5), SOURCE)


def test_a_quote_that_needs_the_note_is_never_shown_without_it():
    risky = replace(QUOTE, needs_note=True)
    with pytest.raises(ValueError, match="p-1: speaks of harm"):
        Reply(Label.ANSWER, "answer line", build="b", quotes=(QUOTE, risky))
    assert Reply(Label.ANSWER, "answer line", build="b", quotes=(risky,), note="Call us if").note == "Call us if"


@pytest.mark.parametrize("highlight", [(-1, 4), (4, 4), (0, len(TEXT) + 1)])
def test_a_highlight_lies_within_its_quote(highlight):
    with pytest.raises(ValueError, match="highlight"):
        Quote(TEXT, QUOTE.sha256, "p-1", None, highlight, SOURCE)


@pytest.mark.parametrize("label", sorted(set(Label) - {Label.OUT_OF_KB, Label.ANSWER}))
def test_headings_are_offered_only_for_what_the_page_does_not_cover(label):
    with pytest.raises(ValueError, match="suggestions"):
        Reply(label, "fixed text", build="b", suggestions=(Suggestion("p-1", "FAQ"),))


def test_a_reply_says_it_was_passed_on_only_once_it_was():
    reply = Reply(Label.CLINICAL, "A person needs to answer.", build="b", sent_line="I have passed it on.")
    assert "passed it on" not in reply.as_json()["message"]
    assert reply.as_json()["handed_over"] is False
    sent = reply.once_handed_over()
    assert sent.as_json()["message"] == "A person needs to answer. I have passed it on."
    assert sent.as_json()["handed_over"] is True


@pytest.mark.parametrize("label", [Label.ANSWER, Label.SMALLTALK])
def test_what_nobody_is_told_of_is_never_handed_over(label):
    quotes = (QUOTE,) if label is Label.ANSWER else ()
    with pytest.raises(ValueError, match="not handed over"):
        Reply(label, "text", build="b", quotes=quotes).once_handed_over()


def test_a_reply_has_the_same_fields_at_every_door():
    body = Reply(Label.ANSWER, "answer line", build="b", quotes=(QUOTE,)).as_json(trace=True)
    assert list(body) == [
        "label", "outcome", "message", "handed_over", "note", "quotes", "suggestions", "build", "trace",
    ]  # fmt: skip
    assert list(body["quotes"][0]) == ["text", "sha256", "passage_id", "faq", "highlight", "source"]
    assert list(body["quotes"][0]["source"]) == ["title", "url", "heading", "reviewed", "link"]
    assert list(body["trace"]) == ["rules", "gate", "candidates", "threshold"]


REPLIES = [
    Reply(Label.ANSWER, "answer line", build="b", quotes=(replace(QUOTE, needs_note=True),), note="Call us if"),
    Reply(Label.CLINICAL, "A person.", build="b", sent_line="I passed it on.").once_handed_over(),
    Reply(Label.OUT_OF_KB, "A person.", build="", suggestions=(Suggestion("p-1", "FAQ", "How long?"),)),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda one: one.label)
def test_a_reply_is_read_back_as_it_was_shown(reply):
    kept = json.loads(json.dumps(reply.as_json()))
    assert Reply.from_json(kept) == reply
    assert Reply.from_json(kept).as_json() == kept


def test_nothing_of_the_inside_is_shown():
    inside = Reply(Label.CLINICAL, "A person.", build="b", sent_line="canary", trace=Trace(rules=("canary",)))
    assert "canary" not in str(inside.as_json())
    assert "needs_note" not in str(REPLIES[0].as_json())


def test_a_reply_kept_before_suggestions_had_questions_is_read_too():
    kept = REPLIES[2].as_json()
    kept["suggestions"] = [{"passage_id": "p-1", "heading": "FAQ"}]
    assert Reply.from_json(kept).suggestions == (Suggestion("p-1", "FAQ"),)
    assert Reply.from_json(kept).as_json()["suggestions"] == [{"passage_id": "p-1", "heading": "FAQ", "question": None}]


def test_a_kept_quote_whose_text_changed_is_refused():
    kept = REPLIES[0].as_json()
    kept["quotes"][0]["text"] += " Always."
    with pytest.raises(ValueError, match="not the text that was approved"):
        Reply.from_json(kept)


def test_a_decision_is_read_back_and_is_empty_once_erased():
    trace = Trace(("gate",), {"clinical": 0.9}, (Candidate("p-1", None, 0.4),), 0.5)
    decision = Decision.of(replace(REPLIES[1], trace=trace))
    assert Decision.from_json(json.loads(json.dumps(decision.as_json()))) == decision
    assert (decision.label, decision.build, decision.candidates) == (Label.CLINICAL, "b", trace.candidates)
    assert Decision.from_json({}) == Decision()
