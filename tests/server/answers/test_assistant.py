"""The assistant on the real KneeCare build: what it says, and what it does when something is broken."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from index.builds.publish import Builds
from index.encoding.encode import OnnxEncoder
from kb.labels import Label
from kb.sites import SITES, load_site
from server.answers.assistant import Assistant
from server.answers.assistants import Assistants, UnknownSite
from server.answers.reading import MOST_TOKENS
from server.core.matching.rules import RuleTable
from server.core.reasons import Reason

SITE = {"kneecare": load_site(SITES / "kneecare")}


def open_assistants(data_dir: Path, **options) -> Assistants:
    return Assistants(data_dir, SITE, **options)


@pytest.fixture(scope="module")
def assistant(kneecare_data_dir) -> Assistant:
    path = Builds(kneecare_data_dir / "sites" / "kneecare" / "builds").current_path()
    assert path is not None
    return open_assistants(kneecare_data_dir).open_build(path)


def test_a_question_of_the_page_is_answered_in_its_own_words(assistant):
    reply = assistant.reply("What if I hate needles?")
    assert reply.label is Label.ANSWER
    assert "Our physicians use 3 different agents to numb the joint" in reply.quotes[0].text


def test_english_thanks_around_a_foreign_question_do_not_make_it_english(assistant):
    assert (
        assistant.reply("Thank you so much! Boli me koljeno, da li vi liječite artritis?").label is Label.OTHER_LANGUAGE
    )


def test_every_faq_question_is_answered_by_its_own_answer(assistant):
    faqs = [(page, one) for page, one in assistant.build.places if one.question]
    assert len(faqs) == 5
    for page, passage in faqs:
        assert page.text_of(passage) in [quote.text for quote in assistant.reply(passage.question).quotes], (
            passage.question
        )


@pytest.mark.parametrize("courtesy", ["Hi there. ", "Thanks! ", "Good morning.\n", "Thank you so much. Hello! "])
def test_a_greeting_changes_nothing_about_a_question(assistant, courtesy):
    assert assistant.reply(f"{courtesy}how long does it take").quotes == assistant.reply("how long does it take").quotes
    assert assistant.reply("how long does it take").label is Label.ANSWER


def test_fever_after_the_shot_is_an_emergency_and_never_soothed(assistant):
    reply = assistant.reply("my knee is hot and I have a fever since the shot")
    assert reply.label is Label.EMERGENCY
    assert reply.quotes == () and "911" in reply.message


@pytest.mark.parametrize("sign", ["and a fever", "and now i cant breathe", "and my calf is swollen and hot"])
def test_soreness_with_a_danger_sign_added_is_never_quoted_to(assistant, sign):
    assert assistant.reply("how long does soreness last after the shot").label is Label.ANSWER
    assert assistant.reply(f"how long does soreness last after the shot {sign}").quotes == ()


@pytest.mark.parametrize(
    ("signs", "label"),
    [("👍🏽", "smalltalk"), ("🙏", "smalltalk"), ("👋", "smalltalk"), ("😭", "out_of_kb"), ("?!", "out_of_kb")],
)
def test_signs_without_a_word_are_thanks_or_are_handed_over(assistant, signs, label):
    assert assistant.reply(signs).label == label
    assert assistant.reply(f"my knee is swollen {signs}").label == "clinical"


def test_a_side_effect_quote_carries_the_standing_note(assistant):
    reply = assistant.reply("Are there any side effects with knee injections?")
    assert reply.note is not None and reply.note.startswith("After an injection, fever")


def test_the_form_line_of_the_page_is_never_quoted(assistant):
    for text in ("validation purposes", "This field is for validation purposes and should be left unchanged."):
        assert not any("validation" in quote.text for quote in assistant.reply(text).quotes)


def test_every_reply_can_be_traced_whatever_decided_it(assistant):
    for text in ("What if I hate needles?", "chest pain right now", "bonjour, combien coûte une piqûre ?"):
        trace = assistant.reply(text).trace
        assert len(trace.candidates) == 10
        scores = [one.score for one in trace.candidates]
        assert scores == sorted(scores, reverse=True)
        assert trace.threshold == assistant.build.manifest.threshold
        assert sum(trace.gate.values()) == pytest.approx(1.0)


def test_the_same_question_gets_the_same_reply_to_the_last_bit(assistant):
    assert assistant.reply("can i drive after").as_json(trace=True) == assistant.reply("can i drive after").as_json(
        trace=True
    )


async def test_nothing_published_hands_over_and_emergencies_still_show_their_card(tmp_path):
    assistants = open_assistants(tmp_path)
    question = await assistants.reply("kneecare", "What if I hate needles?")
    assert question.needs_handover and question.quotes == ()
    assert (await assistants.reply("kneecare", "he has chest pain right now")).label is Label.EMERGENCY
    assert (await assistants.reply("kneecare", "can i talk to a real person")).label is Label.HUMAN
    assert not assistants.is_ready("kneecare")


async def test_the_rules_read_a_message_once(kneecare_data_dir, monkeypatch):
    assistants = open_assistants(kneecare_data_dir)
    await assistants.refresh()
    find_each, read = RuleTable.find_each, []

    def noted(self, texts, history=()):
        read.extend(texts)
        return find_each(self, texts, history)

    monkeypatch.setattr(RuleTable, "find_each", noted)
    for text in ("What if I hate needles?", "he has chest pain right now"):
        await assistants.reply("kneecare", text)
        assert read == [text]
        read.clear()


async def test_an_unknown_site_is_refused(tmp_path):
    with pytest.raises(UnknownSite, match="no site 'elsewhere'"):
        await open_assistants(tmp_path).reply("elsewhere", "hello")


async def test_a_damaged_build_is_refused_and_the_last_good_one_goes_on(copy_of_kneecare):
    assistants = open_assistants(copy_of_kneecare)
    good = await assistants.reply("kneecare", "What if I hate needles?")
    builds = assistants.builds("kneecare")
    shutil.copytree(builds.path(good.build), builds.path("f" * 64))
    builds.publish("f" * 64, "Ann")
    (builds.path("f" * 64) / "units.faiss").write_bytes(b"half")
    again = await assistants.reply("kneecare", "What if I hate needles?")
    assert again.build == good.build and again.quotes == good.quotes


async def test_a_damaged_encoder_hands_over(copy_of_kneecare):
    models = copy_of_kneecare / "models"
    target = models.resolve()
    models.unlink()
    shutil.copytree(target, models)
    for path in models.rglob("model.onnx"):
        path.write_bytes(path.read_bytes()[:1000])
    reply = await open_assistants(copy_of_kneecare).reply("kneecare", "What if I hate needles?")
    assert reply.needs_handover and reply.quotes == ()


async def test_an_encoder_that_gives_no_numbers_hands_over(kneecare_data_dir, monkeypatch):
    assistants = open_assistants(kneecare_data_dir)
    await assistants.refresh()
    monkeypatch.setattr(
        OnnxEncoder, "_run", lambda self, ids: np.full((len(ids), self.width), np.nan, dtype=np.float32)
    )
    reply = await assistants.reply("kneecare", "What if I hate needles?")
    assert reply.needs_handover and reply.quotes == ()
    assert (await assistants.reply("kneecare", "he has chest pain right now")).label is Label.EMERGENCY


async def test_a_slow_encoder_hands_over_in_time(kneecare_data_dir, monkeypatch):
    assistants = open_assistants(kneecare_data_dir, encoder_wait_s=0.2)
    await assistants.refresh()
    monkeypatch.setattr(OnnxEncoder, "encode", lambda *_: time.sleep(1.5))
    started = time.monotonic()
    reply = await assistants.reply("kneecare", "What if I hate needles?")
    assert time.monotonic() - started < 1.2
    assert reply.needs_handover


async def test_an_emergency_that_rules_find_waits_a_second_for_the_gate_and_no_longer(kneecare_data_dir, monkeypatch):
    assistants = open_assistants(kneecare_data_dir, encoder_wait_s=300)
    await assistants.refresh()
    go_on = threading.Event()
    encode = OnnxEncoder.encode
    monkeypatch.setattr(OnnxEncoder, "encode", lambda self, texts: (go_on.wait(30), encode(self, texts))[1])
    waiting = [asyncio.create_task(assistants.reply("kneecare", "How long does it take?")) for _ in range(4)]
    await asyncio.sleep(0)
    hopeless = await asyncio.wait_for(
        assistants.reply("kneecare", "i want to end my life"), 0.9
    )  # no gate outweighs it
    urgent = await asyncio.wait_for(assistants.reply("kneecare", "he has chest pain right now"), 5)
    assert not any(one.done() for one in waiting) and hopeless.label is Label.EMERGENCY
    go_on.set()
    assert {one.label for one in await asyncio.gather(*waiting)} == {Label.ANSWER}
    monkeypatch.undo()
    current = assistants.builds("kneecare").current_path()
    assert current is not None
    in_full = assistants.open_build(current)
    assert urgent.label is Label.EMERGENCY
    assert urgent.message == in_full.reply("he has chest pain right now").message


LONG = {
    "short sentences": "Where do I park? It hurts a litle. Is the doctr kind? " * 74,
    "one long sentence": "knee walk home and " * 210,
    "letters": "ab c?d " * 571,
    "signs": "?" * 4000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_the_work_of_a_message_is_bounded_and_what_was_not_read_is_never_quoted_to(assistant, monkeypatch, text):
    encode, calls = OnnxEncoder.encode, []

    def counted(self, texts):
        calls.append(sum(self.lengths(texts)))
        return encode(self, texts)

    monkeypatch.setattr(OnnxEncoder, "encode", counted)
    reply = assistant.reply(text[:4000], [text[:4000]] * 20)
    assert len(calls) == 1 and calls[0] <= MOST_TOKENS
    assert reply.needs_handover and reply.quotes == ()
    assert Reason.TOO_LONG in reply.trace.rules and len(reply.trace.candidates) == 10


def test_of_a_message_that_is_too_long_the_rules_still_read_every_word(assistant):
    reply = assistant.reply("Where do I park? " * 220 + "I want to end my life.")
    assert reply.label is Label.EMERGENCY


def test_the_end_of_a_long_message_before_says_what_this_one_refers_to(assistant):
    before = "Well, hello. " * 100 + "How long does the injection take?"
    assert assistant.reply("how long does it take", [before]).label is Label.ANSWER


async def test_a_chosen_heading_shows_its_passage(kneecare_data_dir, assistant):
    assistants = open_assistants(kneecare_data_dir)
    await assistants.refresh()
    page, passage = assistant.build.places[0]
    reply = await assistants.choose("kneecare", passage.passage_id)
    assert [quote.text for quote in reply.quotes] == [page.text_of(passage)]
    assert (await assistants.choose("kneecare", "p-gone")).needs_handover
