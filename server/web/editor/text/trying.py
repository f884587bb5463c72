"""Tries a question as a visitor would ask it, and says in plain words why the reply is what it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from kb.content import Content
from kb.editing import EditRefused, replace_text, set_dates, set_tags
from kb.errors import AdvocateError
from kb.labels import Label
from kb.pages import Page
from server.answers.assistant import MAX_CHARS
from server.core.reasons import Reason
from server.core.reply import Reply
from server.storage import Author, Event, Kind
from server.web.editor.reading import SiteText, Visit
from server.web.editor.screens import TraceRow, TriedView, TryView
from server.web.editor.terms import TAGS
from server.web.words.lines import lines_of
from server.web.words.moments import date_in_words
from server.web.words.site import site_texts
from server.web.words.wording import listed, matched_words, shortened

DRAFT, LIVE = "draft", "live"

MEANINGS = {
    Label.EMERGENCY: "It may be an emergency: the visitor is told at once to call 911 or 988, and all staff are alerted.",
    Label.OTHER_LANGUAGE: "It is mostly not in English, so a person reads it.",
    Label.CLINICAL: "It asks about someone’s own health. Only a person may answer that, whatever the page says.",
    Label.HUMAN: "It asks for a person.",
    Label.OUT_OF_KB: "Nothing on the page answers it surely enough, so a person gets it.",
    Label.ANSWER: "The page answers it, and it may be answered: it asks for no judgement about anyone’s health.",
    Label.SMALLTALK: "It is small talk. The assistant answers with a fixed line.",
}
LABELS = {
    Label.EMERGENCY: "Emergency",
    Label.OTHER_LANGUAGE: "Other language",
    Label.CLINICAL: "Someone’s own health",
    Label.HUMAN: "Asks for a person",
    Label.OUT_OF_KB: "Not on the page",
    Label.ANSWER: "May be answered",
    Label.SMALLTALK: "Small talk",
}

NOTED = "The passage is about side effects or the time after, so the safety note is shown with it."


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Words that stand in an open form and are not saved: of a passage, its tags and days chosen there."""

    passage_id: str
    text: str
    tags: frozenset[str]
    effective: str = ""
    expires: str = ""

    def into(self, content: Content) -> Content:
        """The content as if they were saved. Raises EditRefused."""
        pages = [self._page(page) for page in content.pages]
        return replace(content, pages=tuple(pages))

    def _page(self, page: Page) -> Page:
        found = next((one for one in page.passages if one.passage_id == self.passage_id), None)
        if found is None:
            return page
        kept = found.tags - TAGS.keys()
        edited = set_tags(replace_text(page, self.passage_id, self.text), self.passage_id, kept | self.tags)
        days = day_of(self.effective), day_of(self.expires)
        return set_dates(edited, self.passage_id, effective=days[0], expires=days[1])


@dataclass(frozen=True, slots=True)
class TryOut:
    """A question to try, against the text as it stands, saved or not, or what is live."""

    question: str = ""
    against: str = ""
    unsaved: Unsaved | None = None
    day: str = ""  # ISO, on which it is asked of the text; empty: today


def day_of(typed: str) -> date | None:
    """The day that was typed, if one was. Raises EditRefused."""
    try:
        return date.fromisoformat(typed.strip()) if typed.strip() else None
    except ValueError:
        raise EditRefused("Give the date as year, month and day, such as 2026-01-31.") from None


async def try_view(visit: Visit, text: SiteText, try_out: TryOut, *, action: str) -> TryView:
    """The form, and the reply if a question was tried."""
    has_live = text.current is not None
    against = LIVE if try_out.against == LIVE else DRAFT
    problem, tried = "", None
    if try_out.question:
        problem = _problem(try_out.question, has_it=against == DRAFT or has_live)
    if try_out.question and not problem:
        try:
            tried = _tried(visit, text, try_out, await _reply(visit, try_out, against), against)
        except AdvocateError as error:
            problem = f"Your text could not be asked: {error}"
    return TryView(
        action=action,
        question=try_out.question,
        against=against,
        has_live=has_live,
        day=try_out.day,
        problem=problem,
        tried=tried,
    )


