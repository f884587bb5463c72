"""The parts of a running server, made once by `create_app` and kept in `app.state.parts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from server.answers.answering import Answering
from server.channels import Channels
from server.core.handing.alerts import Channel
from server.desk import Desk
from server.editing import Editing
from server.importing import Importing, Withholding
from server.settings import Settings
from server.storage.store import Store
from server.web.limits import Limits
from server.web.measures import Measures
from server.web.proxies import Proxies
from server.web.rendering import Templates

if TYPE_CHECKING:
    from server.publishing import Publisher


@dataclass(frozen=True, slots=True)
class Parts:
    """What routes work with."""

    settings: Settings
    store: Store
    assistants: Answering
    desk: Desk
    publisher: Publisher
    editing: Editing
    importing: Importing
    withholding: Withholding
    templates: Templates
    limits: Limits
    measures: Measures
    channels: Channels
    proxies: Proxies

    @property
    def can_mail(self) -> bool:
        """Whether mail can leave from here."""
        return Channel.EMAIL in self.channels.senders


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def parts_of_scope(scope: Scope) -> Parts:
    """The same, for middleware."""
    parts: Parts = scope["app"].state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]
