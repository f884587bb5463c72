"""Real receivers on 127.0.0.1: a mail server and a web server that fail, hang and recover when told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What arrived at a mail server, and how it behaves. `answer` refuses when it is no 250."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer: str = "250 OK"
    was_tls: bool = False

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
            self.recipients += envelope.rcpt_tos
            self.was_tls = session.ssl is not None
        return self.answer


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def mail_server(box: Mailbox, port: int, **options: Any) -> Iterator[None]:
    """A mail server on a port; with `user` and `password` it takes mail only from who has them."""
    if user := options.pop("user", None):
        password = options.pop("password")

        def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
            assert isinstance(given, LoginPassword)
            is_right = (given.login, given.password) == (user.encode(), password.encode())
            return AuthResult(success=is_right, handled=False)

        options |= {"authenticator": check, "auth_required": True}
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def self_signed(folder: Path, host: str = "mail.test") -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "cert.pem"
    files = ["-keyout", str(key), "-out", str(certificate)]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={host}", *files]
    made += ["-addext", f"subjectAltName=DNS:{host}"]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@dataclass
class Hook:
    """What was posted to a web server, and how it behaves: its status, or None to hang."""

    status: int | None = 204
    location: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answering: set[asyncio.Task[Any] | None] = field(default_factory=set)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answering.add(asyncio.current_task())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:]) if name}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0].split()[1], headers, body))
        with contextlib.suppress(ConnectionError):
            if self.status is None:
                await reader.read()  # until the caller gives up
            else:
                place = f"location: {self.location}\r\n" if self.location else ""
                writer.write(f"HTTP/1.1 {self.status} X\r\n{place}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def web_server(hook: Hook) -> AsyncIterator[str]:
    """The address of a receiver that records every request."""
    server = await asyncio.start_server(hook.answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        if callers := {task for task in hook.answering if task is not None}:
            await asyncio.wait(callers, timeout=5)  # a socket left to the garbage collector fails a later test
