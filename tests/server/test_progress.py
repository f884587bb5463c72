"""The bar of a build: what it says and how long it says it will take."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from server.progress import seconds_words, shown_progress, time_words


@pytest.mark.parametrize(
    ("done", "elapsed_s", "is_done", "words"),
    [
        (0, 1.0, False, "1 s so far"),  # nothing to go by yet
        (10, 2.0, False, "2 s so far"),  # too soon to tell
        (10, 5.0, False, "about 45 s left"),
        (50, 100.0, False, "about 1 min 40 s left"),
        (100, 61.0, True, "1 min 1 s"),
    ],
)
def test_a_step_says_how_long_as_soon_as_it_can_tell(done, elapsed_s, is_done, words):
    assert time_words(done, 100, elapsed_s, is_done=is_done) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")])
def test_times_are_told_in_words(seconds, words):
    assert seconds_words(seconds) == words


def test_the_bar_names_each_step_and_says_at_the_end_how_long_it_all_took():
    shown = io.StringIO()
    with shown_progress("bar", Console(file=shown, force_terminal=True, width=100)) as show:
        show("Embedding your pages", 5, 10)
        show("Teaching the gate", 0, 1)
    text = shown.getvalue()
    assert "Embedding your pages" in text and "Teaching the gate" in text
    assert "Done in 0 s." in text


def test_nothing_built_nothing_shown():
    shown = io.StringIO()
    with shown_progress("bar", Console(file=shown, force_terminal=False, width=100)):
        pass
    assert shown.getvalue().strip() == ""
