import pytest

from kb.content import Phrasing
from kb.editing import EditRefused, remove_passage, replace_text, set_tags
from kb.shaping.markdown import load_page
from kb.sites import SITES
from server.core.editing.edits import MAX_PHRASING, is_same_passage, with_phrasing

PAGE = load_page(SITES / "kneecare" / "pages" / "trigger-point-injections.md")
FIRST, SECOND = (one.passage_id for one in PAGE.passages[:2])
HURTS = Phrasing("Does it hurt?", FIRST)


def place_of(passage_id: str) -> str:
    return f"the place of {passage_id}"


def test_a_passage_is_the_same_whatever_happened_to_the_others():
    assert is_same_passage(PAGE, replace_text(PAGE, SECOND, "Other words."), FIRST)
    assert is_same_passage(PAGE, remove_passage(PAGE, SECOND), FIRST)


def test_a_passage_with_other_words_or_tags_or_gone_is_not_the_same():
    for latest in (
        replace_text(PAGE, FIRST, "Other words."),
        set_tags(PAGE, FIRST, {"risk", "aftercare"}),
        remove_passage(PAGE, FIRST),
    ):
        assert not is_same_passage(PAGE, latest, FIRST)


def test_a_phrasing_is_added_last_without_the_spaces_around_and_between():
    added = with_phrasing([HURTS], Phrasing("  is it \n painful ", SECOND, "Yes."), place_of=place_of)
    assert added == [HURTS, Phrasing("is it painful", SECOND, "Yes.")]


@pytest.mark.parametrize(
    ("text", "passage_id", "words"),
    [
        (" ", SECOND, "Type how a visitor might ask it"),
        ("x" * (MAX_PHRASING + 1), SECOND, f"this one has {MAX_PHRASING + 1}"),
        ("does it HURT?", FIRST, "“Does it hurt?” is in this list already"),
        ("does it HURT?", SECOND, f"leads to “the place of {FIRST}” already"),
    ],
)
def test_a_phrasing_that_says_nothing_or_leads_somewhere_already_is_refused(text, passage_id, words):
    with pytest.raises(EditRefused, match=words.replace("?", r"\?")):
        with_phrasing([HURTS], Phrasing(text, passage_id), place_of=place_of)
