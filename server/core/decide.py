"""The decision, pure: what was found about a message becomes the one reply to it. Gate first, then retrieval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.labels import Label
from kb.policy import FixedReplies, FixedText
from kb.sites import Site
from server.core.findings import (
    BARS,
    CHANGED_THERE,
    NOTHING_FOUND,
    PART_BAR,
    POSSIBLE,
    URGENT_PART_BAR,
    Finding,
    chance_of_clinical,
    judge,
    read_gate,
)
from server.core.matching.rules import RuleMatch
from server.core.reasons import ByPassages, ByRule, Reason
from server.core.reply import MAX_QUOTES, Candidate, Quote, Reply, Suggestion, Trace

MAX_CANDIDATES = 10
MAX_SUGGESTIONS = 3
# A passage is offered as a button from this score on. A tap shows it as it stands, so a wrong one costs a look; without any
# the visitor is told that the page does not cover what it may well cover.
OFFERED = 0.02
NEAR_SCORE = 0.03  # how near a passage must be to a message alone for the message before to be considered
# Passages a message must rank this high for the message before to point at one of them. Chosen on the starter pack's two-turn
# examples, which teach retrieval nothing: of 290 covered ones 5 mends three that 3 hands over or misses; 8 brings wrong quotes.
NEAR_ENOUGH = 5
LIKELY = 0.5  # what a page's answer to small talk must score
# What a part may make of a whole message; that the rest is in English, or covered, it cannot know.
READ_IN_A_PART = frozenset({Label.EMERGENCY, Label.CLINICAL, Label.HUMAN})


@dataclass(frozen=True, slots=True)
class Found:
    """A passage retrieval found: its score, and the quote it would give.

    near: its score before it was read together with what was asked; question: that it answers, in the words of its FAQ or of
    what visitors ask any clinic. is_withheld: the clinic's page says something else by now, so it may not be quoted.
    """

    score: float
    quote: Quote
    heading: str
    near: float
    question: str | None = None
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What was found about a stretch of text: the gate's chance of each label, and passages best first."""

    gate: Mapping[str, float]
    found: tuple[Found, ...]
    asks: bool = True

    @property
    def score(self) -> float:
        return self.found[0].score if self.found else 0.0

    @property
    def near(self) -> float:
        return self.found[0].near if self.found else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring sentences of a message: which ones, and the gate's chance of each label for them together."""

    where: range
    gate: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything found about a message.

    whole: the message itself. sentences: each of its sentences, when there are several; runs: neighbouring ones
    together. joined: the message after the earlier one; refers_back: whether it needs that one to be found.
    foreign: it is mostly not English. settled: a person has dealt with what was said before, and this does not go on with
    it. alarmed: an earlier message held a danger sign. too_long: only stretches of it were read (`runs`), so nothing may
    be quoted to it.
    """

    rules: tuple[RuleMatch, ...]
    foreign: bool
    whole: Part
    sentences: tuple[Part, ...] = ()
    joined: Part | None = None
    runs: tuple[Run, ...] = ()
    refers_back: bool = True
    settled: bool = False
    alarmed: bool = False
    too_long: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """What a reply is worded with: the policy's fixed texts, the site's names, the visitor's language, the build."""

    replies: FixedReplies
    site: Site
    language: str
    build: str

    def say(self, text: FixedText) -> str:
        return self.site.fill(text.es if self.language == "es" else text.en)


def decide(evidence: Evidence, threshold: float, speech: Speech) -> Reply:
    """The reply to a message. Retrieval speaks only when the gate reads every part as a question that may be answered."""
    findings = [Finding(match.label, ByRule(match.rule_id)) for match in evidence.rules if _counts(match, evidence)]
    findings += [Finding(Label.OTHER_LANGUAGE, Reason.LANGUAGE)] if evidence.foreign else []
    # What was not read may be about someone's health: of two labels in doubt the higher one.
    findings += [Finding(Label.CLINICAL, Reason.TOO_LONG)] if evidence.too_long else []
    findings += _readings(evidence)
    if not findings:
        findings = [_answered(deciding_part(evidence), evidence, threshold)]
    elif {one.label for one in findings} == {Label.SMALLTALK}:
        findings += _covered_talk(evidence, threshold)
    return word_reply(judge(findings), evidence, threshold, speech)


def _readings(evidence: Evidence) -> list[Finding]:
    """What the gate reads into the message, into each part of it, and into it after the message before.

    Sentences are read by themselves and with their neighbours too, so that nothing said around a complaint can hide it.
    Nothing is found in a question that may be answered. Small talk counts only when all of the message is. What a person
    has dealt with makes no new question clinical; it still says what the question refers to (`deciding_part`).
    """
    whole = read_gate(evidence.whole.gate)
    runs = [*(Run(range(at, at + 1), one.gate) for at, one in enumerate(evidence.sentences)), *evidence.runs]
    parts = [read_gate(one.gate, _bar(one.where, evidence.sentences), URGENT_PART_BAR) for one in runs]
    findings = [Finding(one, Reason.PART) for one in parts if one in READ_IN_A_PART]
    talk = {read_gate(one.gate, PART_BAR) for one in evidence.sentences} <= {Label.SMALLTALK}
    if whole not in {Label.ANSWER, Label.SMALLTALK} or (whole is Label.SMALLTALK and talk):
        findings.append(Finding(whole, Reason.GATE))
    before = None if evidence.settled else evidence.joined
    if before is not None and chance_of_clinical(before.gate) >= PART_BAR:
        findings.append(Finding(Label.CLINICAL, Reason.AFTER_BEFORE))
    return findings


