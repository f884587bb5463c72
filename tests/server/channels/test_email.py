"""Alerts by email, against a real mail server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kb.labels import Label
from server.channels.email import Email
from server.channels.sending import NotSent
from server.core.handing.addresses import MailServer
from server.core.handing.alerts import alert_text
from tests.server.channels.receivers import Mailbox, free_port, mail_server, self_signed

TEXT = alert_text(
    alert_id="a" * 32,
    site="kneecare",
    clinic="KneeCare Clinics",
    label=Label.EMERGENCY,
    link="https://chat.clinic.example/desk/1",
    nth=1,
)
SENDER, CONTACT = "desk@clinic.example", "Pat Cashen <pat@clinic.example>"


async def test_it_arrives_with_site_reason_and_link():
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        await Email(MailServer("127.0.0.1", port), SENDER).send(TEXT, CONTACT)
    [message] = box.messages
    assert message["Subject"] == "Emergency: someone is waiting at KneeCare Clinics"
    assert (message["From"], message["To"]) == (SENDER, CONTACT) and box.recipients == ["pat@clinic.example"]
    assert TEXT.link in message.get_content() and message["Auto-Submitted"] == "auto-generated"


async def test_every_try_of_an_alert_has_the_same_id():
    box, port = Mailbox(), free_port()
    with mail_server(box, port):
        for _ in range(2):
            await Email(MailServer("127.0.0.1", port), SENDER).send(TEXT, CONTACT)
    assert [one["Message-ID"] for one in box.messages] == [f"<{TEXT.alert_id}@clinic.example>"] * 2


async def test_it_signs_in_under_starttls(tmp_path: Path):
    box, port = Mailbox(), free_port()
    with mail_server(box, port, tls_context=self_signed(tmp_path), require_starttls=True, user="pat", password="p@ss"):
        await Email(MailServer("127.0.0.1", port, "pat", "p@ss"), SENDER).send(TEXT, CONTACT)
        with pytest.raises(NotSent, match="refused the user name or the password") as caught:
            await Email(MailServer("127.0.0.1", port, "pat", "hunter2"), SENDER).send(TEXT, CONTACT)
    assert box.was_tls and len(box.messages) == 1
    assert "hunter2" not in str(caught.value)


async def test_a_password_does_not_leave_this_machine_without_tls(monkeypatch: pytest.MonkeyPatch):
    box, port = Mailbox(), free_port()
    monkeypatch.setattr(MailServer, "is_here", property(lambda _self: False))
    with mail_server(box, port), pytest.raises(NotSent):
        await Email(MailServer("127.0.0.1", port, "pat", "p@ss"), SENDER).send(TEXT, CONTACT)
    assert box.messages == []


async def test_a_certificate_of_another_machine_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    box, port = Mailbox(), free_port()
    monkeypatch.setattr(MailServer, "is_here", property(lambda _self: False))
    with mail_server(box, port, tls_context=self_signed(tmp_path)), pytest.raises(NotSent):
        await Email(MailServer("127.0.0.1", port), SENDER).send(TEXT, CONTACT)
    assert box.messages == []


@pytest.mark.parametrize("answer", ["451 Try later", "554 No"])
async def test_a_server_that_refuses_is_told_of_and_recovers(answer: str):
    box, port = Mailbox(answer=answer), free_port()
    email = Email(MailServer("127.0.0.1", port), SENDER)
    with mail_server(box, port):
        with pytest.raises(NotSent, match=rf"127\.0\.0\.1:{port} refused the message \({answer[:3]}\)"):
            await email.send(TEXT, CONTACT)
        box.answer = "250 OK"
        await email.send(TEXT, CONTACT)
    assert len(box.messages) == 1


async def test_a_server_that_is_not_there_is_told_of():
    with pytest.raises(NotSent, match="could not be reached"):
        await Email(MailServer("127.0.0.1", free_port()), SENDER).send(TEXT, CONTACT)


async def test_a_server_that_says_nothing_is_left():
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NotSent, match="did not answer"):
        await Email(MailServer("127.0.0.1", port), SENDER, try_s=0.3).send(TEXT, CONTACT)
    server.close()
    await asyncio.wait_for(left.wait(), 5)
