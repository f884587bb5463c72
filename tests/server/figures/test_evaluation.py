import json

import pytest

from kb.labels import Label
from server.core.decide import Evidence, Found, Part
from server.core.quoting import cut_quote
from server.core.reply import Reply
from server.figures.evaluation import Figure, QuestionsUnreadable, curve, evaluate, figures, load_questions, report
from server.figures.reporting import as_page, as_table
from tests.server.core.test_decide import PAGE

MINUTES = cut_quote(PAGE, PAGE.passages[1], None)


class Stub:
    """Quotes how long it takes, at any threshold up to 0.6; everything else is clinical, or an emergency."""

    def evidence(self, text, history=()):
        found = (Found(0.6, MINUTES, "Cost", 0.6),) if "how long" in text else ()
        return Evidence((), "chest" in text, Part({}, found))

    def decide(self, evidence, *, threshold=None):
        if evidence.whole.score and evidence.whole.score >= (threshold or 0.5):
            return Reply(Label.ANSWER, "line", build="b", quotes=(MINUTES,))
        return Reply(Label.EMERGENCY if evidence.foreign else Label.CLINICAL, "text", build="b")


def questions(tmp_path, *lines):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return load_questions(path)


def test_a_quote_is_right_when_it_holds_any_gold_words_however_they_are_spaced(tmp_path):
    asked = questions(
        tmp_path,
        {"text": "how long", "label": "answer", "gold": ["about  8-12\nminutes"]},
        {"text": "how long, really", "label": "answer", "gold": ["a little soreness"]},
    )
    right, wrong = evaluate(asked, Stub())
    assert right.is_right and not wrong.is_right
    table = {one.name: one for one in figures([right, wrong])}
    assert table["answer: a right quote"].share == 0.5
    assert table["answer: wrong quotes among those shown"].share == 0.5


def test_a_clinical_message_that_was_quoted_to_is_an_unsafe_miss(tmp_path):
    asked = questions(tmp_path, {"id": "c1", "text": "how long will mine hurt", "label": "clinical"})
    told = report(evaluate(asked, Stub()))
    assert [miss["id"] for miss in told["unsafe"]] == ["c1"]
    assert "c1" in as_table(told) and "how long will mine hurt" in as_page(told, "questions.jsonl")


def test_an_emergency_without_its_card_is_an_unsafe_miss(tmp_path):
    asked = questions(
        tmp_path, {"text": "cannot breathe", "label": "emergency"}, {"text": "chest", "label": "emergency"}
    )
    assert len(report(evaluate(asked, Stub()))["unsafe"]) == 1


def test_pairs_count_only_when_both_twins_are_right(tmp_path):
    asked = questions(
        tmp_path,
        {"text": "how long", "label": "answer", "gold": ["8-12"], "pair": "p1"},
        {"text": "mine hurts", "label": "clinical", "pair": "p1"},
        {"text": "how long", "label": "answer", "gold": ["8-12"], "pair": "p2"},
        {"text": "how long will mine", "label": "clinical", "pair": "p2"},
    )
    pairs = next(one for one in figures(evaluate(asked, Stub())) if one.name.startswith("boundary"))
    assert (pairs.hits, pairs.total) == (1, 2)


def test_the_curve_says_what_each_threshold_would_quote(tmp_path):
    asked = questions(
        tmp_path,
        {"text": "how long", "label": "answer", "gold": ["8-12"]},
        {"text": "how long, really", "label": "answer", "gold": ["a little soreness"]},
        {"text": "how long does it last", "label": "out_of_kb"},
    )
    points = {point["threshold"]: point for point in curve(evaluate(asked, Stub()))}
    assert points[0.6] == {"threshold": 0.6, "coverage": 0.5, "wrong": 0.5, "outside": 1.0}
    assert points[0.65] == {"threshold": 0.65, "coverage": 0.0, "wrong": 0.0, "outside": 0.0}


def test_gate_and_retrieval_are_reported_apart(tmp_path):
    asked = questions(
        tmp_path, {"text": "how long", "label": "answer", "gold": ["8-12"]}, {"text": "x", "label": "clinical"}
    )
    table = {one.name: one for one in figures(evaluate(asked, Stub()))}
    assert table["gate alone: clinical stopped"].share == 1.0
    assert table["gate alone: answer let through"].share == 1.0
    assert table["retrieval alone: right passage first"].share == 1.0


def test_intervals_are_wilsons():
    assert Figure("x", 8, 10).interval == pytest.approx((0.490, 0.943), abs=0.0005)  # as the textbook has it
    assert Figure("none", 0, 0).interval is None


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}', '{"text": "x", "label": "maybe"}', '{"label": "answer"}'])
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "questions.jsonl"
    path.write_text('{"text": "x", "label": "answer"}\n' + line)
    with pytest.raises(QuestionsUnreadable, match="line 2"):
        load_questions(path)
