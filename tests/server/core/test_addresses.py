"""The addresses of alerts, as settings write them."""

import pytest

from server.core.handing.addresses import MailServer, check_webhook, parse_contacts, parse_mail_server, parse_secret


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.clinic.example", MailServer("mail.clinic.example", 587)),
        ("smtp://127.0.0.1:2525", MailServer("127.0.0.1", 2525)),
        ("smtp://pat:p%40ss@mail.example:25", MailServer("mail.example", 25, "pat", "p@ss")),
        (
            "smtps://pat%40clinic.example:x@mail.example",
            MailServer("mail.example", 465, "pat@clinic.example", "x", True),
        ),
    ],
)
def test_a_mail_server_is_read(url, server):
    assert parse_mail_server(url) == server


@pytest.mark.parametrize("url", ["mail.example:25", "http://mail.example", "smtp://", "smtp://u:secret@host:port"])
def test_what_is_no_mail_server_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match="expected smtp://user:password@host:port") as caught:
        parse_mail_server(url)
    assert "secret" not in str(caught.value)


def test_a_server_shows_no_password():
    assert "hunter2" not in repr(parse_mail_server("smtp://pat:hunter2@mail.example"))


def test_contacts_keep_their_order_each_once():
    assert parse_contacts(" pat@a.example, Sam Lee <sam@a.example>,pat@a.example,") == (
        "pat@a.example",
        "Sam Lee <sam@a.example>",
    )


@pytest.mark.parametrize("text", ["pat", "pat@", "@a.example", "pat@a.example\nBcc: x@b.example"])
def test_what_is_no_contact_is_refused(text):
    with pytest.raises(ValueError, match="no email address"):
        parse_contacts(text)


def test_a_webhook_is_http_or_https():
    assert check_webhook("https://hooks.example/T/1") == "https://hooks.example/T/1"
    for wrong in ("ftp://hooks.example", "hooks.example", "https://"):
        with pytest.raises(ValueError, match="http"):
            check_webhook(wrong)


def test_a_secret_is_base64_with_or_without_its_prefix():
    key = b"0123456789abcdef01234567"
    assert (
        parse_secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
        == parse_secret("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
        == key
    )
    for wrong in ("whsec_", "whsec_not base64!"):
        with pytest.raises(ValueError, match="whsec_"):
            parse_secret(wrong)
