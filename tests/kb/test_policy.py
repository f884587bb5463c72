"""The fixed replies are the policy's, word for word, and every change of the policy's files shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from kb.labels import DUTIES, RANKING, Label
from kb.policy import DEFAULT_POLICY, FixedReplies, load_policy
from kb.rules import PolicyError
from kb.sites import SITES, load_site

PAGE = DEFAULT_POLICY / "README.md"
# A fixed reply's name in the data -> its row of the page's table.
ROWS = {
    "emergency": "emergency",
    "emergency_sent": "its sent line",
    "clinical": "clinical",
    "outside": "outside the page",
    "human": "human",
    "sent": "sent line of these three",
    "other_language": "other language",
    "answer_line": "answer line",
    "standing_note": "standing note",
    "greeting": "greeting, what are you",
    "thanks": "thanks, goodbye",
    "not_passed_on": "could not be passed on",
}


def table_under(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading of the policy's page, by their first cell."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in rows[2:]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_POLICY, tmp_path / "policy"))


def test_the_twelve_fixed_replies_are_the_approved_page_s_word_for_word():
    replies, table = load_policy().replies, table_under("Fixed replies")
    assert set(table) == set(ROWS.values()) and set(ROWS) == set(FixedReplies.model_fields)
    for name, row in ROWS.items():
        english, spanish = table[row]
        if spanish == "(the same, both languages)":
            spanish = english
        assert (getattr(replies, name).en, getattr(replies, name).es) == (english, spanish), name


def test_each_label_s_duties_are_the_approved_page_s():
    table = table_under("Duties")
    assert set(table) == set(Label)
    for label, duty in DUTIES.items():
        _, alerts, quotes = table[label]
        assert duty.alerts == alerts.startswith("yes"), label
        assert duty.urgent == ("urgent" in alerts), label
        assert duty.quotes == (quotes == "yes"), label


def test_labels_are_ranked_as_the_approved_page_ranks_them():
    ranked = PAGE.read_text(encoding="utf-8").split("wins:\n")[1].split(".")[0]
    assert re.findall(r"`(\w+)`", ranked) == list(RANKING)


def test_every_placeholder_is_filled_by_a_site():
    site = load_site(SITES / "kneecare")
    for pair in load_policy().replies.model_dump().values():
        for text in pair.values():
            assert set(re.findall(r"{(\w*)}", text)) <= {"clinic", "topic", "advocate"}
            assert not re.search(r"[{}]", site.fill(text))


def test_the_same_files_are_the_same_version_and_one_byte_makes_another(folder):
    before = load_policy(folder).version
    assert before == load_policy().version
    for path in sorted(folder.rglob("*.yaml")):
        data = path.read_bytes()
        path.write_bytes(data + b"#")
        assert load_policy(folder).version != before
        path.write_bytes(data)
    assert load_policy(folder).version == before


@pytest.mark.parametrize(
    "text", ["emergency: [", "emergency: {en: a, es: b}", "- a", "", "emergency: {en: a}\nnew: {en: a, es: b}"]
)
def test_replies_that_cannot_be_read_are_refused_with_the_file_s_name(folder, text):
    (folder / "replies.yaml").write_text(text)
    with pytest.raises(PolicyError, match=r"replies\.yaml"):
        load_policy(folder)


def test_a_reply_without_its_spanish_is_refused(folder):
    path = folder / "replies.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  es: De nada. Cuídese.\n", ""), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"replies\.yaml(?s:.*)thanks"):
        load_policy(folder)


def test_rules_that_cannot_be_read_are_refused_with_the_file_s_name(folder):
    (folder / "rules" / "human.yaml").write_text("- id: [")
    with pytest.raises(PolicyError, match=r"human\.yaml"):
        load_policy(folder)


def test_a_folder_without_a_policy_is_refused(tmp_path):
    with pytest.raises(PolicyError, match=r"replies\.yaml"):
        load_policy(tmp_path)