async def _reply(visit: Visit, try_out: TryOut, against: str) -> Reply:
    if against == LIVE:
        return await visit.parts.assistants.reply(visit.name, try_out.question)
    day = day_of(try_out.day)
    if try_out.unsaved is None:
        return await visit.editing.trying.reply(visit.name, try_out.question, day=day)
    return await visit.editing.trying.reply(visit.name, try_out.question, unsaved=try_out.unsaved.into, day=day)


def _problem(question: str, *, has_it: bool) -> str:
    if not question.strip():
        return "Type a question first."
    if len(question) > MAX_CHARS:
        return f"A question has at most {MAX_CHARS:,} characters."
    return "" if has_it else "Nothing is live yet. Publish first."


def _source_words(try_out: TryOut, against: str) -> str:
    if against == LIVE:
        return "what is live now"
    words = "your text, with the words that are not saved yet" if try_out.unsaved else "your text as it is saved"
    day = day_of(try_out.day)
    return f"{words}, on {date_in_words(day.isoformat(), 'en')}" if day else words


def _tried(visit: Visit, text: SiteText, try_out: TryOut, reply: Reply, against: str) -> TriedView:
    texts = site_texts(visit.site, "en")
    now = datetime.now(UTC)
    events = (
        Event(1, Kind.MESSAGE, Author.VISITOR, {"text": try_out.question}, now),
        Event(2, Kind.QUOTE if reply.quotes else Kind.MESSAGE, Author.ASSISTANT, {}, now, reply),
    )
    trace = reply.trace
    rules = {rule.id for rule in visit.parts.assistants.policy.rules.rules}
    return TriedView(
        lines=lines_of(events, texts, visit.site.advocate),
        texts=texts,
        passed_on=reply.sent_line if reply.needs_handover else "",
        why=why(reply, text, rules),
        against=_source_words(try_out, against),
        rows=tuple(_row(text, one.passage_id, one.score) for one in trace.candidates),
        bar="" if trace.threshold is None else f"{trace.threshold:.0%}",
        gate=tuple(
            (LABELS[Label(label)], f"{score:.0%}")
            for label, score in sorted(trace.gate.items(), key=lambda one: -one[1])
        ),
        matched=matched_words([one for one in trace.rules if one in rules], rules),
    )


def why(reply: Reply, text: SiteText, known: Collection[str]) -> tuple[str, ...]:
    """What was decided, by what, and what that means for the visitor. `known` holds the ids of the policy's rules."""
    if reply.label is Label.ANSWER:
        headings = dict.fromkeys(one.source.heading or one.source.title for one in reply.quotes)
        closest = f"Closest passage: {listed([f'“{one}”' for one in headings])}."
        return (MEANINGS[reply.label], closest, *((NOTED,) if reply.note else ()))
    matched = matched_words((one for one in reply.trace.rules if one != Reason.UNCOVERED), known)
    decided = (f"What decided: {listed([f'“{one}”' for one in matched])}.",) if matched else ()
    return (MEANINGS[reply.label], *decided, *_missed(reply, text))


def _missed(reply: Reply, text: SiteText) -> tuple[str, ...]:
    """What came closest, where nothing came close enough."""
    if not reply.trace.candidates or Reason.UNCOVERED not in reply.trace.rules:
        return ()
    name = _name(text, reply.trace.candidates[0].passage_id)
    return (f"The closest passage was “{name}”, but it was not close enough.",)


def _row(text: SiteText, passage_id: str, score: float) -> TraceRow:
    place = text.place(passage_id)
    words = shortened(place[0].text_of(place[1])) if place else ""
    return TraceRow(_name(text, passage_id), words, f"{score:.0%}")


def _name(text: SiteText, passage_id: str) -> str:
    place = text.place(passage_id)
    if place is None:
        return passage_id
    return place[1].heading[-1] if place[1].heading else place[0].title
