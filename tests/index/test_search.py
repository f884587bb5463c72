import numpy as np
import pytest

from index.calibrate import OUTSIDE_RATE, WRONG_RATE, choose_threshold
from index.search import FEATURES, Scale, Searcher
from index.store import IndexUnreadable, VectorStore
from index.units import answering_span, units_of
from index.words import WordCounts, tokens
from kb.blocks import Block, assemble
from kb.content import Content, Phrasing

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


@pytest.fixture
def searcher(embed):
    units = units_of(CONTENT)
    return Searcher(units, 3, VectorStore.of(embed([unit.text for unit in units])), Scale((1.0,) * len(FEATURES), -2.0))


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


def test_a_unit_left_out_does_not_count_as_evidence_for_itself(searcher, embed):
    units = units_of(CONTENT)
    row = next(row for row, unit in enumerate(units) if unit.text == "scared of the jab")
    vector = embed([units[row].text])[0]
    assert searcher.evidence(units[row].text, vector).values[0, 0] == pytest.approx(1.0)
    left_out = searcher.evidence(units[row].text, vector, left_out=row)
    assert left_out.values[0, 0] < 0.9
    assert left_out.values[:, FEATURES.index("words")].max() == 0.0  # its own words are no evidence either


def test_a_phrasing_still_points_at_its_sentence_after_an_edit():
    edited = "The whole procedure takes about 15 minutes. It is safe to drive home."
    assert edited[slice(*answering_span(edited, CONTENT.phrasings[0]))] == "The whole procedure takes about 15 minutes."
    assert answering_span("Something else entirely stands here now.", CONTENT.phrasings[0]) is None


def test_a_phrasing_of_a_removed_passage_is_passed_over():
    content = Content((PAGE,), phrasings=(Phrasing("gone", "p-removed"),))
    assert "gone" not in [unit.text for unit in units_of(content)]


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
    scores = np.array([0.9] * 80 + [0.6] * 20 + [0.7] * 4 + [0.2] * 96)
    right = np.array([True] * 80 + [False] * 20 + [False] * 100)
    threshold, curve = choose_threshold(scores, right, covered=100)
    assert threshold == 0.21  # at 0.2 all outside questions would be quoted; above it 4% are, and 20 of 100 wrongly
    point = next(one for one in curve if one["threshold"] == threshold)
    assert point["outside"] <= OUTSIDE_RATE and point["wrong"] <= WRONG_RATE
