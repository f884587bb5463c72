"""The words of the visitor's interface, in the two languages, for the widget and the pages alike.

What the assistant may *say* is not here: that is the policy's. All Spanish awaits the clinic's approval.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """Every label and line around a conversation. `{advocate}` stands for the advocate's first name."""

    language: str
    launcher: str
    subtitle: str
    close: str
    talk_to_person: str
    emergency_line: str
    emergency_title: str
    call_911: str
    call_988: str
    crisis_line: str
    conversation: str
    you: str
    assistant: str
    from_our_page: str
    reviewed: str
    not_reviewed: str
    read_on_page: str
    good_to_know: str
    needed: str
    needed_yes: str
    needed_no: str
    needed_thanks: str
    did_you_mean: str
    question: str
    question_hint: str
    send: str
    starters: str
    not_sent: str
    sent: str
    seen: str
    waiting_again: str
    assistant_again: str
    closed: str
    erased: str
    typing: str
    reconnecting: str
    unreachable: str
    letter_title: str
    letter_lead: str
    letter_name: str
    letter_contact: str
    letter_contact_hint: str
    letter_text: str
    letter_share: str
    letter_send: str
    letter_done: str
    trap: str
    receipt: str
    receipt_hint: str
    check_again: str
    clear: str
    empty_message: str
    long_message: str
    answer_by: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def filled(self, *, advocate: str, topic: str) -> Texts:
        """The texts with a site's names in them; `{date}` and `{when}` stay for whoever prints them."""
        names = self.as_json().items()
        return Texts(**{name: text.replace("{advocate}", advocate).replace("{topic}", topic) for name, text in names})


ENGLISH = Texts(
    language="en",
    launcher="Questions? Ask us",
    subtitle="Automated answers from our page. A person is one tap away.",
    close="Close",
    talk_to_person="Talk to a person",
    emergency_line="Emergency? Call 911.",
    emergency_title="Emergency: get help now",
    call_911="Call 911",
    call_988="Call or text 988",
    crisis_line="Thoughts of suicide or self-harm? Call or text 988 at any time.",
    conversation="Conversation",
    you="You",
    assistant="Automated assistant",
    from_our_page="From our page",
    reviewed="Reviewed by the clinic on {date}",
    not_reviewed="Not yet reviewed by the clinic",
    read_on_page="Read it on the page",
    good_to_know="When to call",
    needed="Was this what you needed?",
    needed_yes="Yes",
    needed_no="No, I'd like a person",
    needed_thanks="Thank you for telling us.",
    did_you_mean="Did you mean one of these?",
    question="Your question",
    question_hint="Ask about {topic}. Please do not send records or pictures.",
    send="Send",
    starters="People often ask",
    not_sent="Not sent yet",
    sent="Sent to {advocate}",
    seen="{advocate} has joined. The automated assistant is silent now.",
    waiting_again="Your message is back in line for the next person.",
    assistant_again="The automated assistant answers again.",
    closed="This conversation is closed. You can start a new one.",
    erased="The text of this conversation was erased.",
    typing="{advocate} is writing",
    reconnecting="Reconnecting",
    unreachable="Chat is not reachable right now. Your question is kept here.",
    letter_title="Add to your message for {advocate}",
    letter_lead="Your message has been passed on. Nothing below is required.",
    letter_name="Your name",
    letter_contact="Phone or email",
    letter_contact_hint="The best way to reach you, if you want a reply later.",
    letter_text="Anything to add",
    letter_share="{advocate} may read what I asked earlier in this chat",
    letter_send="Add this",
    letter_done="Your details were added.",
    trap="Leave this empty",
    receipt="Receipt code",
    receipt_hint="Keep it to read or erase this conversation later.",
    check_again="Check for new replies",
    clear="Clear this chat",
    empty_message="Type your question first.",
    long_message="That is longer than 4,000 characters. Please shorten it.",
    answer_by="You can expect an answer by {when}.",
)

SPANISH = Texts(
    language="es",
    launcher="¿Preguntas? Escríbanos",
    subtitle="Respuestas automáticas de nuestra página. Una persona está a un toque.",
    close="Cerrar",
    talk_to_person="Hablar con una persona",
    emergency_line="¿Emergencia? Llame al 911.",
    emergency_title="Emergencia: busque ayuda ahora",
    call_911="Llamar al 911",
    call_988="Llamar o escribir al 988",
    crisis_line="¿Pensamientos de suicidio o de hacerse daño? Llame al 988 (oprima 2 para español).",
    conversation="Conversación",
    you="Usted",
    assistant="Asistente automático",
    from_our_page="De nuestra página",
    reviewed="Revisado por la clínica el {date}",
    not_reviewed="Aún no revisado por la clínica",
    read_on_page="Leerlo en la página",
    good_to_know="Cuándo llamar",
    needed="¿Era esto lo que necesitaba?",
    needed_yes="Sí",
    needed_no="No, quiero hablar con una persona",
    needed_thanks="Gracias por decírnoslo.",
    did_you_mean="¿Quiso decir una de estas?",
    question="Su pregunta",
    question_hint="Pregunte sobre {topic}. Por favor, no envíe expedientes ni fotos.",
    send="Enviar",
    starters="Preguntas frecuentes",
    not_sent="Aún no enviado",
    sent="Enviado a {advocate}",
    seen="{advocate} se ha unido. El asistente automático ya no responde.",
    waiting_again="Su mensaje espera de nuevo a la próxima persona.",
    assistant_again="El asistente automático responde otra vez.",
    closed="Esta conversación está cerrada. Puede empezar otra.",
    erased="El texto de esta conversación fue borrado.",
    typing="{advocate} está escribiendo",
    reconnecting="Reconectando",
    unreachable="El chat no está disponible ahora. Su pregunta se conserva aquí.",
    letter_title="Añada algo a su mensaje para {advocate}",
    letter_lead="Su mensaje ya fue enviado. Nada de lo siguiente es obligatorio.",
    letter_name="Su nombre",
    letter_contact="Teléfono o correo electrónico",
    letter_contact_hint="La mejor manera de comunicarnos con usted, si desea una respuesta más tarde.",
    letter_text="Algo más que quiera decir",
    letter_share="{advocate} puede leer lo que pregunté antes en este chat",
    letter_send="Añadir",
    letter_done="Sus datos fueron añadidos.",
    trap="Deje esto vacío",
    receipt="Código de recibo",
    receipt_hint="Guárdelo para leer o borrar esta conversación más tarde.",
    check_again="Ver si hay respuestas nuevas",
    clear="Borrar este chat de la pantalla",
    empty_message="Escriba primero su pregunta.",
    long_message="Tiene más de 4,000 caracteres. Por favor, acórtela.",
    answer_by="Puede esperar una respuesta antes de {when}.",
)


def texts_in(language: str) -> Texts:
    return SPANISH if language.startswith("es") else ENGLISH
