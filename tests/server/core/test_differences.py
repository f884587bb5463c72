"""What visitors will read differently, from replies in sight; and whose words about it are shown."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from kb.editing import add_paragraph, remove_passage, replace_text, set_tags
from kb.labels import Label
from kb.shaping.markdown import parse_markdown
from server.core.editing.differences import Asked, Turn, differences, risky_changes
from server.core.editing.redacting import MAX_CHARS, redacted
from server.core.reply import Quote, Reply, Source

SOURCE = Source("Knees", "/knees", "Time", None, "/knees")
OUTSIDE = Reply(Label.OUT_OF_KB, "Nothing on our page.", build="b")
CLINICAL = Reply(Label.CLINICAL, "A person answers that.", build="b")


def quoting(text: str, highlight: tuple[int, int] = (0, 1), build: str = "b") -> Reply:
    quote = Quote(text, sha256(text.encode()).hexdigest(), "p-1", None, highlight, SOURCE)
    return Reply(Label.ANSWER, "From our page:", build=build, quotes=(quote,))


def turns(*replies: tuple[Reply, Reply]) -> list[Turn]:
    return [one.turn for one in differences((Asked(str(at), ""), *pair) for at, pair in enumerate(replies))]


def test_only_what_a_visitor_reads_counts_as_different():
    assert turns((quoting("Ten minutes.", build="a"), quoting("Ten minutes.", (3, 6)))) == []
    assert turns((quoting("Ten minutes."), quoting("Ten minutes ."))) == [Turn.CHANGED]
    assert turns((quoting("Ten."), replace(quoting("Ten."), note="Call us."))) == [Turn.CHANGED]


def test_the_gravest_stand_first():
    ten, now = quoting("Ten."), quoting("Twelve.")
    found = turns((OUTSIDE, CLINICAL), (ten, now), (ten, OUTSIDE), (CLINICAL, ten), (OUTSIDE, OUTSIDE))
    assert found == [Turn.ANSWERED, Turn.HANDED_OVER, Turn.CHANGED, Turn.OTHERWISE]


def test_questions_that_read_the_same_stand_together():
    ten, now = quoting("Ten."), quoting("Twelve.")
    asked = [Asked("how long", ""), Asked("minutes?", ""), Asked("where", "")]
    [one, other] = differences([(asked[0], ten, now), (asked[1], ten, now), (asked[2], ten, OUTSIDE)])
    assert [[asked.text for asked in group.asked] for group in (one, other)] == [["where"], ["how long", "minutes?"]]


PAGE = parse_markdown(
    "# Knees\n\n## Time\n\nIt takes ten minutes.\n\n## Risks\n\nYou may bruise. Call us if it swells.\n",
    page_id="knees",
    where="here",
)


def test_a_change_of_safety_text_is_one_of_its_words_its_tags_its_place_or_that_it_comes_or_goes():
    time, risk = (one.passage_id for one in PAGE.passages)
    risky = set_tags(PAGE, risk, {"risk"})
    assert risky_changes([risky], [replace_text(risky, time, "It takes a day.")]) == ()
    assert risky_changes([risky], [replace_text(risky, risk, "Relief is immediate.")]) == (risk,)
    assert risky_changes([set_tags(PAGE, risk, ())], [risky]) == (risk,)
    assert risky_changes([risky], [set_tags(PAGE, risk, ())]) == (risk,)
    assert risky_changes([risky], [remove_passage(risky, risk)]) == (risk,)
    more, fresh = add_paragraph(risky, risk, "Bleeding is a rare complication of the injection.")
    assert more.passages[-1].needs_note and risky_changes([risky], [more]) == (fresh,)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Call me at 555-123-4567 please", "Call me at […] please"),
        ("mail ann.ruiz@example.org or see https://x.example/me", "mail […] or see […]"),
        ("my name is ann ruiz, does it hurt", "my name is […], does it hurt"),
        ("I'm Ann Ruiz. Does it hurt?", "I'm […]. Does it hurt?"),
        ("this is Bob Lee, my shot was on 3/14/2026", "this is […], my shot was on […]"),
        ("I was born March 3rd, chart 4471829", "I was born […], chart […]"),
        ("Dr. Malone said 3 shots in 6 weeks", "Dr. […] said 3 shots in 6 weeks"),
        ("i am 64, how long does it take, 8-12 minutes?", "i am 64, how long does it take, 8-12 minutes?"),
        ("I'm worried. Is this safe?", "I'm worried. Is this safe?"),
    ],
)
def test_a_visitors_words_are_shown_without_what_tells_who_they_are(typed, shown):
    assert redacted(typed) == shown


def test_a_long_message_is_shown_from_its_beginning():
    assert len(redacted("word " * 400)) <= MAX_CHARS + 2
