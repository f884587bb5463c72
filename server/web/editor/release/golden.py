"""How a draft answered the golden questions, in the editor's words: a row for each."""

from __future__ import annotations

from server.core.reply import Reply
from server.editing import GoldenAnswer
from server.figures.evaluation import Question
from server.web.editor.release.release_screens import GoldenRow
from server.web.editor.text.trying import LABELS
from server.web.words.wording import listed, shortened


def golden_row(answer: GoldenAnswer) -> GoldenRow:
    if answer.judged is None:
        return GoldenRow(answer.text, "This test question cannot be read", "", is_right=False)
    return GoldenRow(answer.text, _expected(answer.judged.question), _got(answer.judged.reply), answer.is_right)


def _expected(question: Question) -> str:
    words = LABELS[question.label]
    return f"{words}: “{shortened(question.gold[0])}”" if question.gold else words


def _got(reply: Reply) -> str:
    words = LABELS[reply.label]
    return f"{words}: “{listed([shortened(one.text) for one in reply.quotes])}”" if reply.quotes else words
