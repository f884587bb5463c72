"""The addresses alerts leave by, as settings write them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

PORTS = {"smtp": 587, "smtps": 465}
SECRET_PREFIX = "whsec_"
MAIL_SERVER = "expected smtp://user:password@host:port, or smtps:// where TLS begins with the connection"


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server that takes our mail. `is_tls`: TLS begins with the connection, not by STARTTLS."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False

    @property
    def is_here(self) -> bool:
        """On this machine: nobody stands between, so a certificate proves nothing."""
        return is_loopback(self.host)


def parse_mail_server(url: str) -> MailServer:
    """The server of an `smtp://` address; user and password may be percent-encoded. Raises ValueError, without them."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(MAIL_SERVER) from None
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query:
        raise ValueError(MAIL_SERVER)
    return MailServer(
        host=host,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
    )


def parse_contacts(text: str) -> tuple[str, ...]:
    """Email addresses parted by commas, each once, in their order. Raises ValueError naming one that is none."""
    found = tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    for one in found:
        check_email(one)
    return found


def check_email(address: str) -> str:
    """An address alone, or with a name before it. Raises ValueError."""
    plain = parseaddr(address)[1]
    user, at, domain = plain.rpartition("@")
    if not (user and at and domain) or any(one.isspace() for one in plain) or "\n" in address:
        raise ValueError(f"{address!r} is no email address; write one such as pat@clinic.org")
    return address


def is_email(text: str) -> bool:
    """Whether a text is one email address and nothing else, as a visitor types it."""
    return re.fullmatch(r"[^\s@,;<>()\"]+@[^\s@,;<>()\"]+\.[^\s@,;<>()\".]+", text.strip()) is not None


def check_webhook(url: str) -> str:
    """An http(s) address. Raises ValueError, without the address: it may hold a secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an http:// or https:// address")
    return url


def parse_secret(text: str) -> bytes:
    """The key of a Standard Webhooks secret: base64 after `whsec_`. Raises ValueError, without it."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError(
            "expected whsec_ and random bytes in base64, 24 to 64 of them; make one with `openssl rand -base64 32`"
        )
    return key


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
