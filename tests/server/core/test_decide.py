"""The decision on made-up findings: no model, no index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.labels import RANKING, Label
from kb.policy import load_policy
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble
from kb.sites import SITES, load_site
from server.core.decide import Evidence, Found, Part, Run, Speech, decide
from server.core.findings import BARS, POSSIBLE, URGENT_PART_BAR, Finding, judge, read_gate
from server.core.matching.rules import RuleMatch
from server.core.quoting import cut_quote
from server.core.reasons import ByPassages, ByRule, Reason, cause_of

POLICY = load_policy()
SPEECH = Speech(POLICY.replies, load_site(SITES / "kneecare"), "en", "build-1")
PAGE = assemble(
    [
        Block("heading", "Page", level=1),
        Block("heading", "After", level=2),
        Block("paragraph", "There may be a little soreness.", tags=frozenset({"risk"})),
        Block("heading", "Cost", level=2),
        Block("paragraph", "The full procedure takes about 8-12 minutes.", tags=frozenset()),
        Block("paragraph", "We are in St. Louis.", tags=frozenset()),
    ],
    page_id="page", title="Page", url="/page",
)  # fmt: skip
SORENESS, MINUTES, TOWN = (cut_quote(PAGE, one, None) for one in PAGE.passages)
A_QUESTION = {"answer": 0.995, "clinical": 0.002, "smalltalk": 0.003}
THRESHOLD = 0.5


def found(quote, score, near=None, withheld=()):
    passage = next(one for one in PAGE.passages if one.passage_id == quote.passage_id)
    return Found(score, quote, passage.heading[-1], score if near is None else near, is_withheld=quote in withheld)


def reply_to(gate=A_QUESTION, best=0.9, quote=MINUTES, rules=(), foreign=False, withheld=(), **more):
    passages = (found(quote, best, withheld=withheld), found(TOWN, 0.2, withheld=withheld))
    evidence = Evidence(rules, foreign, Part(gate, passages), **more)
    return decide(evidence, THRESHOLD, SPEECH)


def test_a_covered_question_is_quoted():
    reply = reply_to()
    assert reply.label is Label.ANSWER
    assert [quote.text for quote in reply.quotes] == ["The full procedure takes about 8-12 minutes."]
    assert reply.message == POLICY.replies.answer_line.en
    assert reply.note is None


def test_a_quote_that_speaks_of_harm_carries_the_standing_note():
    assert reply_to(quote=SORENESS).note == POLICY.replies.standing_note.en


def test_exactly_at_the_threshold_retrieval_quotes_and_just_below_it_does_not():
    assert reply_to(best=THRESHOLD).label is Label.ANSWER
    assert reply_to(best=THRESHOLD - 1e-9).label is Label.OUT_OF_KB


def test_what_is_not_covered_offers_near_headings_and_no_text_of_the_page():
    reply = reply_to(best=0.4)
    assert reply.label is Label.OUT_OF_KB
    assert [one.heading for one in reply.suggestions] == ["Cost"]
    assert reply.quotes == ()


def test_what_changed_on_the_clinics_page_is_neither_quoted_nor_offered_and_nothing_is_said_of_the_page():
    for reply in (reply_to(withheld=(MINUTES,)), reply_to(best=1.0, withheld=(MINUTES, TOWN))):
        assert (reply.label, reply.quotes, reply.suggestions) == (Label.OUT_OF_KB, (), ())
        assert reply.message == POLICY.replies.human.en
    near = reply_to(best=0.4, withheld=(MINUTES,))
    assert near.message == POLICY.replies.outside.en
    assert [one.heading for one in near.suggestions if one.passage_id == MINUTES.passage_id] == []
    assert reply_to(withheld=(TOWN,)).label is Label.ANSWER


def test_a_perfect_match_is_not_quoted_to_a_clinical_message():
    reply = reply_to(gate={"answer": 1 - BARS[Label.CLINICAL], "clinical": BARS[Label.CLINICAL]}, best=1.0)
    assert reply.label is Label.CLINICAL
    assert reply.quotes == () and reply.suggestions == ()


def test_a_rule_outranks_gate_and_retrieval():
    reply = reply_to(best=1.0, rules=(RuleMatch("chest-pain", Label.EMERGENCY, ("chest", "pain")),))
    assert reply.label is Label.EMERGENCY
    assert reply.message.startswith("This may be an emergency. Call 911 now")
    assert "chest-pain" in reply.trace.rules


def test_after_a_danger_sign_nothing_that_soothes_is_quoted_and_other_things_are():
    assert reply_to(quote=SORENESS, alarmed=True).label is Label.CLINICAL
    assert reply_to(quote=MINUTES, alarmed=True).label is Label.ANSWER


def test_the_trace_lists_candidates_and_threshold_whatever_the_gate_decides():
    reply = reply_to(gate={"emergency": 1.0})
    assert [one.score for one in reply.trace.candidates] == [0.9, 0.2]
    assert reply.trace.threshold == THRESHOLD


def test_a_foreign_emergency_is_told_in_both_languages():
    rules = (RuleMatch("falta-de-aire", Label.EMERGENCY, ("no", "puedo", "respirar")),)
    message = reply_to(rules=rules, foreign=True).message
    assert "Call 911" in message and "Llame al 911" in message


def test_a_foreign_question_gets_both_languages_and_a_person():
    reply = reply_to(foreign=True)
    assert reply.label is Label.OTHER_LANGUAGE
    assert reply.message == POLICY.replies.other_language.en


def test_small_talk_is_thanked_or_greeted_in_the_clinics_name():
    talk = {"smalltalk": 0.9, "answer": 0.1}
    assert "KneeCare Clinics's automated assistant" in reply_to(gate=talk, best=0.1).message
    thanks = (RuleMatch("thanks", Label.SMALLTALK, ("thanks",)),)
    assert reply_to(gate=talk, best=0.1, rules=thanks).message == POLICY.replies.thanks.en


def test_two_covered_questions_get_two_quotes_and_one_uncovered_leaves_none():
    minutes, town = Part(A_QUESTION, (found(MINUTES, 0.9),)), Part(A_QUESTION, (found(TOWN, 0.8),))
    assert len(reply_to(sentences=(minutes, town)).quotes) == 2
    uncovered = Part(A_QUESTION, (found(TOWN, 0.1),))
    assert reply_to(sentences=(minutes, uncovered)).label is Label.OUT_OF_KB


def test_one_clinical_question_among_covered_ones_hands_the_whole_over():
    mine = Part({"clinical": 0.9, "answer": 0.1}, (found(TOWN, 0.9),))
    assert reply_to(sentences=(Part(A_QUESTION, (found(MINUTES, 0.9),)), mine)).label is Label.CLINICAL


def test_kind_words_around_a_complaint_do_not_hide_it():
    mine = Part({"clinical": 0.9, "answer": 0.1}, (), asks=False)
    kind = Part({"smalltalk": 1.0}, (), asks=False)
    assert reply_to(gate={"smalltalk": 0.9, "clinical": 0.1}, sentences=(kind, mine)).label is Label.CLINICAL


def test_a_remark_beside_a_doubtful_sentence_does_not_make_it_harmless_and_a_question_asks_for_more():
    doubtful = Part({"clinical": 0.2, "answer": 0.8}, (found(MINUTES, 0.9),), asks=False)
    remark = Part({"answer": 1.0}, (), asks=False)
    assert reply_to(gate=doubtful.gate).label is Label.CLINICAL
    assert reply_to(sentences=(remark, doubtful)).label is Label.CLINICAL
    assert reply_to(sentences=(doubtful, Part(A_QUESTION, (found(MINUTES, 0.9),)))).label is Label.ANSWER
    both = Run(range(1, 3), doubtful.gate)
    assert reply_to(sentences=(remark, remark, remark), runs=(both,)).label is Label.CLINICAL


def test_what_the_page_says_of_small_talk_outranks_our_reply_where_nothing_is_clinical():
    talk = {"smalltalk": 0.97, "answer": 0.027, "clinical": 0.003}
    assert reply_to(gate=talk, best=0.9).label is Label.ANSWER
    assert reply_to(gate=talk, best=THRESHOLD - 0.01).label is Label.SMALLTALK
    assert reply_to(gate=talk | {"clinical": BARS[Label.CLINICAL]}, best=0.9).label is Label.SMALLTALK


def test_thanks_around_an_uncovered_question_do_not_make_it_covered():
    uncovered = Part(A_QUESTION, (found(TOWN, 0.2),))
    thanks = Part({"smalltalk": 1.0}, (found(MINUTES, 0.9),), asks=False)
    assert reply_to(best=0.9, sentences=(uncovered, thanks)).label is Label.OUT_OF_KB


def test_the_first_candidate_reaches_the_threshold_exactly_when_retrieval_would_quote():
    covered, uncovered = Part(A_QUESTION, (found(MINUTES, 0.9),)), Part(A_QUESTION, (found(TOWN, 0.1),))
    reply = reply_to(best=0.9, sentences=(covered, uncovered))
    assert reply.label is Label.OUT_OF_KB and reply.trace.candidates[0].score < THRESHOLD


def test_an_earlier_message_may_make_a_question_clinical_and_never_makes_it_less():
    about_him = Part({"clinical": 0.8, "answer": 0.2}, (found(MINUTES, 0.9),))
    assert reply_to(joined=about_him).label is Label.CLINICAL
    harmless = Part(A_QUESTION, (found(MINUTES, 1.0),))
    assert reply_to(gate={"clinical": 0.9, "answer": 0.1}, joined=harmless).label is Label.CLINICAL


def test_an_earlier_message_helps_to_choose_among_what_is_near():
    joined = Part(A_QUESTION, (found(MINUTES, 0.9),))
    assert reply_to(best=0.1, joined=joined).label is Label.ANSWER
    assert reply_to(best=0.1, joined=joined, refers_back=False).label is Label.OUT_OF_KB
    town = Part(A_QUESTION, (found(TOWN, 0.9),))
    assert [quote.text for quote in reply_to(best=0.6, joined=town).quotes] == [TOWN.text]
    assert [quote.text for quote in reply_to(best=0.95, joined=town).quotes] == [MINUTES.text]


def test_an_earlier_question_is_never_answered_again_to_a_new_one():
    before = Part(A_QUESTION, (found(SORENESS, 1.0),))
    assert [quote.text for quote in reply_to(best=0.6, joined=before).quotes] == [MINUTES.text]
    assert reply_to(best=0.1, joined=before).label is Label.OUT_OF_KB


CAREFUL = [Label.EMERGENCY, Label.OTHER_LANGUAGE, Label.CLINICAL]


@given(st.dictionaries(st.sampled_from(list(Label)), st.floats(0, 1)), st.sampled_from(CAREFUL), st.floats(0, 1))
def test_more_reason_to_be_careful_never_lowers_what_the_gate_reads(scores, label, more):
    surer = scores | {label: max(scores.get(label, 0.0), more)}
    assert RANKING.index(read_gate(surer)) <= RANKING.index(read_gate(scores))


@pytest.mark.parametrize("label", sorted({*Label} - {Label.OUT_OF_KB}))
def test_what_the_gate_is_sure_of_it_reads(label):
    assert read_gate({label: 1.0}) is label


@pytest.mark.parametrize(
    ("likelier", "higher"),
    [("answer", Label.CLINICAL), ("answer", Label.HUMAN), ("out_of_kb", Label.CLINICAL), ("smalltalk", Label.CLINICAL)],
)
def test_of_two_labels_that_may_both_fit_the_higher_is_read(likelier, higher):
    assert read_gate({likelier: 0.6, higher: 0.4}) is higher


def test_what_may_be_an_emergency_is_clinical_at_least():
    assert read_gate({"emergency": 0.4, "answer": 0.6}) is Label.CLINICAL
    assert read_gate({"emergency": 0.6, "answer": 0.4}, emergency=URGENT_PART_BAR) is Label.CLINICAL
    assert read_gate({"emergency": 0.99, "answer": 0.01}) is Label.EMERGENCY


@given(st.lists(st.sampled_from(list(Label)), min_size=1))
def test_no_finding_ever_lowers_what_the_others_say(labels):
    findings = [Finding(label, ByRule(f"finding {position}")) for position, label in enumerate(labels)]
    ranks = [RANKING.index(judge(findings[:end]).label) for end in range(1, len(findings) + 1)]
    assert ranks == sorted(ranks, reverse=True)


RULE = RuleMatch("chest_pain", Label.CLINICAL, ("chest", "pain"))
DECIDED = {
    Reason.GATE: reply_to(gate={"clinical": 0.9}),
    Reason.PART: reply_to(sentences=(Part({"clinical": 0.9}, ()), Part(A_QUESTION, ()))),
    Reason.AFTER_BEFORE: reply_to(joined=Part({"clinical": 0.8}, ())),
    Reason.LANGUAGE: reply_to(foreign=True),
    Reason.ALARMED: reply_to(quote=SORENESS, alarmed=True),
    Reason.TOO_LONG: reply_to(too_long=True),
    Reason.UNCOVERED: reply_to(best=0.1),
    Reason.WITHHELD: reply_to(withheld=(MINUTES,)),
    ByRule("chest_pain"): reply_to(rules=(RULE,)),
    ByPassages((MINUTES.passage_id,)): reply_to(),
}


@pytest.mark.parametrize("cause", DECIDED, ids=str)
def test_the_trace_ends_with_the_cause_that_decided(cause):
    assert cause_of(DECIDED[cause].trace.rules[-1], {"chest_pain"}) == cause


def test_every_reason_can_be_given():
    assert set(DECIDED) >= set(Reason) - {Reason.NO_BUILD}  # which the assistants give, where nothing can be decided


BACKSTOP = RuleMatch("collapse", Label.EMERGENCY, ("fainted",), is_backstop=True)


@pytest.mark.parametrize(("chance", "label"), [(POSSIBLE / 2, Label.ANSWER), (POSSIBLE, Label.EMERGENCY)])
def test_a_backstop_rule_counts_only_where_the_gate_finds_an_emergency_possible(chance, label):
    assert reply_to(gate={"answer": 1 - chance, "emergency": chance}, rules=(BACKSTOP,)).label is label


def test_a_message_that_may_well_ask_for_a_person_must_be_more_like_a_complaint_to_be_read_as_one():
    asked = {"answer": 0.5, "human": 0.45}
    assert reply_to(gate=asked | {"clinical": 0.05}, best=0.9).label is Label.HUMAN
    assert reply_to(gate={"answer": 0.3, "human": 0.35, "clinical": 0.35}, best=0.9).label is Label.CLINICAL
    assert reply_to(gate={"answer": 0.7, "human": 0.25, "clinical": 0.05}, best=0.9).label is Label.CLINICAL


def test_a_backstop_rule_counts_where_no_gate_has_read_the_message():
    assert reply_to(gate={}, rules=(BACKSTOP,)).label is Label.EMERGENCY


def test_a_rule_that_is_no_backstop_counts_whatever_the_gate_says():
    rule = RuleMatch("wish_to_die", Label.EMERGENCY, ("dead",))
    assert reply_to(gate={"answer": 1.0}, rules=(rule,)).label is Label.EMERGENCY


def test_one_sentence_that_may_be_an_emergency_is_enough_for_a_backstop():
    part = Part({"answer": 0.9, "emergency": 0.1}, (found(MINUTES, 0.9),))
    assert reply_to(rules=(BACKSTOP,), sentences=(part, Part(A_QUESTION, (found(TOWN, 0.2),)))).label is Label.EMERGENCY
