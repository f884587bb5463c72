"""The fixed replies are the policy's, word for word, and every change of the policy's files shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from kb.policy import DEFAULT_POLICY, FixedReplies, load_policy
from kb.rules import PolicyError
from kb.sites import SITES, load_site

# The table of the policy, section 4.
TABLE = {
    "emergency": (
        "This may be an emergency. Call 911 now or go to the nearest emergency room. Do not wait for a reply "
        "here. If you or someone else may be thinking of suicide or self-harm, call or text 988 at any time.",
        "Esto puede ser una emergencia. Llame al 911 ahora o vaya a la sala de emergencias más cercana. No "
        "espere una respuesta aquí. Si usted u otra persona piensa en el suicidio o en hacerse daño, llame al"
        " 988 (oprima 2 para español).",
    ),
    "emergency_sent": (
        "Our patient advocate is being alerted too.",
        "También estamos avisando a una persona de la clínica.",
    ),
    "clinical": (
        "This is about someone's own health, so a person needs to answer it. I can't give medical advice. If "
        "it gets worse or feels urgent, call 911.",
        "Se trata de la salud de una persona, así que debe responder una persona. No puedo dar consejos "
        "médicos. Si empeora o le parece urgente, llame al 911.",
    ),
    "outside": (
        "Our page does not cover that, so I can't answer it. Our patient advocate can help.",
        "Nuestra página no trata ese tema, así que no puedo responder. Nuestra defensora del paciente puede ayudarle.",
    ),
    "human": (
        "Of course. Our patient advocate will answer you.",
        "Por supuesto. Le responderá nuestra defensora del paciente.",
    ),
    "sent": (
        "I have passed your message on. Leave your name and the best way to reach you if you want a reply later.",
        "He enviado su mensaje. Deje su nombre y cómo comunicarnos con usted si desea una respuesta más tarde.",
    ),
    "answer_line": (
        "This is general information from our page, not medical advice.",
        "Esta es información general de nuestra página, no un consejo médico.",
    ),
    "standing_note": (
        "After an injection, fever, a hot or fast-swelling knee, or worsening pain needs a same-day call to a"
        " clinician. Trouble breathing, chest pain or swelling of the face: call 911.",
        "Después de una inyección, la fiebre, una rodilla caliente o que se hincha rápido, o un dolor que "
        "empeora requieren llamar a un médico el mismo día. Dificultad para respirar, dolor en el pecho o "
        "hinchazón de la cara: llame al 911.",
    ),
    "greeting": (
        "Hello, I am {clinic}'s automated assistant. I can quote our page on {topic} or pass you to our "
        "patient advocate.",
        "Hola, soy el asistente automático de {clinic}. Puedo citar nuestra página sobre {topic} o "
        "comunicarle con nuestra defensora del paciente.",
    ),
    "thanks": (
        "You're welcome. Take care.",
        "De nada. Cuídese.",
    ),
    "not_passed_on": (
        "I could not reach our patient advocate. Please contact the clinic directly, and call 911 if it is urgent.",
        "No pude comunicarme con nuestra defensora del paciente. Llame directamente a la clínica y, si es "
        "urgente, al 911.",
    ),
}
BOTH = (
    "A person will read your message and reply. In an emergency call 911. / "
    "Una persona leerá su mensaje y le responderá. En una emergencia llame al 911."
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_POLICY, tmp_path / "policy"))


def test_the_twelve_fixed_replies_are_the_policy_s_word_for_word():
    replies = load_policy().replies
    found = {name: (getattr(replies, name).en, getattr(replies, name).es) for name in FixedReplies.model_fields}
    assert found == {**TABLE, "other_language": (BOTH, BOTH)}
    assert len(found) == 12


def test_every_placeholder_is_filled_by_a_site():
    site = load_site(SITES / "kneecare")
    for pair in load_policy().replies.model_dump().values():
        for text in pair.values():
            assert set(re.findall(r"{(\w*)}", text)) <= {"clinic", "topic", "advocate"}
            assert not re.search(r"[{}]", site.fill(text))


def test_the_same_files_are_the_same_version_and_one_byte_makes_another(folder):
    before = load_policy(folder).version
    assert before == load_policy().version
    for path in sorted(folder.rglob("*.yaml")):
        data = path.read_bytes()
        path.write_bytes(data + b"#")
        assert load_policy(folder).version != before
        path.write_bytes(data)
    assert load_policy(folder).version == before


@pytest.mark.parametrize(
    "text", ["emergency: [", "emergency: {en: a, es: b}", "- a", "", "emergency: {en: a}\nnew: {en: a, es: b}"]
)
def test_replies_that_cannot_be_read_are_refused_with_the_file_s_name(folder, text):
    (folder / "replies.yaml").write_text(text)
    with pytest.raises(PolicyError, match=r"replies\.yaml"):
        load_policy(folder)


def test_a_reply_without_its_spanish_is_refused(folder):
    path = folder / "replies.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  es: De nada. Cuídese.\n", ""), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"replies\.yaml(?s:.*)thanks"):
        load_policy(folder)


def test_rules_that_cannot_be_read_are_refused_with_the_file_s_name(folder):
    (folder / "rules" / "human.yaml").write_text("- id: [")
    with pytest.raises(PolicyError, match=r"human\.yaml"):
        load_policy(folder)


def test_a_folder_without_a_policy_is_refused(tmp_path):
    with pytest.raises(PolicyError, match=r"replies\.yaml"):
        load_policy(tmp_path)
