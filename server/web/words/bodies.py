"""The shape of a reply as every door gives it, named in /openapi.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Out(BaseModel):
    """A body we send: built from plain values, so it is documented here and not checked again."""

    model_config = ConfigDict(frozen=True)


class SourceBody(Out):
    title: str
    url: str
    heading: str
    reviewed: str | None
    link: str


class QuoteBody(Out):
    text: str
    sha256: str
    passage_id: str
    faq: str | None
    highlight: tuple[int, int]
    source: SourceBody


class SuggestionBody(Out):
    passage_id: str
    heading: str


class ReplyBody(Out):
    """A reply, the same at every door."""

    label: str
    outcome: str
    message: str
    handed_over: bool
    note: str | None
    quotes: list[QuoteBody]
    suggestions: list[SuggestionBody]
    build: str
