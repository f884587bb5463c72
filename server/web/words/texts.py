"""Every word of the visitor's interface, in the two languages: for the widget, the page without JavaScript and the editor.

What the assistant may *say* is not here: that is the policy's. All Spanish awaits the clinic's approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """Every label and line around a conversation. `{advocate}` stands for the advocate's name."""

    language: str
    chat: str
    launcher: str
    subtitle: str
    talking_with: str
    close: str
    talk_to_person: str
    passed_on: str
    add_details: str
    emergency_line: str
    emergency_title: str
    call_911: str
    call_988: str
    conversation: str
    you: str
    assistant: str
    our_advocate: str
    from_our_page: str
    reviewed: str
    not_reviewed: str
    read_on_page: str
    good_to_know: str
    needed: str
    needed_yes: str
    needed_no: str
    needed_thanks: str
    closest: str
    none_of_these: str
    question: str
    type_question: str
    question_hint: str
    send: str
    starters: str
    sending: str
    sent: str
    seen_by: str
    retrying: str
    not_sent: str
    joined: str
    left: str
    unclaimed: str
    assistant_again: str
    closed: str
    correction: str
    was_wrong: str
    erased: str
    ended: str
    restart: str
    typing: str
    reconnecting: str
    unreachable: str
    letter_to: str
    letter_more: str
    optional: str
    letter_words: str
    letter_text: str
    letter_name: str
    letter_contact: str
    letter_share: str
    letter_mail: str
    letter_mail_wrong: str
    letter_send: str
    letter_done: str
    later: str
    trap: str
    receipt: str
    receipt_hint: str
    receipt_title: str
    receipt_open: str
    receipt_unknown: str
    download: str
    return_title: str
    return_hint: str
    return_over: str
    return_stop: str
    return_stopped: str
    erase: str
    erase_sure: str
    go_on: str
    check_again: str
    clear: str
    clear_sure: str
    empty_message: str
    long_message: str
    answer_by: str
    closed_now: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def filled(self, *, advocate: str, topic: str) -> Texts:
        """The texts with a site's names in them; `{date}` and `{when}` stay for whoever prints them."""
        names = self.as_json().items()
        return Texts(**{name: text.replace("{advocate}", advocate).replace("{topic}", topic) for name, text in names})


ENGLISH = Texts(
    language="en",
    chat="Chat",
    launcher="Questions? Ask us",
    subtitle="Automated answers from our page. A person is one tap away",
    talking_with="You are talking with {advocate}",
    close="Close the chat",
    talk_to_person="Talk to a person",
    passed_on="Passed on to {advocate}",
    add_details="Add details for {advocate}",
    emergency_line="Emergency? Call 911",
    emergency_title="Emergency: get help now",
    call_911="Call 911",
    call_988="Call or text 988",
    conversation="Conversation",
    you="You",
    assistant="Automated assistant",
    our_advocate="our patient advocate",
    from_our_page="From our page",
    reviewed="Reviewed by the clinic on {date}",
    not_reviewed="Not yet reviewed by the clinic",
    read_on_page="Read it on the page",
    good_to_know="When to call",
    needed="Was this what you needed?",
    needed_yes="Yes",
    needed_no="No, I’d like a person",
    needed_thanks="Thank you.",
    closest="Closest on our page:",
    none_of_these="None of these, ask a person",
    question="Your question",
    type_question="Type your question",
    question_hint="Ask about {topic}. Please do not send records or pictures.",
    send="Send",
    starters="People often ask",
    sending="Sending",
    sent="Sent",
    seen_by="Seen by {advocate}",
    retrying="Not sent yet, trying again",
    not_sent="Not sent",
    joined="{advocate} is here and can read this chat.",
    left="{advocate} had to go. Your messages are kept.",
    unclaimed="Nobody has answered yet. Your messages are kept. Leave your phone or email, if you want a reply later.",
    assistant_again="The automated assistant answers again.",
    closed="{advocate} has closed this chat. You can ask again.",
    correction="Correction from the clinic",
    was_wrong="The answer to “{question}” was not right for it. Please do not rely on it.",
    erased="The text of this conversation was erased.",
    ended="This chat has ended or was erased.",
    restart="Start a new chat",
    typing="{advocate} is writing",
    reconnecting="Reconnecting. Your messages are kept.",
    unreachable="Chat is not reachable right now. What you write is kept here and sent later.",
    letter_to="Your message to {advocate}",
    letter_more="Add to your message for {advocate}",
    optional="Nothing below is required.",
    letter_words="What is passed on",
    letter_text="Anything to add",
    letter_name="Your name",
    letter_contact="Phone or email, if you want a reply later",
    letter_share="{advocate} may also read what I asked earlier in this chat",
    letter_mail="Email me a link to this chat when there is an answer. Whoever reads that mailbox can open the chat.",
    letter_mail_wrong="Type an email address above, or leave out the email.",
    letter_send="Add this",
    letter_done="Your details were added.",
    later="Not now",
    trap="Leave this empty",
    receipt="Receipt code",
    receipt_hint="Keep it to read or erase this chat later.",
    receipt_title="Read or erase an earlier chat",
    receipt_open="Open the chat",
    receipt_unknown="No chat has this code. Check its letters and try again.",
    download="Download it as text",
    return_title="There is an answer in your chat",
    return_hint="It opens on this device. On a device that others use, choose “Clear this chat” when you are done.",
    return_over="This link no longer works",
    return_stop="No more emails",
    return_stopped="You will get no more emails about this chat.",
    erase="Erase it for good",
    erase_sure="Every word of this chat will be erased. This cannot be undone.",
    go_on="Go on with this chat",
    check_again="Check for new replies",
    clear="Clear this chat",
    clear_sure="Press again to clear it here",
    empty_message="Type your question first.",
    long_message="This is {count} characters too long to send. Nothing was cut: please shorten it.",
    answer_by="You can expect an answer by {when}.",
    closed_now="The clinic is closed now.",
)

