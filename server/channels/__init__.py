"""The channels alerts leave by: one file each, and which of them the settings open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.channels.sending import NotSent, Sender
from server.core.handing.addresses import parse_contacts, parse_mail_server, parse_secret
from server.core.handing.alerts import Channel, Reach, Target
from server.settings import Settings

__all__ = ["NO_ALERTS", "Channels", "NotSent", "Sender", "open_channels"]

NO_ALERTS = (
    "none set: nobody hears of a visitor who needs a person unless the desk is open. "
    "Set ADVOCATE_SMTP_URL and ADVOCATE_ALERT_TO, or ADVOCATE_WEBHOOK_URL (README.md, Settings)."
)


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that are set, and whom they reach."""

    senders: Mapping[Channel, Sender] = field(default_factory=dict)
    reach: Reach = field(default_factory=Reach)

    def named(self) -> list[tuple[Target, str]]:
        """Each target, with words for an operator: who, and through what."""
        return [(target, self.words(target)) for target in self.reach.everyone()]

    def words(self, target: Target) -> str:
        place = self.senders[target.channel].place if target.channel in self.senders else "a channel no longer set"
        return f"email to {target.contact} through {place}" if target.contact else f"webhook at {place}"


def open_channels(settings: Settings) -> Channels:
    """The channels of the settings; connects to nothing yet."""
    senders: dict[Channel, Sender] = {}
    contacts = parse_contacts(settings.alert_to)
    if settings.smtp_url:
        from server.channels.email import Email

        senders[Channel.EMAIL] = Email(parse_mail_server(settings.smtp_url), settings.alert_from or contacts[0])
    if settings.webhook_url:
        from server.channels.webhook import Webhook

        secret = parse_secret(settings.webhook_secret) if settings.webhook_secret else None
        senders[Channel.WEBHOOK] = Webhook(settings.webhook_url, secret)
    reach = Reach(contacts if Channel.EMAIL in senders else (), has_webhook=Channel.WEBHOOK in senders)
    return Channels(senders, reach)
