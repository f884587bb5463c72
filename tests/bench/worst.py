"""What the costliest messages one may send cost, as a ratio to a plain question: processor time, in one process.

python -m tests.bench.worst [BUILD MODELS]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.encoding.encode import OnnxEncoder
from server.answers.assistant import MAX_CHARS, Assistant
from server.figures.evaluation import load_questions

QUESTIONS = Path(__file__).parents[1] / "server" / "data" / "kneecare_validation.jsonl"
AT_MOST = 15.0  # plain questions a message may cost
ROUNDS = 3
WORDS = (
    *("knee", "walk", "drive", "home", "long", "injecton", "needle", "pain", "sor", "doctor", "clinc", "visit", "hurt"),
    *("book", "appointmnt", "works", "it", "that"),
)
LENGTHS = (100, 150, 200, 250, 300, 400, 600, 1_000, 2_000, MAX_CHARS)


def main() -> int:
    build, models = (Path(one) for one in (sys.argv[1:] or ("var/test-build", "var/test-models")))
    loaded = load_build(build)
    assistant = Assistant(loaded, OnnxEncoder(encoder_folder(models, loaded.manifest.model_digest)))
    texts = [one.text for one in load_questions(QUESTIONS) if not one.history][:60]
    assistant.reply("¿Cuánto dura? " + texts[0])  # what is loaded when first asked for
    plain = median(cost_ms(assistant, one) for one in texts)
    costs = {name: cost_ms(assistant, text, history) / plain for name, text, history in messages()}
    for name, ratio in sorted(costs.items(), key=lambda one: -one[1])[:10]:
        print(f"{ratio:6.1f} plain questions: {name}")
    print(
        f"a plain question {plain:.2f} ms; the costliest message {max(costs.values()):.1f} of them, at most {AT_MOST}"
    )
    return int(max(costs.values()) > AT_MOST)


def messages() -> Iterator[tuple[str, str, Sequence[str]]]:
    """What is sent, in words; its text; and what was sent before."""
    chance = random.Random(7)
    for length in LENGTHS:
        for name, ends in (("questions", "?"), ("remarks", "."), ("one sentence", "")):
            text = ""
            while len(text) < length:
                text += " ".join(chance.choices(WORDS, k=chance.randint(2, 5))) + ends + " "
            yield f"{length} characters, {name}", text[:length].strip(), ()
    letters = "".join(chance.choices("abcdefghij klmnopq rstuv wxyz ? ", k=MAX_CHARS)).strip()
    yield "letters at random", letters, ()
    yield "question marks", "?" * MAX_CHARS, ()
    yield "a question of one letter, again and again", "a?" * (MAX_CHARS // 2), ()
    yield "Chinese", "膝盖疼？" * (MAX_CHARS // 4), ()
    yield "a short question after long ones", "can i drive after that?", [text[:MAX_CHARS]] * 20


def cost_ms(assistant: Assistant, text: str, history: Sequence[str] = ()) -> float:
    """The least processor time of a reply, in milliseconds: what the machine did besides is not its cost."""
    costs = []
    for _ in range(ROUNDS):
        started = time.process_time()
        assistant.reply(text, history)
        costs.append(1000 * (time.process_time() - started))
    return min(costs)


if __name__ == "__main__":
    raise SystemExit(main())