def _counts(match: RuleMatch, evidence: Evidence) -> bool:
    """Whether a rule says something of a message: a backstop does where the gate, if it read it, finds its label possible."""
    if match.label is Label.SMALLTALK:
        return False
    read = [evidence.whole.gate, *(one.gate for one in evidence.sentences), *(one.gate for one in evidence.runs)]
    chances = [one.get(Label.EMERGENCY, 0.0) for one in read if one]
    return not match.is_backstop or not chances or max(chances) >= POSSIBLE


def _bar(where: range, sentences: Sequence[Part]) -> float:
    """How clinical some sentences must be: no more than a whole message when the rest is courtesies and harmless remarks.

    So nothing that may be said around a message makes it less clinical.
    """
    rest = [one for at, one in enumerate(sentences) if at not in where]
    return PART_BAR if any(one.asks or read_gate(one.gate) in READ_IN_A_PART for one in rest) else BARS[Label.CLINICAL]


def _covered_talk(evidence: Evidence, threshold: float) -> list[Finding]:
    """What a page says of what is small talk elsewhere, such as "are you a robot?": its words outrank our reply.

    It must be as likely as not to be what was asked, and nothing in the message the least clinical.
    """
    parts = [evidence.whole, *evidence.sentences]
    found = _answered(evidence.whole, evidence, max(threshold, LIKELY))
    is_harmless = all(chance_of_clinical(one.gate) < BARS[Label.CLINICAL] for one in parts)
    return [found] if is_harmless and found.label is Label.ANSWER else []


def deciding_part(evidence: Evidence) -> Part:
    """What retrieval is judged by.

    Of several questions, the one that is least covered; otherwise the whole, but small talk around it counts for
    nothing. A message that refers back is taken together with the one before it where that scores higher. The one
    before may only help to choose among the passages nearest to the message: else the earlier answer would be quoted
    again to a new question.
    """
    core = _core(evidence)
    asked = [one for one in core if one.asks]
    if len(asked) > 1:
        return min(asked, key=lambda one: one.score)
    best = core[0] if len(core) == 1 else evidence.whole
    joined = evidence.joined
    if joined is None or not evidence.refers_back or best.near < NEAR_SCORE or joined.score <= best.score:
        return best
    near = {one.quote.passage_id for one in best.found[:NEAR_ENOUGH]}
    return joined if joined.found[0].quote.passage_id in near else best


def _core(evidence: Evidence) -> list[Part]:
    """The sentences of a message that are not small talk."""
    return [one for one in evidence.sentences if read_gate(one.gate) is not Label.SMALLTALK]


def _answered(part: Part, evidence: Evidence, threshold: float) -> Finding:
    """The quotes that answer: one for each question, and nothing at all when one of them is not covered."""
    if not part.found or part.score < threshold:
        return NOTHING_FOUND
    asked = [one for one in _core(evidence) if one.asks]
    best = [one.found[0] for one in asked] if len(asked) > 1 else [part.found[0]]
    if any(one.is_withheld for one in best):
        return CHANGED_THERE
    quotes = tuple({one.quote.passage_id: one.quote for one in best}.values())
    if len(quotes) > MAX_QUOTES:
        return NOTHING_FOUND
    if evidence.alarmed and any(one.needs_note for one in quotes):
        return Finding(Label.CLINICAL, Reason.ALARMED)
    return Finding(Label.ANSWER, ByPassages(tuple(one.passage_id for one in quotes)), quotes)


def word_reply(finding: Finding, evidence: Evidence, threshold: float | None, speech: Speech) -> Reply:
    """Word the reply a finding asks for."""
    label, replies = finding.label, speech.replies
    message, sent_line = _texts(finding, evidence, speech)
    noted = any(one.needs_note for one in finding.quotes)
    return Reply(
        label=label,
        message=message,
        sent_line=sent_line,
        build=speech.build,
        note=speech.say(replies.standing_note) if noted else None,
        quotes=finding.quotes,
        suggestions=_suggestions(evidence, threshold) if finding.cause is Reason.UNCOVERED else (),
        trace=Trace(
            rules=tuple(dict.fromkeys([*(match.rule_id for match in evidence.rules), str(finding.cause)])),
            gate=evidence.whole.gate,
            candidates=tuple(
                Candidate(one.quote.passage_id, one.quote.faq, one.score)
                for one in deciding_part(evidence).found[:MAX_CANDIDATES]
            ),
            threshold=threshold,
        ),
    )


def _texts(finding: Finding, evidence: Evidence, speech: Speech) -> tuple[str, str]:
    """The fixed text of a finding, and the line added once its handover is stored."""
    label, replies = finding.label, speech.replies
    if finding == CHANGED_THERE:  # the page does cover it: nothing is said about the page
        return speech.say(replies.human), speech.say(replies.sent)
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


def _suggestions(evidence: Evidence, threshold: float | None) -> tuple[Suggestion, ...]:
    """Up to three passages to tap, best first, no two under the same words."""
    if threshold is None:
        return ()
    near = [
        one
        for one in deciding_part(evidence).found
        if one.near >= OFFERED and (one.question or one.heading) and not one.is_withheld
    ]
    by_words = {one.question or one.heading: one for one in reversed(near)}
    shown = [by_words[words] for words in dict.fromkeys(one.question or one.heading for one in near)]
    return tuple(Suggestion(one.quote.passage_id, one.heading, one.question) for one in shown[:MAX_SUGGESTIONS])
