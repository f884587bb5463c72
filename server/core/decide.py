"""The decision, pure: what was found about a message becomes the one reply to it. Gate first, then retrieval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.labels import Label
from kb.policy import FixedReplies, FixedText
from kb.sites import Site
from server.core.findings import NOTHING_FOUND, Finding, judge, read_gate
from server.core.reply import MAX_QUOTES, Candidate, Quote, Reply, Suggestion, Trace
from server.core.rules import RuleMatch

MAX_CANDIDATES = 10
MAX_SUGGESTIONS = 3
# A heading is offered when its passage scores at least this share of the threshold.
SUGGESTION_SHARE = 0.25
_QUESTION = re.compile(r"[^.!?\n]*\?")
_REFERS_BACK = re.compile(
    r"^(?:and|so|but|or|what about|how about|like|then|ok|okay|no|oh)\b|"
    r"\b(?:that|those|them|these|it|one of those|then|else|instead|mine|this|so)\b",
    re.IGNORECASE,
)
NEAR_ENOUGH = 3  # passages a message alone must rank this high for the message before to point at one of them
_SHORT = 4  # words: too few to stand alone


@dataclass(frozen=True, slots=True)
class Found:
    """A passage retrieval found: its score, and the quote it would give."""

    score: float
    quote: Quote
    heading: str
    needs_note: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What was found about one question of a message: the gate's chance of each label, and passages best first."""

    gate: Mapping[str, float]
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything found about a message.

    whole: the message itself. parts: each of its questions, when there are several. joined: the message after the
    earlier one, when it refers back to it. `foreign`: it is mostly not English.
    """

    rules: tuple[RuleMatch, ...]
    foreign: bool
    whole: Part
    parts: tuple[Part, ...] = ()
    joined: Part | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """What a reply is worded with: the policy's fixed texts, the site's names, the visitor's language, the build."""

    replies: FixedReplies
    site: Site
    language: str
    build: str

    def say(self, text: FixedText) -> str:
        return self.site.fill(text.es if self.language == "es" else text.en)


def questions_in(text: str) -> list[str]:
    """The questions of a message that holds several; none when it holds only one."""
    found = [one.strip() for one in _QUESTION.findall(text) if len(one.split()) >= 3]
    return found if len(found) > 1 else []


def refers_back(text: str) -> bool:
    """Whether a message needs the one before it to be understood."""
    return len(text.split()) <= _SHORT or bool(_REFERS_BACK.search(text.strip()))


def decide(evidence: Evidence, threshold: float, speech: Speech) -> Reply:
    """The reply to a message. Retrieval speaks only when the gate reads every part as a question that may be answered."""
    findings = [Finding(match.label, match.rule_id) for match in evidence.rules if match.label is not Label.SMALLTALK]
    findings += [Finding(Label.OTHER_LANGUAGE, "language")] if evidence.foreign else []
    findings += _gate_findings(evidence, threshold)
    return word_reply(judge(findings), evidence, threshold, speech)


def _gate_findings(evidence: Evidence, threshold: float) -> list[Finding]:
    """What gate and retrieval say of the message, of each of its questions, and of it after the message before."""
    reading = read_gate(evidence.whole.gate)
    findings = [] if reading is Label.ANSWER else [Finding(reading, "gate")]
    if evidence.joined is not None and read_gate(evidence.joined.gate) is Label.CLINICAL:
        findings.append(Finding(Label.CLINICAL, "gate, with the message before"))
    if reading is not Label.ANSWER:
        return findings
    if evidence.parts:
        return [*findings, _all_parts_answered(evidence.parts, threshold)]
    return [*findings, _answered(_deciding(evidence, threshold), threshold)]


def _deciding(evidence: Evidence, threshold: float) -> Part:
    """What retrieval is judged by: the message itself, or, when that finds nothing, it after the message before.

    The earlier message may only help to choose among the passages nearest to this one: else its own answer would be
    quoted again to a new question.
    """
    whole, joined = evidence.whole, evidence.joined
    if joined is None or not joined.found or (whole.found and whole.found[0].score >= threshold):
        return whole
    near = {one.quote.passage_id for one in whole.found[:NEAR_ENOUGH]}
    return joined if joined.found[0].quote.passage_id in near else whole