SPANISH = Texts(
    language="es",
    chat="Chat",
    launcher="¿Preguntas? Escríbanos",
    subtitle="Respuestas automáticas de nuestra página. Una persona está a un toque",
    talking_with="Está hablando con {advocate}",
    close="Cerrar el chat",
    talk_to_person="Hablar con una persona",
    passed_on="Enviado a {advocate}",
    add_details="Añadir datos para {advocate}",
    emergency_line="¿Emergencia? Llame al 911",
    emergency_title="Emergencia: busque ayuda ahora",
    call_911="Llamar al 911",
    call_988="Llamar al 988",
    conversation="Conversación",
    you="Usted",
    assistant="Asistente automático",
    our_advocate="nuestra defensora del paciente",
    from_our_page="De nuestra página",
    reviewed="Revisado por la clínica el {date}",
    not_reviewed="Aún no revisado por la clínica",
    read_on_page="Leerlo en la página",
    good_to_know="Cuándo llamar",
    needed="¿Era esto lo que necesitaba?",
    needed_yes="Sí",
    needed_no="No, quiero hablar con una persona",
    needed_thanks="Gracias.",
    closest="Lo más parecido en nuestra página:",
    none_of_these="Nada de esto, quiero hablar con una persona",
    question="Su pregunta",
    type_question="Escriba su pregunta",
    question_hint="Pregunte sobre {topic}. Por favor, no envíe expedientes ni fotos.",
    send="Enviar",
    starters="Preguntas frecuentes",
    sending="Enviando",
    sent="Enviado",
    seen_by="Visto por {advocate}",
    retrying="Aún no enviado, se intenta de nuevo",
    not_sent="No enviado",
    joined="{advocate} está aquí y puede leer este chat.",
    left="{advocate} tuvo que irse. Sus mensajes se conservan.",
    unclaimed="Aún nadie ha respondido. Sus mensajes se conservan. Deje su teléfono o correo, si desea una respuesta más tarde.",
    assistant_again="El asistente automático responde otra vez.",
    closed="{advocate} cerró este chat. Puede preguntar de nuevo.",
    correction="Corrección de la clínica",
    was_wrong="La respuesta a «{question}» no era la correcta. Por favor, no se guíe por ella.",
    erased="El texto de esta conversación fue borrado.",
    ended="Este chat ha terminado o fue borrado.",
    restart="Empezar otro chat",
    typing="{advocate} está escribiendo",
    reconnecting="Reconectando. Sus mensajes se conservan.",
    unreachable="El chat no está disponible ahora. Lo que escriba se conserva aquí y se envía después.",
    letter_to="Su mensaje para {advocate}",
    letter_more="Añada algo a su mensaje para {advocate}",
    optional="Nada de lo siguiente es obligatorio.",
    letter_words="Lo que se envía",
    letter_text="Algo más que quiera decir",
    letter_name="Su nombre",
    letter_contact="Teléfono o correo, si desea una respuesta más tarde",
    letter_share="{advocate} también puede leer lo que pregunté antes en este chat",
    letter_mail="Envíenme por correo un enlace a este chat cuando haya respuesta. Quien lea ese buzón puede abrir el chat.",
    letter_mail_wrong="Escriba arriba un correo electrónico, o desmarque el correo.",
    letter_send="Añadir",
    letter_done="Sus datos fueron añadidos.",
    later="Ahora no",
    trap="Deje esto vacío",
    receipt="Código de recibo",
    receipt_hint="Guárdelo para leer o borrar este chat más tarde.",
    receipt_title="Leer o borrar un chat anterior",
    receipt_open="Abrir el chat",
    receipt_unknown="Ningún chat tiene este código. Revise las letras e inténtelo de nuevo.",
    download="Descargarlo como texto",
    return_title="Hay una respuesta en su chat",
    return_hint="Se abre en este dispositivo. Si otros lo usan, elija «Borrar este chat» al terminar.",
    return_over="Este enlace ya no vale",
    return_stop="No más correos",
    return_stopped="No recibirá más correos sobre este chat.",
    erase="Borrarlo para siempre",
    erase_sure="Se borrará cada palabra de este chat. No se puede deshacer.",
    go_on="Seguir con este chat",
    check_again="Ver si hay respuestas nuevas",
    clear="Borrar este chat",
    clear_sure="Oprima otra vez para borrarlo aquí",
    empty_message="Escriba primero su pregunta.",
    long_message="Sobran {count} caracteres para poder enviarlo. No se ha cortado nada: por favor, acórtelo.",
    answer_by="Puede esperar una respuesta antes de {when}.",
    closed_now="La clínica está cerrada ahora.",
)


def texts_in(language: str) -> Texts:
    return SPANISH if language.startswith("es") else ENGLISH


def in_both_languages() -> Mapping[str, tuple[str, str]]:
    """Every text by its name: English, Spanish."""
    spanish = SPANISH.as_json()
    return {name: (text, spanish[name]) for name, text in ENGLISH.as_json().items()}
