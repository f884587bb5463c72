"""What is wrong with what was typed without JavaScript, in words beside its field. All of it is given back whole."""

from __future__ import annotations

from dataclasses import replace

from server.answers.assistant import MAX_CHARS
from server.core.handing.addresses import is_email
from server.web.guards.problems import Problem
from server.web.visitor.ask_screen import Caller
from server.web.visitor.screens import LetterForm
from server.web.words.site import site_texts

MOST_CHARS = {"name": 200, "contact": 200, "text": MAX_CHARS}  # of a field


def error_of(text: str, caller: Caller) -> str:
    """What is wrong with a question: empty, or longer than can be taken."""
    texts = site_texts(caller.site, caller.language)
    if not text.strip():
        return texts.empty_message
    return _long("text", text, caller) if len(text) > MAX_CHARS else ""


def wrong_in(letter: LetterForm, caller: Caller) -> LetterForm:
    """The letter, with what is wrong in its first field that is: more than can be taken, or no address to write to."""
    for name, most in MOST_CHARS.items():
        if len(getattr(letter, name)) > most:
            return replace(letter, wrong=name, error=_long(name, getattr(letter, name), caller))
    texts = site_texts(caller.site, caller.language)
    if letter.mail_me and not is_email(letter.contact):
        return replace(letter, wrong="contact", error=texts.letter_mail_wrong)
    return letter


def wait_words(problem: Problem, caller: Caller) -> str:
    """That too much came from here, and when to send it again."""
    texts = site_texts(caller.site, caller.language)
    return texts.too_many.replace("{count}", problem.headers["Retry-After"])


def _long(field: str, text: str, caller: Caller) -> str:
    texts = site_texts(caller.site, caller.language)
    return texts.long_message.replace("{count}", f"{len(text) - MOST_CHARS[field]:,}")
