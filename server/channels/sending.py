"""What every channel does: send one alert to one contact, or say why not."""

from __future__ import annotations

from typing import Protocol

from kb.errors import AdvocateError
from server.core.handing.alerts import AlertText


class NotSent(AdvocateError):
    """An alert that did not leave, in words for staff: no password, no address with a secret in it."""


class Sender(Protocol):
    """One channel."""

    @property
    def place(self) -> str:
        """Where it sends through, in words for an operator, without secrets."""

    async def send(self, text: AlertText, contact: str) -> None:
        """Send. The same text again has the same id. Raises NotSent, after TRY_S at most."""


TRY_S = 20.0  # a try that takes longer has failed; well within the outbox's lease
