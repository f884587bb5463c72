"""python -m index.tune gate | questions DATA | cross | head | asks | scale SOURCES"""

from __future__ import annotations

import sys
from pathlib import Path

import index.tune


def main(arguments: list[str]) -> int:
    """Teach one part and write it."""
    match arguments:
        case ["gate"]:
            from index.tune.gate import tune_gate

            tune_gate()
        case ["questions", data]:
            from index.tune.questions import tune_questions

            tune_questions(Path(data))
        case ["cross"]:
            from index.tune.cross import tune_cross

            tune_cross()
        case ["head"]:
            from index.teaching import gate_lessons, shipped_examples
            from index.tune.gate import tune_head

            tune_head(gate_lessons(shipped_examples()))
        case ["asks"]:
            from index.tune.gate import write_ask_vectors

            write_ask_vectors()
        case ["scale", *folders]:
            from index.tune.scale import tune_scale

            tune_scale([Path(one) for one in folders])
        case _:
            print(index.tune.__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
