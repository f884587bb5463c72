"""A page that is imported again: what the source changed, what was edited here, and what a person must decide. Pure.

Three texts are compared: what the source gave last time, what the page is now, and what the source gives today. What
changed in one place only is taken from there; what changed in both, and what the source no longer has, stays as it is
here and waits for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rapidfuzz import fuzz

from kb.editing import EditRefused, remove_passage
from kb.pages import Page, Passage
from kb.shaping.outline import Part, laid_out, parts_of, put_in

# How alike two texts are (rapidfuzz.ratio, of 100) that are one passage reworded; "after 24 hours" to "after 48 hours"
# is 93. Phrasings follow the passage, so one that only resembles another must not take its place: it is new, the other
# vanished. An answer under another question must be nearly the same.
SIMILAR = 65.0
SAME_ANSWER = 90.0


class Cause(StrEnum):
    """Why a passage waits for a person."""

    BOTH = "both"  # changed here and at the source, each in its own way
    VANISHED = "vanished"  # the source no longer has it
    REMOVED = "removed"  # removed here, changed at the source
    THERE = "there"  # changed at the source only, and seen when the two were compared
    ADDED = "added"  # new at the source, seen likewise


# What a comparison alone makes wait; an import takes it.
COMPARED = frozenset({Cause.THERE, Cause.ADDED})


@dataclass(frozen=True, slots=True)
class Wording:
    """What a passage says, and under which headings."""

    text: str
    question: str | None = None
    heading: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()

    @property
    def words(self) -> tuple[str | None, str]:
        return self.question, self.text

    @classmethod
    def of(cls, page: Page, passage: Passage) -> Wording:
        return cls(page.text_of(passage), passage.question, passage.heading, passage.tags)

    @classmethod
    def from_json(cls, body: Mapping[str, Any] | None) -> Wording | None:
        if body is None:
            return None
        return cls(body["text"], body["question"], tuple(body["heading"]), frozenset(body["tags"]))

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "question": self.question,
            "heading": list(self.heading),
            "tags": sorted(self.tags),
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """A passage that waits for a person: what the source said before, and says now. What it says here is on the page."""

    passage_id: str
    cause: Cause
    last: Wording | None
    new: Wording | None

    def as_json(self) -> dict[str, Any]:
        return {
            "passage_id": self.passage_id,
            "cause": str(self.cause),
            "last": self.last and self.last.as_json(),
            "new": self.new and self.new.as_json(),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Waiting:
        last, new = Wording.from_json(body["last"]), Wording.from_json(body["new"])
        return cls(body["passage_id"], Cause(body["cause"]), last, new)


@dataclass(frozen=True, slots=True)
class LastImport:
    """What a source last gave, under the passage ids of the page here, and what of it still waits for a person."""

    page: Page
    waiting: tuple[Waiting, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"page": self.page.as_json(), "waiting": [one.as_json() for one in self.waiting]}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> LastImport:
        """What `as_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
        return cls(Page.from_json(body["page"]), tuple(map(Waiting.from_json, body["waiting"])))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many passages went which way; those of `both`, `vanished` and `removed` wait for a person."""

    same: int = 0
    taken: int = 0  # changed at the source only
    added: int = 0  # new at the source
    kept: int = 0  # edited, added or removed here only
    both: int = 0
    vanished: int = 0
    removed: int = 0

    @property
    def waiting(self) -> int:
        return self.both + self.vanished + self.removed


@dataclass(frozen=True, slots=True)
class Merged:
    """The page with what the source changed, and what to remember for the next time."""

    page: Page
    last: LastImport
    counts: Counts


def merge(last: LastImport | None, edited: Page | None, new: Page, *, used_ids: Collection[str] = ()) -> Merged:
    """Bring today's page of a source together with the page as it was edited here.

    `last` is None when it is not known what the source gave before: what differs then waits for a person. A passage keeps
    its id while it can be recognised; `used_ids` are those of the site's other pages. The same source twice changes nothing.
    """
    known = _known(last, edited)
    read = _with_ids(new, known, set(used_ids))
    if edited is None:
        return Merged(read, LastImport(read), Counts(added=len(read.passages)))
    steps = _steps(_before(last), edited, read)
    parts = [one.part for one in steps if one.part is not None]
    origin = parts_of(edited)
    gone = _only_here(_before(last), edited, read)
    for position, _ in gone:
        parts = put_in(parts, position, origin, edited.title)
    page = laid_out(_with_details(last.page if last else None, edited, read), parts)
    was_taken = last is not None and not any(one.cause in COMPARED for one in last.waiting)
    if last is not None and was_taken and _is_same_source(last.page, read):
        page = edited
    outcomes = [*steps, *(step for _, step in gone)]
    return Merged(
        page,
        LastImport(read, tuple(one.waiting for one in outcomes if one.waiting)),
        Counts(**Counter(str(one.outcome) for one in outcomes if one.outcome)),
    )


def compare(
    last: LastImport, edited: Page, new: Page, *, used_ids: Collection[str] = (), elsewhere: Collection[str] = ()
) -> LastImport:
    """What differs between today's page of a source and the last import, all of it waiting for a person: nothing is taken.

    elsewhere: texts that the site's other pages have, which are nothing new.
    """
    read = _with_ids(new, _known(last, edited), set(used_ids))
    before, here = _before(last), {one.passage_id: Wording.of(edited, one) for one in edited.passages}
    waiting = []
    for passage in read.passages:
        one, theirs = passage.passage_id, Wording.of(read, passage)
        cause = _difference(before.get(one), here.get(one), theirs)
        if cause and not (cause is Cause.ADDED and theirs.text in elsewhere):
            waiting.append(Waiting(one, cause, before.get(one), theirs))
    given = {one.passage_id for one in read.passages}
    gone = [one for one in before if one in here and one not in given]
    waiting += [Waiting(one, Cause.VANISHED, before[one], None) for one in gone]
    return LastImport(read, tuple(waiting))


def _difference(base: Wording | None, mine: Wording | None, theirs: Wording) -> Cause | None:
    """Why a passage that the source has waits after a comparison; None where there is nothing to decide."""
    if base is None and mine is None:
        return Cause.ADDED
    outcome = _outcome(base, mine, theirs)
    if outcome == "taken":
        return Cause.THERE if mine is not None and mine.words != theirs.words else None
    return Cause(outcome) if outcome in (Cause.BOTH, Cause.REMOVED) else None


def undecided(last: LastImport, page: Page) -> tuple[Waiting, ...]:
    """What still waits for a person: an edit may have decided it meanwhile."""
    here = {one.passage_id: Wording.of(page, one) for one in page.passages}

    def waits(one: Waiting) -> bool:
        mine = here.get(one.passage_id)
        is_missing = one.cause in (Cause.REMOVED, Cause.ADDED)
        if is_missing or mine is None:
            return is_missing and mine is None
        return one.new is None or mine.words != one.new.words or mine.tags != one.new.tags

    return tuple(one for one in last.waiting if waits(one))


def settle(last: LastImport, page: Page, passage_id: str, *, take: bool) -> tuple[LastImport, Page]:
    """What a person decided about a waiting passage: take it as the source has it, or leave it as it is here.

    Raises EditRefused when it waits no longer, or when it is the page's only passage and would vanish.
    """
    decided = next((one for one in undecided(last, page) if one.passage_id == passage_id), None)
    if decided is None:
        raise EditRefused(f"{passage_id} does not wait for a decision. Someone may have decided it.")
    rest = replace(last, waiting=tuple(one for one in last.waiting if one is not decided))
    if not take:
        return rest, page
    if decided.cause is Cause.VANISHED:
        return rest, remove_passage(page, passage_id)
    origin = parts_of(last.page)
    position = next(n for n, one in enumerate(origin) if one.passage and one.passage.passage_id == passage_id)
    if decided.cause in (Cause.REMOVED, Cause.ADDED):
        return rest, laid_out(page, put_in(parts_of(page), position, origin, page.title))
    parts = [_retold(part, origin[position]) if _is(part, passage_id) else part for part in parts_of(page)]
    return rest, laid_out(page, parts)


@dataclass(frozen=True, slots=True)
class _Step:
    """What became of one part: its outcome is a name of Counts, None for what is no passage."""

    part: Part | None = None
    outcome: str | None = None
    waiting: Waiting | None = None


def _steps(before: Mapping[str, Wording], edited: Page, read: Page) -> list[_Step]:
    """The source's parts, each with the words of the side that counts; no part where it was removed here."""
    here = {one.passage_id: one for one in edited.passages}
    steps = []
    for part in parts_of(read):
        passage_id = part.passage.passage_id if part.passage else ""
        if part.passage is None or not (passage_id in before or passage_id in here):
            steps.append(_Step(part, "added" if part.passage else None))
            continue
        base, theirs = before.get(passage_id), Wording.of(read, part.passage)
        mine = Wording.of(edited, here[passage_id]) if passage_id in here else None
        outcome = _outcome(base, mine, theirs)
        waits = outcome in (Cause.BOTH, Cause.REMOVED)
        waiting = Waiting(passage_id, Cause(outcome), base, theirs) if waits else None
        joined = _joined(part, here[passage_id], mine, base, takes=outcome == "taken") if mine else None
        if joined is not None and joined.passage is not None:
            joined = replace(joined, passage=_with_days(joined.passage, here[passage_id]))
        steps.append(_Step(joined, outcome, waiting))
    return steps


def _only_here(before: Mapping[str, Wording], edited: Page, read: Page) -> list[tuple[int, _Step]]:
    """The passages that the source does not have, by their place among the parts of the page here."""
    given = {one.passage_id for one in read.passages}
    found = []
    for position, part in enumerate(parts_of(edited)):
        if part.passage is not None and (passage_id := part.passage.passage_id) not in given:
            base = before.get(passage_id)
            waiting = Waiting(passage_id, Cause.VANISHED, base, None) if base else None
            found.append((position, _Step(part, Cause.VANISHED if base else "kept", waiting)))
    return found


def _outcome(base: Wording | None, mine: Wording | None, theirs: Wording) -> str:
    """Where a passage that the source still has was changed: "same", "taken", "kept", or the cause for which it waits."""
    there = base is None or theirs.words != base.words
    if mine is None:
        return Cause.REMOVED if there else "kept"
    here = base is None or mine.words != base.words
    if mine.words == theirs.words:
        return "same"
    if here and there:
        return Cause.BOTH
    if here:
        return "kept"
    # A tag that a person took off would come back with the new words: they decide.
    is_retagged = base is not None and bool((base.tags - mine.tags) & theirs.tags)
    return Cause.BOTH if is_retagged else "taken"


def _tags(base: Wording | None, mine: Wording, theirs: frozenset[str]) -> frozenset[str]:
    """The source's tags with what a person put on and took off."""
    if base is None:
        return mine.tags
    return (theirs | (mine.tags - base.tags)) - (base.tags - mine.tags)


def _with_days(passage: Passage, here: Passage) -> Passage:
    """The passage with the days between which it holds here, where the source says none."""
    if passage.effective or passage.expires:
        return passage
    return replace(passage, effective=here.effective, expires=here.expires)


def _joined(part: Part, here: Passage, mine: Wording, base: Wording | None, *, takes: bool) -> Part:
    """The source's part, in its place and section there, with the words of one side."""
    assert part.passage is not None  # _steps() passes parts with passages only
    if takes or mine.words == (part.passage.question, part.text):
        return replace(part, passage=replace(part.passage, tags=_tags(base, mine, part.passage.tags)))
    section = part.passage.heading[:-1] if part.is_answer else part.passage.heading
    kept = replace(
        part.passage,
        kind=here.kind,
        question=mine.question,
        tags=mine.tags,
        heading=(*section, mine.question) if mine.question else section,
    )
    return replace(part, text=mine.text, passage=kept, level=(part.level or 2) if mine.question else 0)


def _retold(part: Part, source: Part) -> Part:
    """A part of the page here with the words the source gives it."""
    assert part.passage is not None and source.passage is not None  # both were found by a passage's id
    question = source.passage.question
    section = part.passage.heading[:-1] if part.is_answer else part.passage.heading
    passage = replace(
        part.passage,
        kind=source.passage.kind,
        question=question,
        tags=source.passage.tags | part.passage.tags,
        heading=(*section, question) if question else section,
    )
    return Part(source.text, level=(part.level or source.level) if question else 0, passage=passage)


def _with_details(last: Page | None, edited: Page, read: Page) -> Page:
    """The source's page with the title, address and review date of the side that changed them; here counts when both did."""

    def chosen(before: str | None, mine: str | None, theirs: str | None) -> str | None:
        return theirs if theirs and (not mine or mine == before) else mine

    return replace(
        read,
        page_id=edited.page_id,
        title=chosen(last.title if last else None, edited.title, read.title) or read.title,
        url=chosen(last.url if last else None, edited.url, read.url) or "",
        reviewed=chosen(last.reviewed if last else None, edited.reviewed, read.reviewed),
        owner=chosen(last.owner if last else None, edited.owner, read.owner) or "",
    )


def _is_same_source(last: Page, read: Page) -> bool:
    def seen(page: Page) -> tuple[Any, ...]:
        spans = [(one.start, one.end, one.question, one.kind) for one in page.passages]
        return page.text, page.title, page.url, page.headings, spans

    return seen(last) == seen(read)


def _before(last: LastImport | None) -> dict[str, Wording]:
    """What the source said when a person last agreed: for a passage that waits, the words before."""
    if last is None:
        return {}
    found: dict[str, Wording] = {one.passage_id: Wording.of(last.page, one) for one in last.page.passages}
    for one in last.waiting:
        found.pop(one.passage_id, None)
        if one.last is not None:
            found[one.passage_id] = one.last
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """A passage that the source's may be recognised as. One that was added here is so by its very words alone."""

    passage_id: str
    wording: Wording
    is_from_source: bool


def _known(last: LastImport | None, edited: Page | None) -> list[_Known]:
    found: dict[str, _Known] = {}
    if last is not None:
        for one in last.page.passages:
            found[one.passage_id] = _Known(one.passage_id, Wording.of(last.page, one), True)
        for gone in last.waiting:
            if gone.last is not None:
                found.setdefault(gone.passage_id, _Known(gone.passage_id, gone.last, True))
    if edited is not None:
        for one in edited.passages:
            found.setdefault(one.passage_id, _Known(one.passage_id, Wording.of(edited, one), last is None))
    return list(found.values())


def _with_ids(new: Page, known: Sequence[_Known], used: set[str]) -> Page:
    """The source's page under the ids that its passages have here; a new one gets an id that nothing else has."""
    said = [Wording.of(new, one) for one in new.passages]
    ids = _recognised(said, known, [one.passage_id for one in new.passages])
    used |= {one.passage_id for one in known}
    passages = []
    for number, passage in enumerate(new.passages):
        fresh = ids.get(number, passage.passage_id)
        copy = 1
        while number not in ids and fresh in used:
            copy += 1
            fresh = f"{passage.passage_id}.{copy}"
        used.add(fresh)
        passages.append(replace(passage, passage_id=fresh))
    return replace(new, passages=tuple(passages))


def _recognised(said: Sequence[Wording], known: Sequence[_Known], given: Sequence[str]) -> dict[int, str]:
    """Which known passage each of the source's is, by its number. Surer signs count first, and reading order in a tie."""
    found: dict[int, str] = {}
    left = {one.passage_id: one for one in known}

    def pair(key_of_said: Callable[[int], Any], key_of_known: Callable[[_Known], Any]) -> None:
        waiting: dict[Any, list[str]] = {}
        for one in left.values():
            if (key := key_of_known(one)) is not None:
                waiting.setdefault(key, []).append(one.passage_id)
        for number in range(len(said)):
            key = key_of_said(number) if number not in found else None
            if key is not None and waiting.get(key):
                found[number] = waiting[key].pop(0)
                left.pop(found[number])

    pair(lambda n: (said[n].words, said[n].heading), lambda one: (one.wording.words, one.wording.heading))
    pair(lambda n: said[n].words, lambda one: one.wording.words)
    pair(lambda n: _asked(said[n]), lambda one: _asked(one.wording))
    for number, one in _reworded(said, [one for one in left.values() if one.is_from_source], found, given):
        if number not in found and one in left:
            found[number] = one
            left.pop(one)
    return found


def _asked(wording: Wording) -> str | None:
    return " ".join(wording.question.split()).casefold() if wording.question else None


def _reworded(
    said: Sequence[Wording], left: Iterable[_Known], found: Mapping[int, str], given: Sequence[str]
) -> list[tuple[int, str]]:
    """Pairs that are alike enough to be one passage, most alike first; the same id or section is asked for too."""
    pairs = []
    for one in left:
        for number, wording in enumerate(said):
            is_near = given[number] == one.passage_id or _section(wording) == _section(one.wording)
            if number in found or not is_near or bool(wording.question) != bool(one.wording.question):
                continue
            least = SAME_ANSWER if wording.question else SIMILAR
            alike = fuzz.ratio(wording.text, one.wording.text, score_cutoff=least)
            if alike:
                pairs.append((-alike, number, one.passage_id))
    return [(number, passage_id) for _, number, passage_id in sorted(pairs)]


def _section(wording: Wording) -> tuple[str, ...]:
    return wording.heading[:-1] if wording.question else wording.heading


def _is(part: Part, passage_id: str) -> bool:
    return part.passage is not None and part.passage.passage_id == passage_id
