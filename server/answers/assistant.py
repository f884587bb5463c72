"""Answers from one build: a message is read, then decided. Deciding alerts nobody and stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from index.builds.loaded import LoadedBuild
from index.builds.withheld import Withheld
from index.encoding.encode import OnnxEncoder
from kb.labels import Label
from kb.policy import Policy
from kb.reading.language import is_foreign
from server.answers.batches import Steps
from server.answers.reading import Met, Reader
from server.core.decide import Evidence, Part, Speech, decide, word_reply
from server.core.findings import CHANGED_THERE, NOTHING_FOUND, Finding, judge
from server.core.reasons import ByPassages, ByRule
from server.core.reply import Reply

MAX_CHARS = 4000
EMPTY = Part(gate={}, found=())


class Assistant:
    """Answers from one build."""

    def __init__(self, build: LoadedBuild, encoder: OnnxEncoder) -> None:
        """Raises BuildRefused when the encoder is not the build's."""
        self.build = build
        self._reader = Reader(build, encoder)

    @property
    def policy(self) -> Policy:
        return self.build.policy

    @property
    def build_id(self) -> str:
        return self.build.build

    def day_of(self, at: datetime) -> date:
        """The day that a moment belongs to, in the clinic's zone."""
        return at.astimezone(ZoneInfo(self.build.site.zone)).date()

    def withhold(self, passages: Withheld) -> None:
        """From now on these are not quoted."""
        self._reader.withheld = passages

    def reply(
        self,
        text: str,
        history: Sequence[str] = (),
        *,
        settled: bool = False,
        language: str = "en",
        day: date | None = None,
    ) -> Reply:
        """The reply to a message, given the visitor's earlier ones, oldest first; settled: a person dealt with them all.

        day: in the clinic's zone; None: today.
        """
        return self.decide(self.evidence(text, history, settled=settled, day=day), language=language)

    def evidence(
        self, text: str, history: Sequence[str] = (), *, settled: bool = False, day: date | None = None
    ) -> Evidence:
        """Everything there is to know about a message before it is decided."""
        return self._reader.read(self._reader.meet(text, history, settled=settled, day=day))

    def meet(self, text: str, history: Sequence[str] = (), *, settled: bool = False) -> Met:
        """What the rules find in a message: quick, and without the encoder."""
        return self._reader.meet(text, history, settled=settled)

    def emergency(self, met: Met, *, with_backstop: bool = False, language: str = "en") -> Reply | None:
        """The emergency reply, where rules call for it that no gate outweighs: nothing read later could outrank it.

        with_backstop: where any rule calls for it, as it must do when the gate cannot be asked in time.
        """
        counting = (one for one in met.matches if with_backstop or not one.is_backstop)
        finding = judge(Finding(one.label, ByRule(one.rule_id)) for one in counting)
        if finding.label is not Label.EMERGENCY:
            return None
        return word_reply(finding, Evidence(met.matches, is_foreign(met.text), EMPTY), None, self._speech(language))

    def replying(self, met: Met, *, language: str = "en") -> Steps[Reply]:
        """The reply to a message that the rules were asked about before, stopping where it needs rows of the encoder."""
        evidence = yield from self._reader.reading(met)
        return self.decide(evidence, language=language)

    def decide(self, evidence: Evidence, *, threshold: float | None = None, language: str = "en") -> Reply:
        """The reply to what was found, at the build's threshold or, to draw a curve, at another."""
        at = self.build.manifest.threshold if threshold is None else threshold
        return decide(evidence, at, self._speech(language))

    def choose(self, passage_id: str, *, language: str = "en", day: date | None = None) -> Reply:
        """The passage a visitor chose among the headings that were offered; a handover where it may not be quoted now."""
        position = self.build.position(passage_id)
        if position is None or position in self._reader.out_of_force(day):
            return word_reply(NOTHING_FOUND, Evidence((), False, EMPTY), None, self._speech(language))
        found = self._reader.found(position, 1.0)
        evidence = Evidence((), False, Part({}, (found,)))
        finding = Finding(Label.ANSWER, ByPassages((passage_id,)), (found.quote,))
        if found.is_withheld:
            finding = CHANGED_THERE
        return word_reply(finding, evidence, self.build.manifest.threshold, self._speech(language))

    def _speech(self, language: str) -> Speech:
        return Speech(self.build.policy.replies, self.build.site, language, self.build.build)
