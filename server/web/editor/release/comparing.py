"""What visitors will read differently, in the editor's words: for each kind of change, before and after side by side."""

from __future__ import annotations

from collections.abc import Mapping

from server.core.editing.differences import Difference, Turn
from server.core.reply import Reply
from server.editing import Comparison
from server.web.editor.release.release_screens import ComparedView, DifferenceView, Read
from server.web.editor.text.changes import Piece, marked_words, near_changes
from server.web.editor.text.trying import LABELS
from server.web.words.wording import counted

SHOWN_QUESTIONS = 5  # of those that read the same; the others stand behind a click
QUOTED = "A quote from your page"
SHOWN = 200  # differences
TURNS: Mapping[Turn, tuple[str, str]] = {
    Turn.ANSWERED: ("Now answered", "accent diamond"),
    Turn.HANDED_OVER: ("No longer answered", "warning square"),
    Turn.CHANGED: ("Reads differently", "accent diamond"),
    Turn.OTHERWISE: ("Told otherwise", "ring"),
}


def compared_view(comparison: Comparison | None, *, is_first: bool) -> ComparedView | None:
    """What stands under "What visitors will read differently"; None where there is nothing to compare."""
    if comparison is None or is_first:
        return None
    shown = tuple(map(_difference, comparison.found[:SHOWN]))
    asked = counted(comparison.total, "question was asked", "questions were asked")
    read = counted(sum(len(one.asked) for one in comparison.found), "of them reads", "of them read")
    words = (
        f"{asked} of the live text and of yours. {read} differently."
        if shown
        else f"{asked}. All of them read as before."
    )
    percent = round(100 * comparison.done / comparison.total) if comparison.total else 0
    return ComparedView(
        is_done=comparison.is_done and not comparison.problem,
        percent=percent,
        progress=f"{comparison.done:,} of {comparison.total:,} asked" if comparison.total else "Getting ready",
        words=words,
        problem=comparison.problem,
        is_stopped=comparison.is_stopped,
        differences=shown,
        more=max(0, len(comparison.found) - SHOWN),
    )


def _difference(one: Difference) -> DifferenceView:
    word, look = TURNS[one.turn]
    asked = tuple(dict.fromkeys(f"{asked.text}" for asked in one.asked))
    return DifferenceView(
        word=word,
        look=look,
        count=counted(len(asked), "question", "questions"),
        asked=asked[:SHOWN_QUESTIONS],
        others=asked[SHOWN_QUESTIONS:],
        before=_read(one.before, one.after, is_after=False),
        after=_read(one.after, one.before, is_after=True),
    )


def _read(reply: Reply, other: Reply, *, is_after: bool) -> Read:
    """A reply as it reads, with the words marked that the other one does not have."""
    if not reply.quotes:
        offered = tuple(one.words for one in reply.suggestions)
        return Read(LABELS[reply.label], (Piece("same", reply.message),), offered=offered)
    words, others = (" ¶ ".join(quote.text for quote in one.quotes) for one in (reply, other))
    if not other.quotes:
        return Read(QUOTED, (Piece("same", words),), note=reply.note is not None)
    before, after = (others, words) if is_after else (words, others)
    kept = "new" if is_after else "gone"
    pieces = tuple(one for one in marked_words(before, after) if one.kind in {"same", kept})
    return Read(QUOTED, near_changes(pieces), note=reply.note is not None)
