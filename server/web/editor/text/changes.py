"""What changed between two versions of a site's text, passage by passage, with the changed words marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter

from kb.content import Phrasing
from kb.pages import NOTED_TAGS, Page, Passage
from kb.reading.sentences import sentence_spans
from kb.shaping.blocks import suggest_tags
from server.web.editor.terms import days_words
from server.web.words.moments import date_in_words

NEAR_CHARS = 240  # of the same words in a row: more are cut to the sentences next to a change
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
NOTE_ADDED = "The safety note is now shown with it"
NOTE_DROPPED = "The safety note is no longer shown with it"
NOTE_LACKING = "Its words may be about side effects or the time after, but no safety note is shown with it"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: same, new or gone; or "cut", where some that is the same is left out."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One passage that visitors will read differently. `before` and `after` are empty where it was not, or is no longer."""

    passage_id: str
    heading: str
    kind: str  # changed | added | removed
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    details: tuple[str, ...] = ()

    @property
    def has_new_words(self) -> bool:
        return any(piece.kind != "same" for piece in (*self.before, *self.after))


def marked_words(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts in one, words that went and came marked. The pieces that are not "gone" are `after`, byte for byte."""
    return tuple(_pieces(_WORDS.findall(before), _WORDS.findall(after)))


def changes_between(before: Sequence[Page], after: Sequence[Page]) -> tuple[Change, ...]:
    """Every passage that differs, in the order of the text as it now is; those removed come last."""
    old = {one.passage_id: (page, one) for page in before for one in page.passages}
    found = []
    for page in after:
        for passage in page.passages:
            change = change_of(old.pop(passage.passage_id, None), (page, passage))
            found += [change] if change else []
    return (*found, *(_removed(page, passage) for page, passage in old.values()))


def change_of(old: tuple[Page, Passage] | None, new: tuple[Page, Passage]) -> Change | None:
    """How a passage differs from what it was; None when a visitor would see no difference."""
    page, passage = new
    text = page.text_of(passage)
    if old is None:
        notes = [NOTE_ADDED] if passage.needs_note else [NOTE_LACKING] if lacks_note(page, passage) else []
        notes += [f"It is {days_words(passage)}"] if passage.effective or passage.expires else []
        return Change(passage.passage_id, heading_of(page, passage), "added", (), (Piece("new", text),), tuple(notes))
    was = old[0].text_of(old[1])
    details = tuple(_details(old, new))
    if was == text and not details:
        return None
    pieces = marked_words(was, text)
    return Change(
        passage_id=passage.passage_id,
        heading=heading_of(page, passage),
        kind="changed",
        before=tuple(one for one in pieces if one.kind != "new"),
        after=tuple(one for one in pieces if one.kind != "gone"),
        details=details,
    )


def shortened_change(change: Change) -> Change:
    """The change with its sentences and those next to them alone: in a long block nobody finds the one word."""
    if change.kind != "changed":
        return change
    return replace(change, before=near_changes(change.before), after=near_changes(change.after))


def near_changes(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces with what lies far from any change cut out: of a long stretch that is the same, the sentences next to a
    change stay, and a "cut" piece stands for the others."""
    last = len(pieces) - 1
    near: list[Piece] = []
    for at, one in enumerate(pieces):
        if one.kind != "same" or len(one.text) <= NEAR_CHARS or last == 0:
            near.append(one)
            continue
        spans = sentence_spans(one.text)
        first = one.text[: spans[0][1]] if at > 0 and spans else ""
        end = one.text[spans[-1][0] :] if at < last and spans else ""
        if len(first) + len(end) >= len(one.text):
            near.append(one)
        else:
            near += [
                part
                for part in (Piece("same", first), Piece("cut", ""), Piece("same", end))
                if part.text or part.kind == "cut"
            ]
    return tuple(near)


def page_details(before: Sequence[Page], after: Sequence[Page]) -> tuple[str, ...]:
    """What changed about whole pages: review dates, who looks after them, titles, addresses, pages that came or went."""
    old = {page.page_id: page for page in before}
    lines = []
    for page in after:
        was = old.pop(page.page_id, None)
        if was is None:
            lines.append(f"“{page.title}” is a new page.")
            continue
        if was.title != page.title:
            lines.append(f"“{was.title}” is now called “{page.title}”.")
        if was.url != page.url:
            lines.append(f"“{page.title}” has a new address: {page.url}.")
        if was.reviewed != page.reviewed:
            day = f"reviewed on {date_in_words(page.reviewed, 'en')}" if page.reviewed else "not yet reviewed"
            lines.append(f"“{page.title}” is now marked as {day}.")
        if was.owner != page.owner:
            who = f"is now looked after by {page.owner}" if page.owner else "is looked after by nobody now"
            lines.append(f"“{page.title}” {who}.")
    return (*lines, *(f"The page “{page.title}” is gone." for page in old.values()))


def phrasing_changes(
    before: Iterable[Phrasing], after: Iterable[Phrasing], *, gone: Collection[str] = ()
) -> tuple[tuple[Phrasing, ...], tuple[Phrasing, ...]]:
    """The phrasings that came, and those that went; without those of the passages in `gone`, which went with them."""
    old, new = Counter(one for one in before if one.passage_id not in gone), Counter(after)
    return tuple(new - old), tuple(old - new)


def lacks_note(page: Page, passage: Passage) -> bool:
    """Whether an importer would have tagged these words for the safety note, and nobody has."""
    return not passage.needs_note and bool(suggest_tags(page.text_of(passage), passage.question) & NOTED_TAGS)


def heading_of(page: Page, passage: Passage) -> str:
    """Where a passage stands, in words."""
    return passage.heading_path or page.title


def _details(old: tuple[Page, Passage], new: tuple[Page, Passage]) -> Iterator[str]:
    was, now = old[1], new[1]
    if now.needs_note and not was.needs_note:
        yield NOTE_ADDED
    if was.needs_note and not now.needs_note:
        yield NOTE_DROPPED
    if lacks_note(*new) and old[0].text_of(was) != new[0].text_of(now):
        yield NOTE_LACKING
    if (was.effective, was.expires) != (now.effective, now.expires):
        yield f"It is now {days_words(now)}; before, {days_words(was)}"
    if heading_of(*old) != heading_of(*new):
        yield f"It stood under “{heading_of(*old)}” before"


def _removed(page: Page, passage: Passage) -> Change:
    pieces = (Piece("gone", page.text_of(passage)),)
    return Change(
        passage.passage_id,
        heading_of(page, passage),
        "removed",
        pieces,
        (),
        ("It is not quoted any more, however a visitor asks",),
    )


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    """What was said and what is, in turn. A space between two changed words counts as changed, so that marks stay whole."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    runs = [(kind == "equal", "".join(before[a:b]), "".join(after[c:d])) for kind, a, b, c, d in blocks]
    last = len(runs) - 1
    spans = [
        (is_same and not (0 < at < last and gone == " "), gone, new) for at, (is_same, gone, new) in enumerate(runs)
    ]
    for is_same, group in groupby(spans, key=itemgetter(0)):
        members = list(group)
        gone, new = "".join(one[1] for one in members), "".join(one[2] for one in members)
        found = [Piece("same", new)] if is_same else [Piece("gone", gone), Piece("new", new)]
        yield from (piece for piece in found if piece.text)
