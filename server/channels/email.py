"""Alerts by email, over SMTP."""

from __future__ import annotations

import asyncio
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib

from server.channels.sending import TRY_S, NotSent
from server.core.handing.addresses import MailServer
from server.core.handing.alerts import AlertText
from server.storage.database.transactions import utc_now


class Email:
    """Sends through one mail server. A password leaves only under TLS, or within this machine."""

    def __init__(self, server: MailServer, sender: str, *, try_s: float = TRY_S) -> None:
        self._server = server
        self._sender = sender
        self._try_s = try_s

    @property
    def place(self) -> str:
        return f"{self._server.host}:{self._server.port}"

    async def send(self, text: AlertText, contact: str) -> None:
        try:
            async with asyncio.timeout(self._try_s):
                await self._send(_message(text, self._sender, contact))
        except TimeoutError as error:
            raise NotSent(f"the mail server {self.place} did not answer within {self._try_s:g} s") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(f"the mail server {self.place} {_why(error)}") from error

    async def _send(self, message: EmailMessage) -> None:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.is_tls,
            start_tls=False if server.is_tls else self._needs_tls,
            tls_context=_unchecked() if server.is_here else ssl.create_default_context(),
            timeout=self._try_s,
        )
        async with client:
            await client.send_message(message)

    @property
    def _needs_tls(self) -> bool | None:
        """None: where the server offers it."""
        return True if self._server.user and not self._server.is_here else None


def _message(text: AlertText, sender: str, contact: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = contact
    message["Subject"] = " ".join(text.subject.split())
    message["Date"] = format_datetime(utc_now())
    # The same for every try: a mail system that sees it twice keeps one.
    message["Message-ID"] = f"<{text.alert_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if text.is_urgent:
        message["X-Priority"] = "1"
    message.set_content(text.body)
    return message


def _why(error: Exception) -> str:
    """Why not, without what was sent."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return "refused the user name or the password"
        case aiosmtplib.SMTPRecipientsRefused() | aiosmtplib.SMTPRecipientRefused():
            return "refused the address it was to go to"
        case aiosmtplib.SMTPSenderRefused():
            return "refused the address of ADVOCATE_ALERT_FROM"
        case aiosmtplib.SMTPTimeoutError():
            return "did not answer in time"
        case ssl.SSLCertVerificationError():
            return "has a certificate that cannot be trusted"
        case aiosmtplib.SMTPResponseException():
            return f"refused the message ({error.code})"
        case aiosmtplib.SMTPConnectError() | OSError():
            return "could not be reached"
        case _:
            return f"broke off ({type(error).__name__})"


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
