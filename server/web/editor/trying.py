"""Tries a question as a visitor would ask it, and says in plain words why the reply is what it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from kb.errors import AdvocateError
from kb.labels import Label
from server.assistant import MAX_CHARS
from server.core.reasons import Reason
from server.core.reply import Reply
from server.storage import Author, Event, Kind
from server.web.editor.reading import SiteText, Visit
from server.web.editor.screens import TraceRow, TriedView, TryView
from server.web.words.lines import lines_of
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
class TryOut:
    """A question to try, against the draft or what is live."""

    question: str = ""
    against: str = ""


async def try_view(visit: Visit, text: SiteText, try_out: TryOut, *, action: str) -> TryView:
    """The form, and the reply if a question was try_out."""
    has_live, has_draft = text.current is not None, text.draft is not None
    against = try_out.against if try_out.against in {DRAFT, LIVE} else (DRAFT if has_draft else LIVE)
    problem, tried = "", None
    if try_out.question:
        problem = _problem(try_out.question, has_it=has_draft if against == DRAFT else has_live, against=against)
    if try_out.question and not problem:
        try:
            tried = _tried(visit, text, try_out.question, await _reply(visit, text, try_out.question, against), against)
        except AdvocateError as error:
            problem = f"The draft could not be asked: {error}"
    return TryView(
        action=action,
        question=try_out.question,
        against=against,
        has_draft=has_draft,
        has_live=has_live,
        draft_hint=_draft_hint(text),
        problem=problem,
        tried=tried,
    )


async def _reply(visit: Visit, text: SiteText, question: str, against: str) -> Reply:
    assistants = visit.parts.assistants
    if against == DRAFT and text.draft is not None:
        return await assistants.reply_from(visit.publisher.builds(visit.name).path(text.draft.build), question)
    return await assistants.reply(visit.name, question)


def _problem(question: str, *, has_it: bool, against: str) -> str:
    if not question.strip():
        return "Type a question first."
    if len(question) > MAX_CHARS:
        return f"A question has at most {MAX_CHARS:,} characters."
    if not has_it:
        return "There is no draft to ask. Rebuild first." if against == DRAFT else "Nothing is live yet. Publish first."
    return ""


def _draft_hint(text: SiteText) -> str:
    if text.draft is not None:
        return ""
    if text.is_live:
        return "Your text and what is live are the same."
    return "Rebuild first, so that your latest changes can be tried."


def _tried(visit: Visit, text: SiteText, question: str, reply: Reply, against: str) -> TriedView:
    texts = site_texts(visit.site, "en")
    now = datetime.now(UTC)
    events = (
        Event(1, Kind.MESSAGE, Author.VISITOR, {"text": question}, now),
        Event(2, Kind.QUOTE if reply.quotes else Kind.MESSAGE, Author.ASSISTANT, {}, now, reply),
    )
    trace = reply.trace
    return TriedView(
        lines=lines_of(events, texts),
        texts=texts,
        passed_on=reply.sent_line if reply.needs_handover else "",
        why=why(reply, text, {rule.id for rule in visit.parts.assistants.policy.rules.rules}),
        against="your draft" if against == DRAFT else "what is live now",
        rows=tuple(_row(text, one.passage_id, one.score) for one in trace.candidates),
        bar="" if trace.threshold is None else f"{trace.threshold:.2f}",
        gate=tuple(
            (LABELS[Label(label)], f"{score:.2f}")
            for label, score in sorted(trace.gate.items(), key=lambda one: -one[1])
        ),
        rules=trace.rules,
        build=reply.build[:12],
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
    return TraceRow(_name(text, passage_id), words, f"{score:.2f}")


def _name(text: SiteText, passage_id: str) -> str:
    place = text.place(passage_id)
    if place is None:
        return passage_id
    return place[1].heading[-1] if place[1].heading else place[0].title
