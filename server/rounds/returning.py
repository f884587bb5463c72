"""Writes to visitors who left and asked for it: that a person answered, with a link back, and no word of the chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from server.channels import Channels
from server.core.handing.alerts import AlertText, Channel, Target
from server.rounds.alerting import attempt
from server.storage.database.faults import StorageUnavailable
from server.storage.ids import new_id
from server.storage.store import Store
from server.storage.talks.returning import VisitorMail
from server.translating import N_, translated

LOOK_S = 5.0
RETURN = "/return"  # a link is this path and its token
SUBJECT = N_("There is an answer in your chat")  # it names no clinic: others see subjects too
BODY = N_(
    "You asked for an email when somebody answers. Somebody at {clinic} has.\n\n"
    "Go on with your chat: {link}\n\n"
    "The link is good for 7 days. Whoever has it can read the chat, so do not pass this email on. "
    "The page it opens can also stop these emails.\n\n"
    "If this is an emergency, call 911. Nobody reads answers to this email.\n"
)

log = logging.getLogger(__name__)


class WritingToVisitors:
    """The worker. `clinic_of` names a site's clinic."""

    def __init__(self, store: Store, channels: Channels, address: str, clinic_of: Callable[[str], str]) -> None:
        self._store = store
        self._channels = channels
        self._address = address
        self._clinic_of = clinic_of

    async def run(self) -> None:
        """Look each few seconds, until cancelled."""
        while True:
            try:
                await self.work()
            except StorageUnavailable as error:
                log.warning("mails to visitors wait for the store: %s", error)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is looked after again
                log.error("writing to visitors failed: %s", type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def work(self) -> int:
        """Try what is due now. Returns how many were tried."""
        mails = await self._store.returning.take()
        await asyncio.gather(*(self._try(mail) for mail in mails))
        return len(mails)

    async def _try(self, mail: VisitorMail) -> None:
        link = f"{self._address}{RETURN}/{await self._store.returning.make_link(mail)}"
        text = answered_mail(clinic=self._clinic_of(mail.site), link=link, language=mail.language)
        error = await attempt(self._channels, text, Target(Channel.EMAIL, mail.address))
        if error is not None:
            log.warning("a mail for conversation %s, try %d: %s", mail.conversation_id, mail.tries, error)
        await self._store.returning.settle(mail, error)


def answered_mail(*, clinic: str, link: str, language: str) -> AlertText:
    """The mail to a visitor who left: that a person answered."""
    return AlertText(
        alert_id=new_id(),
        event="visitor.answered",
        subject=translated(SUBJECT, language),
        body=translated(BODY, language).format(clinic=clinic, link=link),
        link=link,
    )
