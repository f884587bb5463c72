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


def answered_mail(*, mail_id: str, clinic: str, link: str, language: str) -> AlertText:
    """The mail to a visitor who left: that a person answered. Its subject names no clinic: others see subjects too."""
    subject, body = ANSWERED["es" if language.startswith("es") else "en"]
    return AlertText(
        alert_id=mail_id,
        event="visitor.answered",
        subject=subject,
        body=body.format(clinic=clinic, link=link),
        link=link,
    )


ANSWERED = {
    "en": (
        "There is an answer in your chat",
        "You asked for an email when somebody answers. Somebody at {clinic} has.\n\n"
        "Go on with your chat: {link}\n\n"
        "The link is good for 7 days. Whoever has it can read the chat, so do not pass this email on. "
        "The page it opens can also stop these emails.\n\n"
        "If this is an emergency, call 911. Nobody reads answers to this email.\n",
    ),
    "es": (
        "Hay una respuesta en su chat",
        "Usted pidió un correo cuando alguien respondiera. Alguien de {clinic} ha respondido.\n\n"
        "Continúe su chat: {link}\n\n"
        "El enlace vale 7 días. Quien lo tenga puede leer el chat, así que no reenvíe este correo. "
        "En la página que abre también puede detener estos correos.\n\n"
        "Si es una emergencia, llame al 911. Nadie lee las respuestas a este correo.\n",
    ),
}
