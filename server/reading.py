"""From a message to the evidence about it: what the rules, the gate and the search of one build find in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.encode import OnnxEncoder, Vectors
from index.loaded import LoadedBuild
from kb.labels import Label
from kb.reading.language import is_foreign
from kb.reading.messages import after, asks, bare, leans, refers_back, runs_of, sentences_in, trimmed
from kb.reading.sentences import Span
from server.core.decide import Evidence, Found, Part, Run
from server.core.quoting import cut_quote
from server.core.reply import Quote
from server.core.rules import RuleMatch, compile_rules, is_alarming, is_courtesy

KEPT_HITS = 12  # passages of a search that are looked at further


class Reader:
    """Reads messages with one build: its rules, its gate, its passages."""

    def __init__(self, build: LoadedBuild, encoder: OnnxEncoder) -> None:
        """Raises BuildRefused when the encoder is not the build's."""
        build.check_encoder(encoder)
        self._build = build
        self._encoder = encoder
        self._rules = compile_rules(build.policy.rules)
        # A question the clinic itself published with its answer is a general one, whatever the gate makes of its words.
        self._published = {_folded(one.question) for _, one in build.places if one.question}
        self._quotes: dict[tuple[int, Span | None], Quote] = {}  # each is cut, and checked against its page, once

    def read(self, text: str, history: Sequence[str] = ()) -> Evidence:
        """Everything there is to know about a message before it is decided, given the earlier ones, oldest first."""
        met = {one: self._rules.find(one, history) for one in [text, *sentences_in(text)]}
        asked, sentences = _without_courtesies(text, met)
        runs = {where: " ".join(sentences[where.start : where.stop]) for where in runs_of(len(sentences))}
        joined = [after(history[-1], asked)] if history else []
        leaning = [
            after(before, one) if leans(one) else bare(one)
            for before, one in zip(["", *sentences], sentences, strict=False)
        ]
        rows = self._rows([asked, bare(asked), *sentences, *joined, *runs.values(), *leaning])
        parts = [
            self._part(read, sought, rows)
            for read, sought in zip([asked, *sentences, *joined], [bare(asked), *leaning, *joined], strict=True)
        ]
        if is_courtesy(met.get(asked, ())):
            parts[0] = replace(parts[0], gate={str(Label.SMALLTALK): 1.0})
        return Evidence(
            rules=_all_met(text, met),
            foreign=is_foreign(text) or is_foreign(asked),
            whole=parts[0],
            sentences=tuple(parts[1 : 1 + len(sentences)]),
            runs=tuple(Run(where, self._gate(one, rows)) for where, one in runs.items()),
            joined=parts[-1] if joined else None,
            refers_back=refers_back(asked),
            alarmed=any(is_alarming(match) for message in history for match in self._rules.find(message)),
        )

    def found(self, position: int, score: float, span: Span | None = None) -> Found:
        """The passage at a position of the build, as found with this score; `span` is what answers in it."""
        page, passage = self._build.places[position]
        heading = passage.heading[-1] if passage.heading else page.title
        if (position, span) not in self._quotes:
            self._quotes[position, span] = cut_quote(page, passage, span)
        return Found(score, self._quotes[position, span], heading)

    def _rows(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """The encoder's rows of texts, as typed and spelled right, by text."""
        read = [trimmed(text) for text in texts]
        every = list(dict.fromkeys([*read, *map(self._build.searcher.corrected, read)]))
        return dict(zip(every, self._encoder.encode(every), strict=True))

    def _part(self, read: str, sought: str, rows: Mapping[str, Vectors]) -> Part:
        """What the gate reads in a text, as typed, and what is found for what it seeks, spelled right."""
        words = self._build.searcher.corrected(trimmed(sought))
        hits = self._build.searcher.search(words, rows[words][: self._encoder.dim])
        found = tuple(self.found(hit.passage, hit.score, hit.span) for hit in hits[:KEPT_HITS])
        return Part(self._gate(read, rows), found, asks(read))

    def _gate(self, text: str, rows: Mapping[str, Vectors]) -> dict[str, float]:
        """The gate's chance of each label. It reads nothing into signs without a word, nor into a published question."""
        if _folded(text) in self._published or not any(one.isalnum() for one in text):
            return {str(Label.ANSWER): 1.0}
        return self._build.gate.scores(trimmed(text), rows[trimmed(text)])


def _all_met(text: str, met: Mapping[str, Sequence[RuleMatch]]) -> tuple[RuleMatch, ...]:
    """The rules a message meets, and those any sentence meets by itself; small talk must be all of it."""
    parts = [match for one, matches in met.items() if one != text for match in matches]
    found = [*met[text], *(match for match in parts if match.label is not Label.SMALLTALK)]
    return tuple({one.rule_id: one for one in reversed(found)}.values())[::-1]


def _without_courtesies(text: str, met: Mapping[str, Sequence[RuleMatch]]) -> tuple[str, list[str]]:
    """What is left of a message, and its sentences, without those the rules know as small talk; if all are, the first.

    met: the rules that the message and each of its sentences meet.
    """
    sentences = sentences_in(text)
    said = [one for one in sentences if not is_courtesy(met[one])] or sentences[:1]
    return (" ".join(said), said if len(said) > 1 else []) if len(said) < len(sentences) else (text, sentences)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
