import numpy as np
import pytest

from index.calibrate import LEAST, RATES, UNCOVERED, Best, Kind, choose_threshold
from index.classify import blank
from index.search import FEATURES, LEAST_CHANCE, NONE, Scale, Searcher
from index.store import IndexUnreadable, VectorStore
from index.teaching import Asking, Taught
from index.units import Unit, answering_span, units_of
from index.words import Spelling, WordCounts, tokens
from kb.blocks import Block
from kb.content import Content, Example, Phrasing
from kb.labels import Label
from kb.layout import assemble

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
EVEN = dict.fromkeys((NONE, *(one.passage_id for one in PAGE.passages)), 0.25)


@pytest.fixture
def searcher(embed):
    units = units_of(CONTENT)
    store = VectorStore.of(embed([unit.text for unit in units]))
    scale = Scale.linear((*(1.0,) * (len(FEATURES) - 2), 0.5, -0.5), -2.0)
    outside = VectorStore.of(embed(["how much does it cost", "hate parking"]))
    passages = [one.passage_id for one in PAGE.passages]
    return Searcher(units, passages, store, scale, blank(store.dim, (NONE, *passages)), outside)


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
    (near,) = searcher.nearest(embed([units[row].text]))
    assert searcher.evidence(units[row].text, near, EVEN).values[0, 0] == pytest.approx(1.0)
    left_out = searcher.evidence(units[row].text, near, EVEN, left_out=row)
    assert left_out.values[0, 0] < 0.9
    assert left_out.values[:, FEATURES.index("words")].max() == 0.0  # its own words are no evidence either


def test_the_classifier_of_whole_questions_speaks_for_each_passage_by_itself(searcher, embed):
    chances = {NONE: 0.2, MINUTES.passage_id: 0.7, NEEDLES.passage_id: 0.0}  # nobody phrased a question for the third
    found = searcher.evidence("hate needles", next(searcher.nearest(embed(["hate needles"]))), chances)
    chance = dict(zip(found.passages, found.values[:, FEATURES.index("chance")], strict=True))
    assert chance == pytest.approx({0: np.log(0.7), 1: np.log(LEAST_CHANCE), 2: np.log(0.2)})


def test_what_is_near_a_question_known_not_to_be_covered_says_so_and_not_of_itself(searcher, embed):
    (near,) = searcher.nearest(embed(["how much does it cost"]))
    asked = searcher.evidence("how much does it cost", near, EVEN).values[0]
    tested = searcher.evidence("how much does it cost", near, EVEN, left_outside=0).values[0]
    column = FEATURES.index("outside")
    assert asked[column] == pytest.approx(1.0) and tested[column] < 0.5


def test_passages_with_few_questions_are_not_taught(embed):
    examples = [Example("how much does it cost", Label.OUT_OF_KB), Example("and parking?", Label.OUT_OF_KB, "hello")]
    rows = embed([one.text for one in examples])
    units, passages = units_of(CONTENT), [one.passage_id for one in PAGE.passages]
    more = [Unit(text, 1, asks=True) for text in ("is the jab numbed", "needles scare me")]
    asking = Asking.of(
        [*units, *more],
        embed([one.text for one in [*units, *more]]),
        passages,
        Taught(examples, rows, {}, rows, rows.shape[1]),
    )
    assert set(zip(asking.texts, asking.wanted, strict=True)) == {
        ("What if I hate needles?", NEEDLES.passage_id),
        ("scared of the jab", NEEDLES.passage_id),
        ("is the jab numbed", NEEDLES.passage_id),
        ("needles scare me", NEEDLES.passage_id),
        ("how much does it cost", NONE),
    }
    assert asking.outside()[0] == ["how much does it cost"]


def test_a_phrasing_still_points_at_its_sentence_after_an_edit():
    edited = "The whole procedure takes about 15 minutes. It is safe to drive home."
    span = answering_span(edited, CONTENT.phrasings[0])
    assert span is not None and edited[slice(*span)] == "The whole procedure takes about 15 minutes."
    assert answering_span("Something else entirely stands here now.", CONTENT.phrasings[0]) is None


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


def test_the_threshold_is_the_lowest_that_keeps_all_rates():
    threshold, curve = choose_threshold(
        [
            *[Best(Kind.COVERED, 0.9, True)] * 80,
            *[Best(Kind.COVERED, 0.6, False)] * 20,
            *[Best(Kind.OUTSIDE, 0.7, False)] * 4,
            *[Best(Kind.OUTSIDE, 0.4, False)] * 196,
            *[Best(Kind.MISSING, 0.5, False)] * 30,
            *[Best(Kind.MISSING, 0.1, False)] * 70,
        ]
    )
    assert threshold == 0.41  # at 0.4 all outside questions would be quoted; above it 2% are, and 20 of 100 wrongly
    point = next(one for one in curve if one["threshold"] == threshold)
    assert point["coverage"] == 0.8 and point["wrong"] == 0.2 and point["missing"] == 0.3
    assert point["outside"] == UNCOVERED["outside"] == 0.02
    assert all(point[name] <= rate for name, rate in RATES.items())


def test_examples_of_what_the_site_covers_after_all_do_not_raise_the_threshold():
    covered = [Best(Kind.COVERED, 0.9, True)] * 100
    examples = [*[Best(Kind.OUTSIDE, 0.8, False)] * 10, *[Best(Kind.OUTSIDE, 0.1, False)] * 90]
    nearest = [*[Best(Kind.MISSING, 0.7, False)] * 4, *[Best(Kind.MISSING, 0.5, False)] * 96]
    assert choose_threshold([*covered, *examples, *nearest])[0] == 0.51  # 0.81 by the examples alone
    assert choose_threshold([*covered, *examples])[0] == 0.81  # a site of one passage


def test_nothing_is_quoted_with_less_than_the_least_chance():
    best = [*[Best(Kind.COVERED, 0.1, True)] * 100, *[Best(Kind.OUTSIDE, 0.1, False)] * 100]
    assert choose_threshold(best)[0] == LEAST
