"""The widget's one script, and its words: each stands once, wherever it shows."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from kb.policy import FixedReplies, FixedText, load_policy
from kb.rules import Rule
from server.core.matching.plain_signs import emergency_rules, fold_plainly, plain_signs, shows_sign
from server.translating import LANGUAGES
from server.web.visitor.widget_file import widget_file
from server.web.words.texts import in_every_language, texts_in
from widget import PARTS, join, path_of, texts_asked_for

ROOT = Path(__file__).parents[2]
MAX_GZIP = 18_200
POLICY = load_policy()
REPLIES = POLICY.replies
SCRIPT = widget_file(POLICY).script.decode()
POLICYS = {"emergency": REPLIES.emergency, "crisis_line": REPLIES.crisis_line, "not_passed_on": REPLIES.not_passed_on}
SAID = {**in_every_language(), **{name: (text.en, text.es) for name, text in POLICYS.items()}}
TEMPLATES = sorted((ROOT / "server" / "web" / "templates").rglob("*.html"))
SOURCES = [*TEMPLATES, *sorted((ROOT / "server" / "web").rglob("*.py")), *map(path_of, PARTS)]
SENTENCE_END = re.compile(r"(?<=[.?!]) ")


def bare(text: str) -> str:
    """A text without case, punctuation and gaps' names."""
    return " ".join(re.findall(r"\w+|\{\}", re.sub(r"\{\w+\}", "{}", text).casefold()))


def test_it_is_small_enough_for_a_slow_phone():
    assert len(gzip.compress(SCRIPT.encode(), 9)) <= MAX_GZIP


def test_it_is_one_classic_script_of_all_parts_in_one_closure():
    assert sorted(PARTS) == sorted(path.stem for path in path_of("texts").parent.glob("*.mjs"))
    assert not re.search(r"^\s*(import|export)\b", SCRIPT, re.MULTILINE)
    assert SCRIPT.split("\n", 2)[1] == ";(() => {" and SCRIPT.endswith("})()\n")
    names = re.findall(r"^(?:async )?(?:const|function|class) (\w+)", SCRIPT, re.MULTILINE)
    assert "AdvocateChatElement" in names
    for part in PARTS:
        exported = re.findall(
            r"^export (?:async )?(?:const|function|class) (\w+)", path_of(part).read_text(), re.MULTILINE
        )
        assert set(exported) <= set(names)


def test_a_part_uses_only_those_before_it():
    for position, part in enumerate(PARTS):
        used = re.findall(r"^import \{.*\} from '\./(\w+)\.mjs'$", path_of(part).read_text(), re.MULTILINE)
        assert len(used) == len(re.findall(r"^import\b", path_of(part).read_text(), re.MULTILINE)), part
        assert set(used) <= set(PARTS[:position]), part


def test_no_part_keeps_what_changes():
    for part in PARTS:
        assert not re.search(r"^(?:export )?(?:let|var)\b", path_of(part).read_text(), re.MULTILINE), part


def test_what_a_part_gives_is_typed():
    for part in PARTS:
        lines = path_of(part).read_text().splitlines()
        untyped = [line for before, line in pairwise(lines) if line.startswith("export ") and "*/" not in before]
        assert untyped == [], part


def test_its_emergency_and_crisis_words_are_the_policys():
    for text in POLICYS.values():
        for words in (text.en, text.es):
            assert f'"{words}"' in SCRIPT
    for words in (REPLIES.crisis_line.en, REPLIES.crisis_line.es):
        assert "988" in words


def test_a_policy_that_words_an_emergency_differently_makes_another_script():
    emergency = FixedText(en="Call 911 now. Or text 988.", es="Llame al 911. O al 988.")
    other = FixedReplies(**{**dict(REPLIES), "emergency": emergency})
    script = widget_file(replace(POLICY, replies=other)).script.decode()
    assert '"Call 911 now. Or text 988."' in script and '["Or text 988.","O al 988."]' in script
    assert REPLIES.emergency.en not in script


EMERGENCIES = emergency_rules(POLICY.rules)


def test_its_signs_find_what_the_policys_rules_find():
    signs = plain_signs(POLICY.rules)
    assert json.dumps("\n".join(signs), ensure_ascii=False) in SCRIPT
    yes, no = ([fold_plainly(text) for rule in EMERGENCIES for text in kind(rule)] for kind in (_yes, _no))
    found, alarmed = ([text for text in texts if any(shows_sign(sign, text) for sign in signs)] for texts in (yes, no))
    assert len(found) / len(yes) >= 0.92, sorted(set(yes) - set(found))
    assert len(alarmed) / len(no) <= 0.17, alarmed  # it reads no contexts: a card too many is the better mistake


def _yes(rule: Rule) -> tuple[str, ...]:
    return rule.yes


def _no(rule: Rule) -> tuple[str, ...]:
    return rule.no


def test_a_text_that_is_not_given_is_told():
    with pytest.raises(ValueError, match="talk_to_person"):
        join(LANGUAGES, {name: texts for name, texts in SAID.items() if name != "talk_to_person"}, signs=())


@pytest.mark.parametrize("texts", [texts_in(one) for one in LANGUAGES], ids=LANGUAGES)
def test_no_text_stands_twice(texts):
    said = [bare(text) for name, text in texts.as_json().items() if name not in {"language", "direction"}]
    replies = [getattr(text, texts.language) for text in dict(REPLIES).values()]
    assert sorted(said) == sorted(set(said))
    assert not set(said) & {bare(sentence) for reply in replies for sentence in SENTENCE_END.split(reply)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_text_is_written_anywhere_else(path):
    if path.name == "texts.py":
        return
    source = path.read_text(encoding="utf-8")
    quoted = [text for texts in SAID.values() for text in texts if text.count(" ") > 1]  # less is anybody's
    assert [text for text in quoted if re.search(rf"""[>"'`]{re.escape(text)}[<"'`]""", source)] == []


def test_every_language_has_the_same_gaps_and_one_at_most_for_the_widget():
    for name, texts in SAID.items():
        english, *others = (sorted(re.findall(r"\{\w+\}", text)) for text in texts)
        assert all(gaps == english for gaps in others), name
        assert name not in texts_asked_for() or len(english) <= 1, name


def test_every_text_is_shown_somewhere():
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    shown = set(re.findall(r"\btexts\.(\w+)", source)) | set(re.findall(r"texts_in\(language\)\.(\w+)", source))
    assert set(in_every_language()) - shown == set()


@pytest.mark.parametrize("part", PARTS)
def test_no_function_is_longer_than_a_screen(part):
    lines = path_of(part).read_text(encoding="utf-8").splitlines()
    heads = [
        (number, found[1], found[2])
        for number, line in enumerate(lines)
        if (found := re.match(r"( *)((?:export |static |async |get |function )*#?\w+\(.*\)) \{$", line))
        if not re.match(r" *(if|for|while|switch) ", line)
    ]
    for number, indent, name in heads:
        end = next(place for place in range(number, len(lines)) if lines[place] == f"{indent}}}")
        assert end - number < 40, name
