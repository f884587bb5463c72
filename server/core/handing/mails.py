"""What is said in a mail that is no alert: a link, and what it is for. A visitor's words have no place in it."""

from __future__ import annotations

from server.core.handing.alerts import AlertText


def reset_mail(*, mail_id: str, link: str) -> AlertText:
    """The mail to a member of staff who forgot their password."""
    return AlertText(
        alert_id=mail_id,
        event="password.reset",
        subject="Set a new password for Patient Advocate",
        body=(
            f"Somebody, most likely you, said that your password for Patient Advocate is forgotten.\n\n"
            f"Set a new one within an hour: {link}\n\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        ),
        link=link,
    )
