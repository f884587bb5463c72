"""An import told in lines for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kb.importing import Fate, SourceCoverage
from kb.importing.repeated import REPEATED
from kb.merging import COMPARED, Cause, Counts
from server.importing.bringing import BroughtIn, Followed, Undecided

LITTLE = 0.6  # a share below it is warned of: a page's words are mostly its own, menus and forms are few

_CAUSES = {
    Cause.BOTH: "changed here and at the source",
    Cause.VANISHED: "no longer at the source",
    Cause.REMOVED: "removed here, changed at the source",
    Cause.THERE: "changed at the source",
    Cause.ADDED: "new at the source",
}


def told(brought: BroughtIn, site: str, *, is_dry: bool = False) -> str:
    """What came in, what waits for a person and where to decide, what no passage covers and why, and what comes next."""
    imported = brought.imported
    lines = [f"{brought.page.page_id}: {_amounts(brought)}, “{brought.page.title}”", *_waiting(brought, site)]
    lines += coverage_lines(imported.coverage)
    lines += [f"merged: {imported.merged} copies"] if imported.merged else []
    lines += [f"left out: {one}" for one in imported.left_out]
    lines += [f"in no passage: {one}" for one in imported.uncovered]
    lines += [f"note: {one}" for one in imported.warnings]
    return "\n".join([*lines, _next(site, is_dry=is_dry)])


def told_site(followed: Followed, site: str, *, is_dry: bool = False) -> str:
    """Each page with how much of it can be quoted; what several pages left out or repeat is told once."""
    lines: list[str] = []
    for one in followed.pages:
        lines += [f"{one.page.page_id}: {_amounts(one)}, “{one.page.title}”, {one.page.url}", *_waiting(one, site)]
        lines += [f"  {line}" for line in coverage_lines(one.imported.coverage)]
        lines += [f"  in no passage: {text}" for text in one.imported.uncovered]
        lines += [f"  note: {text}" for text in one.imported.warnings]
    left_out = Counter(
        text for one in followed.pages for text in one.imported.left_out if not text.startswith(REPEATED)
    )
    lines += [f"left out on {number} of the pages: {text}" for text, number in left_out.items()]
    lines += [f"on {one.pages} pages, kept on “{one.kept_on}” alone: {one.text}" for one in followed.repeated]
    lines += [f"not read: {one.address} ({one.why})" for one in followed.skipped]
    return "\n".join([*lines, f"{len(followed.pages)} pages read.", _next(site, is_dry=is_dry)])


def _next(site: str, *, is_dry: bool) -> str:
    saved = f"Saved as a draft. `advocate build --site {site} --publish` makes it live."
    return "Nothing was stored: a dry run." if is_dry else saved


def coverage_lines(found: SourceCoverage) -> list[str]:
    """How much of a source can be quoted, with a warning when it is little."""
    quoted, left_out, nowhere = (found.count(one) for one in (Fate.QUOTED, Fate.LEFT_OUT, Fate.NOWHERE))
    line = f"{found.share:.0%} can be quoted: {quoted:,} characters in passages, {left_out:,} left out"
    lines = [line + (f", {nowhere:,} in no passage" if nowhere else "")]
    if found.share < LITTLE:
        lines.append(
            "WARNING: much of this source is in no passage. Look through what was left out before you publish."
        )
    return lines


def told_undecided(undecided: Sequence[Undecided]) -> str:
    """Each passage that waits, with what the source said, what it says now, and what stands here."""
    return "\n\n".join("\n".join(_told_one(one)) for one in undecided) or "Nothing waits for a decision."


def _amounts(brought: BroughtIn) -> str:
    counts = brought.merged.counts
    total = f"{len(brought.page.passages)} passages"
    return total if brought.is_new else f"{total} ({', '.join(_parts(counts)) or 'nothing of it is at the source'})"


def _parts(counts: Counts) -> Iterator[str]:
    for number, words in (
        (counts.same, "the same"),
        (counts.taken, "changed at the source and taken"),
        (counts.added, "new"),
        (counts.kept, "kept as edited here"),
    ):
        if number:
            yield f"{number} {words}"


def _waiting(brought: BroughtIn, site: str) -> list[str]:
    counts = brought.merged.counts
    if not counts.waiting:
        return []
    by_cause = [
        f"{number} {_CAUSES[cause]}"
        for cause in Cause
        if (number := getattr(counts, cause, 0)) and cause not in COMPARED
    ]
    return [
        f"{counts.waiting} for a person to decide ({', '.join(by_cause)}); until then they stay as they are here.",
        f"Decide with `advocate decide --site {site}`, or edit them at /editor/{site}/pages/{brought.page.page_id}.",
    ]


def _told_one(one: Undecided) -> Iterator[str]:
    waiting = one.waiting
    yield f"{waiting.passage_id} on “{one.page.title}”: {_CAUSES[waiting.cause]}"
    for place, wording in (("last time", waiting.last), ("source now", waiting.new), ("here", one.here)):
        words = f"{wording.question or ''} {wording.text}" if wording else "(not there)"
        yield f"  {place + ':':<12}{' '.join(words.split())}"
