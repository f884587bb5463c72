"""Which messages are mostly not in English."""

import time

import pytest

from kb.policy import DEFAULT_POLICY
from kb.reading.language import is_foreign
from kb.rules import load_rules

SPANISH = """
¿Cuánto tiempo dura la inyección?
cuanto dura la inyeccion
donde esta la clinica
me duele mucho la rodilla
necesito una cita para mañana
quiero hablar con una persona
aceptan mi seguro medico
cuanto cuesta el tratamiento
puedo manejar despues de la inyeccion
hola buenos dias tengo una pregunta
hablan espanol ahi
mi mama necesita ayuda con su rodilla
que medicinas usan
tengo miedo a las agujas
por favor llamenme mañana
a que hora abren
muchas gracias por su ayuda
la inyeccion duele mucho?
que es un punto gatillo
cuantas inyecciones voy a necesitar
es seguro para personas con diabetes
mi esposo no puede caminar
quien es la defensora del paciente
como hago una cita
puedo ir al trabajo el mismo dia
tratan la artritis
no entiendo ingles muy bien
estoy embarazada puedo ponerme la inyeccion
tengo fiebre y la rodilla hinchada
gracias por todo adios
se puede comer antes
buenas tardes doctor
que pasa si no funciona
cuánto tarda en hacer efecto
me pueden llamar por teléfono
gracias
que pasa
por favor ayuda
cual es la direccion
necesito cancelar mi cita
ustedes ven radiografias
no me siento bien
puedo llevar a mi hija conmigo
""".strip().splitlines()

OTHERS = """
bonjour combien de temps dure l'injection
j'ai mal au genou
est-ce que vous parlez français
je voudrais prendre rendez-vous
combien ça coûte
où est la clinique
puis-je conduire après la piqûre
je ne comprends pas
ma mère a besoin d'aide
merci beaucoup pour votre aide
est-ce que l'injection fait mal
quels médicaments utilisez-vous
je voudrais parler à quelqu'un
acceptez vous mon assurance
quanto tempo demora a injeção
estou com dor no joelho
vocês aceitam meu plano
quero falar com uma pessoa
onde fica a clínica
obrigado pela ajuda
posso dirigir depois da injeção
preciso marcar uma consulta
a injeção dói muito
minha mãe não consegue andar
quanto custa o tratamento
wie lange dauert die Spritze
was kostet die Behandlung
ich habe Schmerzen im Knie
wo ist die Klinik
kann ich danach Auto fahren
sprechen Sie Deutsch
ich möchte einen Termin
tut die Spritze weh
ich brauche Hilfe bitte
wann haben Sie geöffnet
meine Mutter kann nicht laufen
vielen Dank für Ihre Hilfe
quanto dura l'iniezione
mi fa male il ginocchio
quanto costa il trattamento
vorrei parlare con una persona
dove si trova la clinica
posso guidare dopo l'iniezione
grazie mille per l'aiuto
ho bisogno di un appuntamento
hoe lang duurt de injectie
ik heb pijn in mijn knie
wat kost de behandeling
kan ik na de injectie rijden
ik wil een afspraak maken
spreekt iemand hier nederlands
ile kosztuje zastrzyk
boli mnie kolano
chcę umówić wizytę
czy mogę prowadzić po zastrzyku
jak długo trwa leczenie
czy ktoś mówi po polsku
masakit ang tuhod ko
magkano po ang turok
gaano katagal bago gumaling
pwede po bang magtanong
kailangan ko ng doktor
saan po ang klinika ninyo
salamat po sa tulong
mwen gen doulè nan jenou
konbyen sa koute
eske ou pale kreyol
mwen bezwen pale ak yon moun
ki kote klinik la ye
tôi bị đau đầu gối
tiêm có đau không
giá bao nhiêu tiền
toi bi dau goi
phòng khám ở đâu
tôi muốn nói chuyện với người thật
cảm ơn bác sĩ rất nhiều
cât costă tratamentul
mă doare genunchiul
aș vrea o programare
unde este clinica
berapa lama suntikan ini
lutut saya sakit sekali
berapa biaya perawatan
saya ingin bicara dengan orang
dizim çok ağrıyor
iğne ne kadar sürer
randevu almak istiyorum
klinik nerede acaba
jag har ont i knäet
hur länge varar injektionen
vad kostar behandlingen
jeg har vondt i kneet
hvor mye koster behandlingen
hvor lang tid tager det
nagyon fáj a térdem
mennyibe kerül a kezelés
bolí mě koleno
kolik to stojí
boli me koljeno
koliko košta injekcija
goti langu lina maumivu
nataka kuzungumza na daktari
сколько стоит укол
у меня болит колено
можно поговорить с человеком
где находится клиника
скільки коштує укол
болить коліно
колко струва
多少钱
我的膝盖很痛
打针要多久
你们接受我的保险吗
膝が痛いです
注射はどのくらいかかりますか
ありがとうございました
무릎이 아파요
주사 비용이 얼마예요
예약하고 싶어요
كم تكلفة الحقنة
ركبتي تؤلمني
أين العيادة
چقدر طول میکشد
זריקה כמה זה עולה
הברך שלי כואבת
πόσο κοστίζει
με πονάει το γόνατο
मेरे घुटने में दर्द है
इंजेक्शन की कीमत क्या है
আমার হাঁটুতে ব্যথা
ਮੇਰੇ ਗੋਡੇ ਵਿੱਚ ਦਰਦ ਹੈ
என் முழங்கால் வலிக்கிறது
నా మోకాలు నొప్పి
เจ็บเข่ามาก
ราคาเท่าไหร่
គ្រោះថ្នាក់ទេ
ጉልበቴ ያመኛል
ծունկս ցավում է
მუხლი მტკივა
""".strip().splitlines()

