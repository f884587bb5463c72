"""How much a whole decision costs beside one embedding of the message, in one process that imports no torch.

python -m tests.bench.speed [BUILD MODELS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.encoding.encode import OnnxEncoder
from index.model import find_model, model_digest
from server.answers.assistant import Assistant
from server.figures.evaluation import load_questions

QUESTIONS = Path(__file__).parents[1] / "server" / "data" / "kneecare_validation.jsonl"
ROUNDS = 7
AT_MOST = 3.0  # embeddings a decision may cost
EXPORT = """
import sys
from pathlib import Path
from index.encoding.embed import ReferenceEncoder, export_encoder
from index.model import find_model
export_encoder(ReferenceEncoder(find_model(), tuned=False), Path(sys.argv[1]))
"""


def main() -> int:
    build, models = (Path(one) for one in (sys.argv[1:] or ("var/test-build", "var/test-models")))
    loaded = load_build(build)
    encoder = OnnxEncoder(encoder_folder(models, loaded.manifest.model_digest))
    assistant = Assistant(loaded, encoder)
    texts = [one.text for one in load_questions(QUESTIONS) if not one.history]
    with tempfile.TemporaryDirectory() as folder:
        plain = plain_encoder(Path(folder))
    embed = [timed(lambda text: plain.encode([text]), texts) for _ in range(ROUNDS)]
    decide = [timed(assistant.reply, texts) for _ in range(ROUNDS)]
    ratio = median(one / other for one, other in zip(decide, embed, strict=True))
    print(
        f"one embedding {median(embed):.2f} ms, a whole decision {median(decide):.2f} ms: {ratio:.2f} times", end="; "
    )
    print(f"at most {AT_MOST} allowed; torch imported: {'torch' in sys.modules}")
    return int(ratio > AT_MOST or "torch" in sys.modules)


def plain_encoder(models: Path) -> OnnxEncoder:
    """The model without the tuned layers: sentence vectors alone. Exported in a process of its own, which needs torch."""
    subprocess.run([sys.executable, "-c", EXPORT, str(models)], check=True)
    return OnnxEncoder(encoder_folder(models, model_digest(find_model())))


def timed(call: Callable[[str], object], texts: list[str]) -> float:
    """Mean milliseconds a text."""
    started = time.perf_counter()
    for text in texts:
        call(text)
    return 1000 * (time.perf_counter() - started) / len(texts)


if __name__ == "__main__":
    raise SystemExit(main())
