"""Reassurance by quotation: a question that is quoted a soothing passage, and the same one with a danger sign in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.builds.publish import Builds
from kb.content import load_content
from kb.labels import Label
from kb.reading.sentences import is_question, is_restricting, sentence_spans
from kb.sites import SITES, load_site
from server.answers.assistant import Assistant
from server.answers.assistants import Assistants
from server.core.quoting import cut_quote

# For each passage that speaks of harm or aftercare: questions that are answered with it.
SOOTHED = {
    "There may be a little soreness at the injection site.": [
        "Are there any side effects with knee injections?",
        "how long does the soreness last",
        "is soreness normal at the injection site",
    ],
    "The full procedure takes about 8-12 minutes.": [
        "What can I expect on the day of an injection?",
        "can people drive home afterwards",
        "what helps with soreness after the injection",
    ],
    "Numbness or bruising at the site of injection may persist": [
        "is bruising normal after the injection",
        "what helps with bruising and numbness afterwards",
    ],
    "A small needle containing local anesthetic is injected": [
        "does the injection cause pain for a short time",
        "how quickly is the muscle pain relieved",
    ],
}
DANGER = [
    "I have a fever.",
    "My knee is hot and red.",
    "I have chills since last night.",
    "The knee is swelling up fast.",
    "There is pus coming out.",
    "It is getting worse every hour.",
    "My calf is swollen and hot.",
    "I feel faint.",
    "There is a red streak going up my leg.",
    "I can't put any weight on it.",
    "My lips are swelling.",
    "I can't feel my foot.",
    "mine hasn't stopped bleeding",
    "I can't breathe right.",
]


@pytest.fixture(scope="module")
def assistant(kneecare_data_dir: Path) -> Assistant:
    path = Builds(kneecare_data_dir / "sites" / "kneecare" / "builds").current_path()
    assert path is not None
    return Assistants(kneecare_data_dir, {"kneecare": load_site(SITES / "kneecare")}).open_build(path)


def test_every_passage_that_speaks_of_harm_has_its_pairs(assistant):
    risky = [page.text_of(passage) for page, passage in assistant.build.places if passage.needs_note]
    assert len(risky) == len(SOOTHED)
    assert all(any(words in text for text in risky) for words in SOOTHED)


@pytest.mark.parametrize(("words", "question"), [(words, one) for words, asked in SOOTHED.items() for one in asked])
def test_a_soothing_quote_is_withheld_from_every_danger_sign(assistant, words, question):
    calm = assistant.reply(question)
    assert calm.label is Label.ANSWER and any(words in quote.text for quote in calm.quotes), calm.trace
    assert calm.note is not None
    for sign in DANGER:
        for text in (f"{question} {sign}", f"{sign} {question}", f"{question} {sign.rstrip('.').lower()}"):
            reply = assistant.reply(text)
            assert reply.quotes == () and reply.label in {Label.EMERGENCY, Label.CLINICAL}, (text, reply.label)


@pytest.mark.parametrize("sign", ["I'm coughing up blood.", "im throwing up blood", "he's choking", "slurred speech"])
def test_in_a_few_words_no_gate_outweighs_a_rule_that_finds_an_emergency(assistant, sign):
    assert assistant.reply(sign).label is Label.EMERGENCY
    assert assistant.reply(f"{sign.rstrip('.')}. where do I park?").label is Label.EMERGENCY


@pytest.mark.parametrize("question", ["how long does the soreness last", "is bruising normal after the injection"])
def test_it_is_withheld_after_a_danger_sign_in_the_message_before_too(assistant, question):
    for sign in DANGER:
        reply = assistant.reply(question, [sign])
        assert reply.quotes == (), (sign, question)


@pytest.mark.parametrize(
    ("question", "within"),
    [
        ("can I go dancing that night", "avoid high impact activities"),
        ("can people drive home afterwards", "avoid high impact activities"),
        ("how long does it take on the day", "8-12 minutes"),
    ],
)
def test_the_answer_and_what_restricts_it_are_highlighted_and_no_question_is(assistant, question, within):
    found = assistant.evidence(question).whole.found  # whether or not the gate lets it be quoted
    [quote] = [one.quote for one in found if "8-12 minutes" in one.quote.text]
    highlighted = quote.text[slice(*quote.highlight)]
    assert within in highlighted and "?" not in highlighted


def test_no_sentence_of_the_page_can_make_a_question_or_half_a_truth_the_highlight():
    content = load_content(SITES / "kneecare")
    for page, passage in content.passages():
        text = page.text_of(passage)
        for span in sentence_spans(text):
            quote = cut_quote(page, passage, span)
            marked = text[slice(*quote.highlight)]
            assert marked == text or not is_question(marked)
            for start, end in sentence_spans(text) if passage.needs_note else ():
                assert text[start:end] in marked or not is_restricting(text[start:end])
