"""Questions asked from the command line, one or a file of them. Every line gets a reply."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kb.errors import AdvocateError
from kb.labels import Label
from server.answers.assistant import MAX_CHARS, Assistant
from server.core.reply import Reply
from server.core.typed import judged, mended


class QuestionRefused(AdvocateError):
    """A question that cannot be judged: what was expected, what was found."""


def answer_line(assistant: Assistant, line: Mapping[str, Any]) -> Reply:
    """The reply to a line's `text` and `history`. Raises QuestionRefused."""
    text, history = line.get("text"), line.get("history") or []
    if not isinstance(text, str) or not text.strip():
        raise QuestionRefused(
            f'"text" should hold what the visitor says; found {type(text).__name__}, empty or missing.'
        )
    if len(text) > MAX_CHARS:
        raise QuestionRefused(f'"text" may hold at most {MAX_CHARS} characters; found {len(text)}.')
    if not isinstance(history, list) or not all(isinstance(one, str) for one in history):
        raise QuestionRefused('"history" should be a list of the visitor\'s earlier messages.')
    return assistant.reply(judged(text), [judged(one) for one in history])


def answer_file(assistant: Assistant, batch: Path, out: Path, *, trace: bool = False) -> int:
    """Answer a JSON Lines file into another, a reply a line in the same order. Gives how many.

    Lines end at \\n only. A bad line gets a handover with `error`. The file appears whole or not at all.
    """
    try:
        lines = batch.read_bytes().split(b"\n")
    except OSError as error:
        raise QuestionRefused(f"{batch}: cannot be read ({error.strerror}).") from error
    if lines and not lines[-1]:
        lines.pop()  # the end of the last line, not a line of its own
    handle, name = tempfile.mkstemp(dir=out.resolve().parent, prefix=f".{out.name}.")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(lines, start=1):
            reply = _answer_raw(assistant, line, number, trace=trace)
            file.write(mended(json.dumps(reply, ensure_ascii=False)) + "\n")
    Path(name).chmod(0o644)
    Path(name).replace(out)
    return len(lines)


def _answer_raw(assistant: Assistant, raw: bytes, number: int, *, trace: bool) -> dict[str, Any]:
    identity: Any = None
    try:
        line = json.loads(raw.decode("utf-8", "replace"))  # a broken character never loses the words around it
        if not isinstance(line, dict):
            raise QuestionRefused(f"expected an object, found {type(line).__name__}.")
        identity = line.get("id")
        return {"id": identity, **answer_line(assistant, line).as_json(trace=trace)}
    except (ValueError, RecursionError, QuestionRefused) as error:
        problem = str(error) if isinstance(error, QuestionRefused) else "expected one JSON object."
        return {"id": identity, **_handover(assistant).as_json(trace=trace), "error": f"line {number}: {problem}"}


def _handover(assistant: Assistant) -> Reply:
    return Reply(Label.OUT_OF_KB, assistant.policy.replies.human.en, build=assistant.build_id)


def as_text(reply: Reply, *, trace: bool = False) -> str:
    """A reply as a person reads it in a terminal."""
    lines = []
    for quote in reply.quotes:
        start, end = quote.highlight
        source = quote.source
        marked = f"{quote.text[:start]}[{quote.text[start:end]}]{quote.text[end:]}"
        lines += [f"From our page: {source.heading or source.title}", "", marked, "", source.link, ""]
    lines += [reply.note, ""] if reply.note else []
    lines.append(reply.message)
    lines += [f"  close on our page: {one.words}" for one in reply.suggestions]
    lines.append(f"({reply.label} → {reply.outcome})")
    if trace:
        lines += ["", json.dumps(reply.trace.as_json(), ensure_ascii=False, indent=2)]
    return "\n".join(lines)