def _answered(part: Part, threshold: float) -> Finding:
    best = part.found[0] if part.found else None
    if best is None or best.score < threshold:
        return NOTHING_FOUND
    return Finding(Label.ANSWER, best.quote.passage_id, (best.quote,))


def _all_parts_answered(parts: Sequence[Part], threshold: float) -> Finding:
    """Quotes for every question of a message, or nothing: one part that is not covered leaves the whole uncovered."""
    answers = [_answered(part, threshold) for part in parts]
    gated = [Finding(read_gate(part.gate), "gate, one question") for part in parts]
    worst = judge([*answers, *(one for one in gated if one.label is not Label.SMALLTALK)])
    if worst.label is not Label.ANSWER:
        return Finding(worst.label, worst.reason)
    quotes = {answer.quotes[0].passage_id: answer.quotes[0] for answer in answers}
    if len(quotes) > MAX_QUOTES:
        return NOTHING_FOUND
    return Finding(Label.ANSWER, "every question", tuple(quotes.values()))


def word_reply(finding: Finding, evidence: Evidence, threshold: float | None, speech: Speech) -> Reply:
    """Word the reply a finding asks for."""
    label, replies = finding.label, speech.replies
    message, sent_line = _texts(label, evidence, speech)
    found = {
        one.quote.passage_id: one
        for part in (evidence.whole, *evidence.parts, evidence.joined)
        if part
        for one in part.found
    }
    noted = any(found[one.passage_id].needs_note for one in finding.quotes)
    return Reply(
        label=label,
        message=message,
        sent_line=sent_line,
        build=speech.build,
        note=speech.say(replies.standing_note) if noted else None,
        quotes=finding.quotes,
        suggestions=_suggestions(evidence, threshold) if label is Label.OUT_OF_KB and threshold is not None else (),
        trace=Trace(
            rules=tuple(dict.fromkeys([*(match.rule_id for match in evidence.rules), finding.reason])),
            gate=evidence.whole.gate,
            candidates=tuple(
                Candidate(one.quote.passage_id, one.quote.faq, one.score)
                for one in _deciding(evidence, threshold or 0.0).found[:MAX_CANDIDATES]
            ),
            threshold=threshold,
        ),
    )


def _texts(label: Label, evidence: Evidence, speech: Speech) -> tuple[str, str]:
    """The fixed text of a label, and the line added once its handover is stored."""
    replies = speech.replies
    if label is Label.EMERGENCY:
        both = evidence.foreign and speech.language != "es"
        message = f"{replies.emergency.en}\n\n{replies.emergency.es}" if both else speech.say(replies.emergency)
        return message, speech.say(replies.emergency_sent)
    if label is Label.SMALLTALK:
        thanked = any(match.rule_id == "thanks" for match in evidence.rules)
        return speech.say(replies.thanks if thanked else replies.greeting), ""
    if label is Label.ANSWER:
        return speech.say(replies.answer_line), ""
    if label is Label.OTHER_LANGUAGE:
        return replies.other_language.en, ""
    texts = {Label.CLINICAL: replies.clinical, Label.HUMAN: replies.human, Label.OUT_OF_KB: replies.outside}
    return speech.say(texts[label]), speech.say(replies.sent)


def _suggestions(evidence: Evidence, threshold: float) -> tuple[Suggestion, ...]:
    near = [
        one for one in _deciding(evidence, threshold).found if one.score >= threshold * SUGGESTION_SHARE and one.heading
    ]
    by_heading = {one.heading: Suggestion(one.quote.passage_id, one.heading) for one in reversed(near)}
    return tuple(by_heading[heading] for heading in dict.fromkeys(one.heading for one in near))[:MAX_SUGGESTIONS]
