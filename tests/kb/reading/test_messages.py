import pytest

from kb.reading.messages import MAX_SENTENCES, after, asks, bare, leans, refers_back, runs_of, sentences_in, trimmed


def test_a_message_is_read_sentence_by_sentence_only_when_it_holds_several():
    assert sentences_in("How long does it take? Can my wife drive home?") == [
        "How long does it take?",
        "Can my wife drive home?",
    ]
    assert sentences_in("Thank you!my knee is hot") == ["Thank you!", "my knee is hot"]
    assert sentences_in("I sit at a desk.\nCan I work") == ["I sit at a desk.", "Can I work"]
    assert sentences_in("does it hurt, and do you take my plan?") == ["does it hurt,", "and do you take my plan?"]
    assert sentences_in("salt and pepper") == []
    assert sentences_in("really??") == []
    assert sentences_in("it takes 2.5 hours") == []


def test_every_word_of_a_long_letter_is_in_one_of_its_stretches():
    letter = " ".join(f"Sentence number {number}." for number in range(100))
    stretches = sentences_in(letter)
    assert len(stretches) <= MAX_SENTENCES
    assert " ".join(stretches) == letter


@pytest.mark.parametrize("text", ["will it hurt", "How long?", "so how long is it", "it hurts?", "tell me about Pat"])
def test_a_question_is_known_by_its_mark_or_its_beginning(text):
    assert asks(text)


@pytest.mark.parametrize("text", ["I sit at a desk.", "thank you", "my knee hurts", "i am 68", "hi"])
def test_a_statement_asks_nothing(text):
    assert not asks(text)


def test_fragments_refer_back_and_whole_questions_do_not():
    assert refers_back("and how many days of that")
    assert refers_back("sundays then?")
    assert not refers_back("who gives the numbing medicine before the needle")


def test_a_fragment_leans_on_the_sentence_before_and_a_question_of_its_own_does_not():
    assert leans("a week?") and leans("and how many days does it stay?")
    assert not leans("and do you take my plan?")


def test_a_message_is_read_after_the_one_before_it():
    assert after("I take warfarin.", "is that a problem?") == "I take warfarin. is that a problem?"
    assert after("", "is that a problem?") == "is that a problem?"


def test_neighbouring_sentences_are_read_together_too():
    assert runs_of(2) == []  # the message itself
    assert runs_of(3) == [range(0, 2), range(1, 3)]
    assert runs_of(4) == [range(0, 2), range(1, 3), range(2, 4), range(0, 3), range(1, 4)]


def test_what_ties_a_sentence_to_the_one_before_is_no_part_of_its_question():
    assert bare("and does it hurt?") == bare("but also, does it hurt?") == "does it hurt?"
    assert bare("so what") == "so what" and bare("sober people only") == "sober people only"


def test_a_full_stop_at_the_end_does_not_matter():
    assert trimmed("I fell. ") == trimmed("I fell") == "I fell"
    assert trimmed("...") == "..." and trimmed("why?") == "why?"
