"""The shapes of the visitor API's bodies: what is checked on the way in, and named in /openapi.json on the way out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StrictBool, model_validator

from kb.policy import Language
from server.answers.assistant import MAX_CHARS
from server.core.handing.addresses import is_email
from server.core.reply import Reply
from server.core.typed import judged
from server.web.words.bodies import Out

MAX_HISTORY = 20


def _says_something(text: str) -> str:
    if not judged(text).strip():
        raise ValueError("an empty text; type something")
    return text


Text = Annotated[str, Field(min_length=1, max_length=MAX_CHARS), AfterValidator(_says_something)]
Short = Annotated[str, Field(max_length=200)]


class Question(BaseModel):
    """A question outside any conversation; `history` is what the visitor asked before, oldest first."""

    text: Text
    history: Annotated[list[Text], Field(max_length=MAX_HISTORY)] = []


class NewConversation(BaseModel):
    """Where the visitor is, and in which language the interface speaks."""

    language: Language = "en"
    page_url: Annotated[str, Field(max_length=2_000)] | None = None


class NewMessage(BaseModel):
    """Either a text, or the passage of a heading just offered."""

    text: Text | None = None
    choose: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> NewMessage:
        if (self.text is None) == (self.choose is None):
            raise ValueError("send either `text` or `choose`")
        return self


class NewLetter(BaseModel):
    """All empty: the visitor asks for a person. Otherwise it completes the handover; nothing in it is required."""

    name: Short = ""
    contact: Short = ""
    text: Annotated[str, Field(max_length=MAX_CHARS)] = ""
    share_earlier: StrictBool = False
    mail_me: StrictBool = False  # a mail with a link back when a person answers; then `contact` is an email address
    website: Short = ""  # a field no person sees: filled, the letter is sorted as suspected spam, never dropped

    @model_validator(mode="after")
    def _has_address(self) -> NewLetter:
        if self.mail_me and not is_email(self.contact):
            raise ValueError("`mail_me` needs an email address in `contact`; send one, or leave `mail_me` out")
        return self

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.contact or self.text or self.share_earlier or self.website)


class Seen(BaseModel):
    """How far the visitor has read: the number of the last event on their screen."""

    seq: Annotated[int, Field(ge=0, le=2**31 - 1)]


class NewFeedback(BaseModel):
    """Whether one quote of one reply was what the visitor needed."""

    seq: Annotated[int, Field(ge=1, le=2**31 - 1)]
    passage_id: Annotated[str, Field(min_length=1, max_length=128)]
    helpful: StrictBool


class MessageBody(Out):
    """A visitor's message as it was stored."""

    seq: int
    author: str
    text: str
    at: str


class ReceivedBody(Out):
    """A message, durable; and the reply to it, or null once a person has taken the conversation."""

    message: MessageBody | None
    reply: Reply | None


class StartedBody(Out):
    """A new conversation. The token opens it; the receipt code reads or erases it later. Neither is shown again."""

    id: str
    token: str
    receipt: str
    events: str


class ReceiptBody(Out):
    """A conversation as its receipt shows it; `events` have the shape of the event stream's data."""

    site: str
    status: str
    started: str
    events: list[dict[str, Any]]


class PlaceBody(Out):
    """How many wait before a visitor; 0 also for one who does not wait."""

    before: int


class ErasingBody(Out):
    """An erasure that is not finished: words may still stand in the database's files."""

    status: str


class LookBody(Out):
    accent: str
    radius_px: int
    font: str


class SiteBody(Out):
    """What a widget needs to know of its site."""

    site: str
    clinic: str
    topic: str
    advocate: str
    language: Language
    phone: str
    hours: list[str]
    answer_by: str
    mail: str  # the words of the choice to get a mail; empty where none can leave
    starters: list[str]
    look: LookBody
    emergency: str
    greeting: str
    answer_line: str
    texts: dict[str, str]