TRICKY_ENGLISH = """
hola, how long does it take
hola
merci
ciao
do you speak español
is there an interpreter for spanish
can my abuela come with me
bonjour! where do I park
hello
hi
thx
ok
k
yes
no
knee
injection?
price
asdf
asdfgh jkl
qwerty uiop zxcvb
sdkfjh sdkjfh ksdjfh
blah blah blah
lol ok
omg ty
wut r u
wat is dis
how mutch dose it cots
dose teh injecton hert
iz it safe 4 me
pls halp me bok
wen can i drive agen
my nee hurts reel bad
were r u locatd
wat tim do u opn
thnk u so much
u guys r gr8
kk cool
idk tbh
nvm
ur welcome
yo whats up doc
sup
howdy yall
aight bet
fr fr no cap
ngl kinda scared
👍
❤️❤️❤️
🙂 thanks
???
123
555-123-4567
pat@clinic.com
https://example.com/es/rodilla
Juan Carlos Hernandez
Maria de la Cruz
Nguyen Van Anh
Jean-Pierre Dubois
my name is José García
I'm Giuseppe Di Marco
ask for Dr. Müller
Siobhan O'Connor
the café next door
my résumé
déjà vu
is it à la carte
et cetera
per diem
pro bono
vis a vis
ad hoc question
bone on bone
MRI
PRP?
ACL tear
ibuprofen
Synvisc One
hyaluronic acid
corticosteroid
lidocaine bupivacaine
platelet rich plasma
patellofemoral pain syndrome
osteoarthritis gonarthrosis
trigger point
x-ray
Blue Cross Blue Shield
Aetna PPO
Medicare Part B
Kaiser Permanente
El Paso
Los Angeles
San Antonio Texas
Des Moines
La Jolla office
Santa Fe clinic?
Baton Rouge
who is Pat Cashen
no problemo
mucho thanks
adios amigo thanks for the help
por favor can you call me
si i want that
it was no bueno for my knee
my knee is kaput
hasta la vista knee pain
c'est la vie, how much is it
gesundheit
schadenfreude lol
kindergarten teacher can i work after
can I eat tacos after
tai chi ok after?
does pilates help
feng shui waiting room
i do karate
ja
nein
oui oui
si
wow
hmm
ugh
ouch ouch ouch
aaaaaaa
help
help me
helllp
agent
call me
me too
on it
come on
no no no
die hard fan of the clinic
i am in pain
was it a man
in the van
so we do
to me it is on
male 45
per visit cost
do you do it
are my son and i ok to come
""".strip().splitlines()


IN_OTHER_LANGUAGES = {"crisis_spanish", "crisis_other_languages", "other_languages_signs"}


def rule_examples() -> list[str]:
    rules = load_rules(DEFAULT_POLICY / "rules").rules
    english = [rule for rule in rules if not rule.id.startswith("es_") and rule.id not in IN_OTHER_LANGUAGES]
    return [example for rule in english for example in (*rule.yes, *rule.no)]


def test_messages_in_other_languages_are_found():
    foreign = SPANISH + OTHERS
    missed = [text for text in foreign if not is_foreign(text)]
    assert len(foreign) >= 150
    assert len(missed) <= 0.03 * len(foreign), missed


def test_english_however_short_or_odd_is_not_called_foreign():
    english = TRICKY_ENGLISH + rule_examples()
    called_foreign = [text for text in english if is_foreign(text)]
    assert len(english) >= 300
    assert len(called_foreign) <= 0.005 * len(english), called_foreign


def test_spanish_without_accents_is_found():
    assert is_foreign("cuanto tiempo dura la inyeccion de rodilla")


def test_a_foreign_greeting_in_an_english_message_does_not_count():
    assert not is_foreign("hola, how long does it take")


def test_a_disguised_english_word_is_not_foreign():
    assert not is_foreign("I have ch\u0435st pain")


@pytest.mark.parametrize("text", ["", " ", "\n", "😀", "\u200b", "a" * 16_384, "é" * 5_000, "ab " * 5_000])
def test_any_text_is_judged_quickly(text: str):
    is_foreign("warm up: the model loads once")
    start = time.thread_time()
    is_foreign(text)
    assert time.thread_time() - start < 0.1
