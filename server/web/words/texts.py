"""Every word of the visitor's interface: for the widget, the page without JavaScript and the editor.

The English stands here; `server/translating.py` has it in other languages. What the assistant may *say* is not here: that is the
policy's. All Spanish awaits the clinic's approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache

from server.translating import LANGUAGES, N_, language_of, translated


@dataclass(frozen=True, slots=True)
class Texts:
    """Every label and line around a conversation. `{advocate}` stands for the advocate's name."""

    language: str = LANGUAGES[0]
    direction: str = N_("ltr")  # rtl where the language is written from the right
    chat: str = N_("Chat")
    launcher: str = N_("Questions? Ask us")
    subtitle: str = N_("Automated answers from our page. A person is one tap away")
    talking_with: str = N_("You are talking with {advocate}")
    close: str = N_("Close the chat")
    talk_to_person: str = N_("Talk to a person")
    passed_on: str = N_("Passed on to {advocate}")
    add_details: str = N_("Add details for {advocate}")
    emergency_line: str = N_("Emergency? Call 911")
    emergency_title: str = N_("Emergency: get help now")
    call_911: str = N_("Call 911")
    call_988: str = N_("Call or text 988")
    conversation: str = N_("Conversation")
    you: str = N_("You")
    assistant: str = N_("Automated assistant")
    our_advocate: str = N_("our patient advocate")
    from_our_page: str = N_("From our page")
    reviewed: str = N_("Reviewed by the clinic on {date}")
    not_reviewed: str = N_("Not yet reviewed by the clinic")
    read_on_page: str = N_("Read it on the page")
    good_to_know: str = N_("When to call")
    needed: str = N_("Was this what you needed?")
    needed_yes: str = N_("Yes")
    needed_no: str = N_("No, I’d like a person")
    needed_thanks: str = N_("Thank you.")
    closest: str = N_("Closest on our page:")
    none_of_these: str = N_("None of these, ask a person")
    question: str = N_("Your question")
    type_question: str = N_("Type your question")
    question_hint: str = N_("Ask about {topic}. Please do not send records or pictures.")
    send: str = N_("Send")
    starters: str = N_("People often ask")
    sending: str = N_("Sending")
    sent: str = N_("Sent")
    seen_by: str = N_("Seen by {advocate}")
    retrying: str = N_("Not sent yet, trying again")
    not_sent: str = N_("Not sent")
    joined: str = N_("{advocate} is here and can read this chat.")
    left: str = N_("{advocate} had to go. Your messages are kept.")
    unclaimed: str = N_(
        "Nobody has answered yet. Your messages are kept. Leave your phone or email, if you want a reply later."
    )
    assistant_again: str = N_("The automated assistant answers again.")
    closed: str = N_("{advocate} has closed this chat. You can ask again.")
    correction: str = N_("Correction from the clinic")
    was_wrong: str = N_("The answer to “{question}” was not right for it. Please do not rely on it.")
    erased: str = N_("The text of this conversation was erased.")
    ended: str = N_("This chat has ended or was erased.")
    restart: str = N_("Start a new chat")
    typing: str = N_("{advocate} is writing")
    reconnecting: str = N_("Reconnecting. Your messages are kept.")
    unreachable: str = N_("Chat is not reachable right now. What you write is kept here and sent later.")
    letter_to: str = N_("Your message to {advocate}")
    letter_more: str = N_("Add to your message for {advocate}")
    optional: str = N_("Nothing below is required.")
    letter_words: str = N_("What is passed on")
    letter_text: str = N_("Anything to add")
    letter_name: str = N_("Your name")
    letter_contact: str = N_("Phone or email, if you want a reply later")
    letter_share: str = N_("{advocate} may also read what I asked earlier in this chat")
    letter_mail: str = N_(
        "Email me a link to this chat when there is an answer. Whoever reads that mailbox can open the chat."
    )
    letter_mail_wrong: str = N_("Type an email address above, or leave out the email.")
    letter_send: str = N_("Add this")
    letter_done: str = N_("Your details were added.")
    later: str = N_("Not now")
    trap: str = N_("Leave this empty")
    receipt: str = N_("Receipt code")
    receipt_hint: str = N_("Keep it to read or erase this chat later.")
    receipt_title: str = N_("Read or erase an earlier chat")
    receipt_open: str = N_("Open the chat")
    receipt_unknown: str = N_("No chat has this code. Check its letters and try again.")
    download: str = N_("Download it as text")
    return_title: str = N_("There is an answer in your chat")
    return_hint: str = N_(
        "It opens on this device. On a device that others use, choose “Clear this chat” when you are done."
    )
    return_over: str = N_("This link no longer works")
    return_stop: str = N_("No more emails")
    return_stopped: str = N_("You will get no more emails about this chat.")
    erase: str = N_("Erase it for good")
    erase_sure: str = N_("Every word of this chat will be erased. This cannot be undone.")
    go_on: str = N_("Go on with this chat")
    check_again: str = N_("Check for new replies")
    clear: str = N_("Clear this chat")
    clear_sure: str = N_("Press again to clear it here")
    empty_message: str = N_("Type your question first.")
    long_message: str = N_("This is {count} characters too long to send. Nothing was cut: please shorten it.")
    too_many: str = N_("Too many messages came from here. Wait {count} seconds, then send it again: it is kept here.")
    answer_by: str = N_("You can expect an answer by {when}.")
    before_you: str = N_("People waiting before you: {count}.")
    closed_now: str = N_("The clinic is closed now.")
    hours_span: str = N_("{opens} to {closes}")

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def filled(self, *, advocate: str, topic: str) -> Texts:
        """The texts with a site's names in them; `{date}` and `{when}` stay for whoever prints them."""
        names = self.as_json().items()
        return Texts(**{name: text.replace("{advocate}", advocate).replace("{topic}", topic) for name, text in names})


@cache
def texts_in(language: str) -> Texts:
    """The texts in a language, or else in English."""
    known = language_of(language)
    said = {one.name: translated(str(one.default), known) for one in fields(Texts)}
    return Texts(**{**said, "language": known})


ENGLISH = texts_in(LANGUAGES[0])


def in_every_language() -> Mapping[str, tuple[str, ...]]:
    """Every text by its name, in the order of LANGUAGES."""
    said = [texts_in(language).as_json() for language in LANGUAGES]
    return {name: tuple(texts[name] for texts in said) for name in ENGLISH.as_json()}
