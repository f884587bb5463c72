"""How passages are found and scored, on a page of three with hash vectors."""

import gc

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from index.lexical import Spelling, WordCounts, tokens
from index.model import ModelError
from index.scale import CROSS_FEATURES, FEATURES, Regression, Scale, load_scales, terms, worth_reading
from index.search import Searcher
from index.store import IndexUnreadable, VectorStore
from index.tune.scale import LEAST, OUTSIDE, WRONG, choose_threshold
from index.units import WINDOW_CHARS, Unit, UnitKind, answering_span, units_of, window
from kb.content import Content, Phrasing
from kb.reading.sentences import sentence_spans
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble

PAGE = assemble(
    [
        Block("paragraph", "The procedure takes about 8-12 minutes. It is safe to drive home."),
        Block("faq", "Our physicians numb the joint first.", question="What if I hate needles?"),
        Block("list", "Symptoms include:", items=("Aching leg muscle", "Muscle stiffness")),
    ],
    page_id="p", title="Knees", url="/p",
)  # fmt: skip
MINUTES, NEEDLES, SYMPTOMS = PAGE.passages
CONTENT = Content(
    (PAGE,),
    phrasings=(
        Phrasing("will my lunch break be enough", MINUTES.passage_id, "The procedure takes about 8-12 minutes."),
        Phrasing("can my wife steer", MINUTES.passage_id, "It is safe to drive home."),
        Phrasing("scared of the jab", NEEDLES.passage_id, "Our physicians numb the joint first."),
    ),
)
N = len(FEATURES)
# Every feature speaks for a passage, its length and the nearest uncovered question against; products say nothing.
M = len(CROSS_FEATURES)
NEAR = Regression((0.0,) * N, (1.0,) * N, (*(1.0,) * (N - 2), -0.1, -0.5, *(0.0,) * (N * (N + 1) // 2)), -2.0)
CROSS = Regression((0.0,) * M, (1.0,) * M, (0.5, 1.0, *(0.0,) * (M - 2)), 0.0)
SCALE = Scale(NEAR, CROSS, threshold=0.5)


@pytest.fixture
def search_of(embed):
    def searcher(units, outside=("how much does it cost", "hate parking")):
        vectors = embed([unit.text for unit in units])
        beyond = embed(outside) if outside else np.zeros((0, vectors.shape[1]), dtype=np.float32)
        return Searcher(units, VectorStore.of(vectors), SCALE, VectorStore.of(beyond))

    return searcher


@pytest.fixture
def searcher(search_of):
    return search_of(units_of(CONTENT))


def test_the_rows_of_a_store_outlive_it():
    stored = np.eye(500, 384, dtype=np.float32)
    rows = VectorStore.of(stored).vectors
    other = [VectorStore.of(np.full((500, 384), 7, dtype=np.float32)) for _ in range(20)]
    gc.collect()
    assert (rows == stored).all() and len(other) == 20
    assert VectorStore.of(stored[:0]).vectors.shape == (0, 384)


def test_a_passage_is_embedded_as_its_questions_sentences_phrasings_and_whole():
    texts = [unit.text for unit in units_of(CONTENT) if unit.passage == 0]
    assert texts == [
        "The procedure takes about 8-12 minutes.",
        "It is safe to drive home.",
        f"Knees: {PAGE.text_of(MINUTES)}",
        "will my lunch break be enough",
        "can my wife steer",
    ]


def test_a_list_is_embedded_by_its_introduction_and_each_item():
    texts = [unit.text for unit in units_of(CONTENT) if unit.passage == 2]
    assert texts[:3] == ["Symptoms include:", "Aching leg muscle", "Muscle stiffness"]


def test_the_best_unit_finds_its_passage_and_points_at_the_answering_sentence(searcher, embed):
    question = "steer the car, my wife"
    hit = searcher.search(question, embed([question])[0])[0]
    assert hit.passage == 0
    assert PAGE.text_of(MINUTES)[slice(*hit.span)] == "It is safe to drive home."


def test_every_passage_near_enough_is_ranked_best_first(searcher, embed):
    hits = searcher.search("hate needles", embed(["hate needles"])[0])
    assert hits[0].passage == 1
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert sorted(hit.passage for hit in hits) == [0, 1, 2]


def test_the_evidence_is_that_of_a_second_naive_computation(searcher, embed):
    units, question = units_of(CONTENT), "hate needles while I drive"
    vector = embed([question])[0]
    found = searcher.evidence(question, vector)
    for passage, values in zip(found.passages, found.values, strict=True):
        mine = {
            kind: [float(embed([one.text])[0] @ vector) for one in units if (one.passage, one.kind) == (passage, kind)]
            for kind in UnitKind
        }
        asked = sorted(mine[UnitKind.QUESTION] + mine[UnitKind.PHRASING], reverse=True)
        bank = sorted(mine[UnitKind.ASK], reverse=True)
        told = dict(zip(FEATURES, values.tolist(), strict=True))
        assert told["statement"] == pytest.approx(max(mine[UnitKind.SENTENCE]), abs=1e-6)
        assert told["whole"] == pytest.approx(mine[UnitKind.WHOLE][0], abs=1e-6)
        assert told["question"] == pytest.approx(max(asked, default=0.0), abs=1e-6)
        assert told["ask"] == pytest.approx(max(bank, default=0.0), abs=1e-6)
        assert told["asks"] == pytest.approx(sum(bank[:3]) / max(1, len(bank[:3])), abs=1e-6)
        assert told["questions"] == pytest.approx(sum(asked[:3]) / max(1, len(asked[:3])), abs=1e-6)
    lead = found.values[:, FEATURES.index("lead")]
    assert lead[0] > 0 > lead[1:].max()


def test_a_passage_with_phrasings_is_known_the_better_the_more_it_has(search_of, embed):
    def known(count):
        more = [Unit(f"way {number} to ask", 2, UnitKind.PHRASING) for number in range(count)]
        found = search_of([*units_of(CONTENT), *more]).evidence("way to ask", embed(["way to ask"])[0])
        return found.values[found.passages.index(2), FEATURES.index("asked")]

    assert known(0) == 0 < known(1) < known(10) < known(50) == 1.0


def test_what_is_near_a_question_known_not_to_be_covered_says_so(searcher, search_of, embed):
    vector = embed(["how much does it cost"])[0]
    column = FEATURES.index("outside")
    assert searcher.evidence("how much does it cost", vector).values[0, column] == pytest.approx(1.0)
    assert search_of(units_of(CONTENT), outside=()).evidence("how much does it cost", vector).values[0, column] == 0.0


def test_a_question_on_the_page_is_never_what_answers(search_of, embed):
    page = assemble(
        [Block("paragraph", "How long will it take? About ten minutes.")], page_id="p", title="Day", url="/p"
    )
    asked = "how long will it take"
    hit = search_of(units_of(Content((page,)))).search(asked, embed([asked])[0])[0]
    assert page.text_of(page.passages[0])[slice(*hit.span)] == "About ten minutes."


def test_a_passage_is_read_around_what_answers_under_its_heading():
    sentences = [f"Sentence {number} says a little of what the day holds." for number in range(12)]
    text = " ".join(sentences)
    whole = Unit(f"The day: at noon: {text}", 0, UnitKind.WHOLE, (0, len(text)))
    spans = sentence_spans(text)
    read = window(whole, spans, spans[5])
    assert read.startswith("The day: at noon: Sentence 5 ") and read.endswith(
        "Sentence 8 says a little of what the day holds."
    )
    assert len(read) - len("The day: at noon: ") <= WINDOW_CHARS
    assert window(whole, spans, spans[11]).startswith("The day: at noon: Sentence 8 ")
    assert window(whole, spans, None).startswith("The day: at noon: Sentence 0 ")
    assert window(whole, [], None) == whole.text
    assert window(whole, spans, spans[5], "when may I go?").startswith("The day: at noon: when may I go? Sentence 5 ")
    long = "x" * 400 + "."
    assert window(Unit(f"H: {long}", 0, UnitKind.WHOLE, (0, 401)), [(0, 401)], (0, 401)) == f"H: {long}"


def test_what_was_read_with_the_question_decides_how_likely_the_nearest_is_and_no_other_passes_it(searcher, embed):
    hits = searcher.search("hate needles", embed(["hate needles"])[0])
    assert (
        searcher.window(hits[0].passage, hits[0].span, hits[0].asked)
        == "What if I hate needles?: What if I hate needles? Our physicians numb the joint first."
    )
    logits = [np.log(one.near / (1 - one.near)) for one in hits]
    for read in (-8.0, 0.0, 8.0):
        found = searcher.read(hits, np.array([read]))
        assert found[0].score == pytest.approx(1 / (1 + np.exp(-(0.5 * logits[0] + read))))
        assert [one.near for one in found] == [one.near for one in hits]
        assert [one.score for one in found[1:]] == [min(found[0].score, one.near) for one in hits[1:]]
    found = searcher.read(hits, np.array([-1.0, 1.0]))
    assert [one.passage for one in found] == [hits[1].passage, hits[0].passage, hits[2].passage]
    assert found[0].score == pytest.approx(1 / (1 + np.exp(-(0.5 * logits[1] + 1.0))))
    assert found[2].score <= found[1].score


def test_what_stands_close_beside_the_nearest_is_read_too():
    assert [worth_reading(np.array(one)) for one in ([0.4, 0.2, 0.2], [0.4, 0.05, 0.01], [0.4, 0.1], [0.4])] == [
        2,
        1,
        2,
        1,
    ]


def test_products_are_of_every_two_standardised_features():
    values = np.array([[1.0, 2.0], [3.0, 6.0]])
    given = terms(values, np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    assert given.tolist() == [[0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]


def test_the_more_speaks_for_a_passage_that_was_read_the_surer_is_the_scale_that_ships():
    cross = load_scales()["tuned"].cross
    weights = dict(zip(CROSS_FEATURES, cross.weights, strict=True))
    assert weights["near"] > 1 and weights["cross"] > 1 and weights["questions"] > 0 > weights["outside"]


def test_the_scales_that_ship_load_and_a_broken_file_is_refused(tmp_path):
    assert {name: 0 < one.threshold < 1 for name, one in load_scales().items()} == {"tuned": True, "plain": True}
    (tmp_path / "scales.json").write_text('{"tuned": {"near": {"means": []}}}')
    with pytest.raises(ModelError, match="no scales here"):
        load_scales(tmp_path / "scales.json")


def test_a_phrasing_still_points_at_its_sentence_after_an_edit():
    edited = "The whole procedure takes about 15 minutes. It is safe to drive home."
    span = answering_span(edited, sentence_spans(edited), CONTENT.phrasings[0])
    assert span is not None and edited[slice(*span)] == "The whole procedure takes about 15 minutes."
    other = "Something else entirely stands here now."
    assert answering_span(other, sentence_spans(other), CONTENT.phrasings[0]) is None


def test_a_phrasing_of_a_removed_passage_is_passed_over():
    content = Content((PAGE,), phrasings=(Phrasing("gone", "p-removed"),))
    assert "gone" not in [unit.text for unit in units_of(content)]


def test_slips_in_words_of_the_pages_are_put_right_and_nothing_else_is():
    spelling = Spelling(["The procedure takes about 8-12 minutes.", "trigger point injections of the physicians"])
    assert (
        spelling.corrected("how long is the proceedure, whats a triger") == "how long is the procedure, whats a trigger"
    )
    assert spelling.corrected("Injektions?") == "injections?"
    untouched = "my massage takes twenty minuets, qwertyuiop, 8-12"
    assert spelling.corrected(untouched) == untouched.replace("minuets", "minutes")


@pytest.mark.parametrize("word", ["abnormal", "rejection", "infections", "cheating", "cough", "lowered"])
def test_an_english_word_is_no_slip_of_one_on_the_pages(word: str):
    spelling = Spelling(["A normal injection, injections are treating rough and powered"])
    assert spelling.corrected(word) == word


def test_words_are_weighed_like_bm25_by_how_few_passages_hold_them():
    counts = WordCounts(3, [(0, "needle pain"), (1, "needle drive"), (2, "needle")])
    held, unknown = counts.shares("needle pain zebra", [0, 1])
    rare, common, never = np.log(1 + 3.5 / 1.5), np.log(1 + 3.5 / 3.5), np.log(1 + 3.5 / 0.5)
    assert held == pytest.approx([(rare + common) / (rare + common + never), common / (rare + common + never)])
    assert unknown == pytest.approx(never / (rare + common + never))


def test_endings_do_not_hide_a_word():
    assert tokens("Injections, injecting & injected!") == ["injection", "inject", "inject"]


def test_nearest_agrees_with_a_naive_computation():
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(50, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows, scores = VectorStore.of(vectors).nearest(vectors[:3], 5)
    naive = vectors[:3] @ vectors.T
    assert rows.tolist() == np.argsort(-naive, axis=1)[:, :5].tolist()
    assert scores == pytest.approx(np.sort(naive, axis=1)[:, ::-1][:, :5], abs=1e-6)


def test_a_truncated_vector_file_is_refused(tmp_path):
    path = tmp_path / "units.faiss"
    VectorStore.of(np.eye(4, dtype=np.float32)).save(path)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(IndexUnreadable, match="Build again"):
        VectorStore.load(path)


def test_the_threshold_is_the_lowest_that_keeps_both_rates():
    covered = [*[(True, 0.9, True)] * 80, *[(True, 0.6, False)] * 20]
    outside = [*[(False, 0.7, False)] * 3, *[(False, 0.4, False)] * 97]
    threshold, curve = choose_threshold([*covered, *outside])
    assert threshold == 0.61  # at 0.6 a fifth of what is shown would be wrong
    point = next(one for one in curve if one["threshold"] == threshold)
    assert (point["right"], point["wrong"], point["outside"]) == (0.8, 0.0, 0.03)
    assert point["wrong"] <= WRONG and point["outside"] <= OUTSIDE


def test_nothing_is_quoted_with_less_than_the_least_chance():
    assert choose_threshold([*[(True, 0.2, True)] * 100, *[(False, 0.1, False)] * 100])[0] == LEAST


def test_no_library_shares_a_search_among_threads():
    own = [one for one in threadpool_info() if one["user_api"] == "blas" and "numpy" in one["filepath"]]
    assert {one["num_threads"] for one in own} == {1}  # SciPy brings one of its own, which only builds use
