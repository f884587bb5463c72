"""What it saves to read messages together, in processor time; and that every one is decided as it is alone.

python -m tests.bench.batches [--write] [BUILD MODELS]        --write draws server/docs/speed.svg
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.encoding.encode import OnnxEncoder
from server.answers.assistant import Assistant
from server.figures.evaluation import load_questions
from tests.bench.chart import bars
from tests.server.answers.test_batches import in_batches, is_same

DATA = Path(__file__).parents[1] / "server" / "data"
DOCS = Path(__file__).parents[2] / "server" / "docs"
SIZES = (1, 2, 4, 8, 16, 64)


def main() -> int:
    given = [one for one in sys.argv[1:] if one != "--write"]
    build, models = (Path(one) for one in (given or ("var/test-build", "var/test-models")))
    loaded = load_build(build)
    assistant = Assistant(loaded, OnnxEncoder(encoder_folder(models, loaded.manifest.model_digest)))
    questions = [one for name in ("validation", "dev") for one in load_questions(DATA / f"kneecare_{name}.jsonl")]
    alone = [assistant.reply(one.text, one.history) for one in questions]
    differing = 0
    costs: dict[str, float] = {}
    print("| waiting together | ms of processor time a message | decided otherwise than alone |")
    print("|---|---|---|")
    for size in SIZES:
        order = list(range(len(questions)))
        random.Random(size).shuffle(order)
        began = time.process_time()
        replies = asyncio.run(in_batches(assistant, [questions[at] for at in order], size))
        cost_ms = 1000 * (time.process_time() - began) / len(questions)
        others = sum(not is_same(reply, alone[at]) for at, reply in zip(order, replies, strict=True))
        differing += others
        costs["one alone" if size == 1 else f"{size} together"] = cost_ms
        print(f"| {size} | {cost_ms:.1f} | {others} of {len(questions)} |", flush=True)
    if "--write" in sys.argv:
        shares = {name: cost / costs["one alone"] for name, cost in costs.items()}
        chart = bars("Processor time a message takes, by how many wait together", shares)
        (DOCS / "speed.svg").write_text(chart, encoding="utf-8")
    return int(differing > 0)


if __name__ == "__main__":
    raise SystemExit(main())
