"""Loading rules: what a policy's rules folder must hold, and what is refused with a way out."""

from pathlib import Path

import pytest
import yaml

from kb.labels import Label
from kb.policy import DEFAULT_POLICY
from kb.rules import CONTEXT_SETS, PolicyError, load_rules

WORDS: dict[str, list[str]] = {name: [] for name in sorted(CONTEXT_SETS)} | {"hurt": ["pain", "sharp ache"]}
CHEST = {
    "id": "chest_pain",
    "label": "emergency",
    "source": "AHA heart attack warning signs",
    "any": ["chest ~ @hurt"],
    "heeds": ["negation", "past"],
    "yes": ["chest pain", "my chest has pain"],
    "no": ["knee pain", "chest of drawers"],
}


def write(folder: Path, *rules: object, words: object = WORDS) -> Path:
    (folder / "words.yaml").write_text(yaml.safe_dump(words), encoding="utf-8")
    (folder / "emergency.yaml").write_text(yaml.safe_dump(list(rules)), encoding="utf-8")
    return folder


def test_a_rule_loads_as_it_is_written(tmp_path: Path):
    (rule,) = load_rules(write(tmp_path, CHEST)).rules
    assert rule.id == "chest_pain"
    assert rule.label is Label.EMERGENCY
    assert rule.any == ("chest ~ @hurt",)
    assert rule.heeds == {"negation", "past"}


def test_the_groups_of_a_compound_rule_are_kept_apart(tmp_path: Path):
    (rule,) = load_rules(write(tmp_path, CHEST | {"with": [["fever", "chills"], ["injection"]]})).rules
    assert rule.with_ == (("fever", "chills"), ("injection",))


def test_yes_no_and_911_are_words_in_a_rule(tmp_path: Path):
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(WORDS), encoding="utf-8")
    (tmp_path / "ask.yaml").write_text(
        "- {id: ask, label: emergency, source: policy, any: [911], yes: [yes, 911], no: [no, off]}", encoding="utf-8"
    )
    (rule,) = load_rules(tmp_path).rules
    assert (rule.any, rule.yes, rule.no) == (("911",), ("yes", "911"), ("no", "off"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source": ""}, "source"),
        ({"yes": ["only one"]}, "yes"),
        ({"no": ["only one"]}, "no"),
        ({"any": []}, "any"),
        ({"label": "urgent"}, "label"),
        ({"colour": "red"}, "colour"),
        ({"heeds": ["weather"]}, "heeds"),
        ({"any": ["chest @swelling"]}, "@swelling"),
        ({"label": "clinical"}, "past"),
        ({"id": "Chest Pain"}, "id"),
    ],
)
def test_a_rule_that_is_not_whole_is_refused_by_file_and_name(tmp_path: Path, change: dict[str, object], told: str):
    with pytest.raises(PolicyError, match=told) as refusal:
        load_rules(write(tmp_path, CHEST | change))
    assert "emergency.yaml" in str(refusal.value)
    assert str(change.get("id", "chest_pain")) in str(refusal.value)


@pytest.mark.parametrize("key", ["id", "label", "source", "any", "yes", "no"])
def test_nothing_a_rule_needs_may_be_missing(tmp_path: Path, key: str):
    with pytest.raises(PolicyError, match=key):
        load_rules(write(tmp_path, {name: value for name, value in CHEST.items() if name != key}))


def test_two_rules_of_one_name_are_refused(tmp_path: Path):
    with pytest.raises(PolicyError, match=r"chest_pain is there twice.*Rename"):
        load_rules(write(tmp_path, CHEST, CHEST))


def test_a_key_written_twice_is_refused(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "emergency.yaml").write_text("- {id: a, id: b}", encoding="utf-8")
    with pytest.raises(PolicyError, match="id is there twice"):
        load_rules(tmp_path)


def test_words_without_the_contexts_are_refused(tmp_path: Path):
    with pytest.raises(PolicyError, match="negation"):
        load_rules(write(tmp_path, CHEST, words={"hurt": ["pain"]}))


@pytest.mark.parametrize("text", ["not: [a list", "just words", "- 1\n- 2"])
def test_a_file_that_is_no_list_of_rules_is_refused(tmp_path: Path, text: str):
    write(tmp_path)
    (tmp_path / "emergency.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"emergency\.yaml"):
        load_rules(tmp_path)


def test_an_empty_folder_is_refused_with_a_way_out(tmp_path: Path):
    with pytest.raises(PolicyError, match="Restore"):
        load_rules(tmp_path)


def test_words_alone_are_no_policy(tmp_path: Path):
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(WORDS), encoding="utf-8")
    with pytest.raises(PolicyError, match="files of rules"):
        load_rules(tmp_path)


def test_the_default_policy_names_its_sources_and_enough_medicines_and_conditions():
    book = load_rules(DEFAULT_POLICY / "rules")
    assert all(len(rule.source) > 10 for rule in book.rules)
    assert all(len(rule.yes) >= 4 and len(rule.no) >= 4 for rule in book.rules)
    assert len(set(book.words["drug"])) >= 250
    assert len(set(book.words["condition"])) >= 120
    assert {"thanks", "greeting"} == {rule.id for rule in book.rules if rule.label is Label.SMALLTALK}
