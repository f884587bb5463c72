"""Whatever a text of the repository names is in it: files by path or name, and the parts of the policy's page."""

import re
from functools import cache
from pathlib import Path

import pytest

from kb.labels import Label
from kb.policy import DEFAULT_POLICY
from kb.rules import load_rules

ROOT = Path(__file__).parents[1]
# A file's name with a suffix the repository uses, with or without folders before it.
NAME = re.compile(
    r"(?<![\w./{*<-])(?:[\w.-]+/)*[\w-]+\.(?:md|py|yaml|toml|js|css|html|jsonl|json|npz|txt|mako)(?![\w/*(-]|\.\w)"
)
# What stands for a name: "NAME_layers.json", "sites/S/site.toml".
PLACEHOLDER = re.compile(r"(?<![A-Za-z])(?:DATA|DIGEST|FILE|IN|NAME|OUT|S|SITE)(?![A-Za-z])|NAME_")
# Names of files that are made, read or given elsewhere: by a build, a backup, a clinic, a browser, a published package.
MADE_ELSEWHERE = frozenset(
    [
        "manifest.json", "report.json", "scale.json", "gate.npz", "passages.npz", "withheld.json",  # of builds
        "phrasings.jsonl", "examples.jsonl", "golden.jsonl",  # of a site's folder
        "security.txt", "widget.js", "robots.txt",  # served
    ]
)  # fmt: skip


@cache
def files() -> tuple[str, ...]:
    folders = [ROOT / name for name in ("kb", "index", "server", "widget", "tests")]
    found = [path for folder in folders for path in folder.rglob("*") if path.parent.name != "__pycache__"]
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in [*found, *ROOT.iterdir()] if path.is_file()))


def prose_of(path: str) -> str:
    """A Markdown file's text; of code and data the comments and docstrings, where names are told and not used."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".md"):
        return text
    if path.endswith(".py"):
        return "\n".join(re.findall(r'"""(?:.|\n)*?"""|(?<=#) .*', text))
    if path.endswith((".yaml", ".toml", "Makefile", "constraints.txt")):
        return "\n".join(re.findall(r"#.*|^ *source:.*", text, re.MULTILINE))
    return "\n".join(re.findall(r"/\*(?:.|\n)*?\*/|\{#(?:.|\n)*?#\}|(?<!:)//.*", text))


def readable() -> list[str]:
    kinds = (".md", ".py", ".yaml", ".toml", ".js", ".css", ".html", "Makefile", "constraints.txt")
    return [name for name in files() if name.endswith(kinds) and not name.startswith("kb/sites/")]


@cache
def endings() -> frozenset[str]:
    """Every file's path and each of its ends: "kb/sites.py" is also meant by "sites.py"."""
    parts = [name.split("/") for name in files()]
    return frozenset("/".join(one[start:]) for one in parts for start in range(len(one)))


def missing(text: str) -> list[str]:
    found = {match.group().removeprefix("../").removeprefix("../") for match in NAME.finditer(text)}
    told = {name for name in found if not PLACEHOLDER.search(name) and Path(name).name not in MADE_ELSEWHERE}
    return sorted(told - endings())


def test_a_name_of_a_file_that_is_not_there_is_found():
    assert missing("as kb/labels.py and labels.py say (absent.md 1.1; kb/absent.py)") == ["absent.md", "kb/absent.py"]
    assert len(readable()) > 200


@pytest.mark.parametrize("path", readable())
def test_every_file_that_is_named_is_in_the_repository(path):
    assert not missing(prose_of(path))


@pytest.mark.parametrize("path", [name for name in files() if name.endswith(".md")])
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", (ROOT / path).read_text(encoding="utf-8")):
        assert (ROOT / path).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("folder", ["kb", "index", "server", "server/storage", "server/web", "widget"])
def test_a_folder_s_list_names_each_of_its_files(folder):
    listed = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    own = [name for name in files() if name.startswith(f"{folder}/") and name.endswith((".py", ".mjs"))]
    elsewhere = ("server/storage/", "server/web/") if folder == "server" else ("server/storage/database/migrations/",)
    told = [name for name in own if not name.startswith(elsewhere) and not name.endswith("__init__.py")]
    assert not [name for name in told if not re.search(rf"\b{Path(name).name}\b", listed)]


def test_every_rule_names_a_public_source_or_a_part_of_the_policy_s_page():
    page = (DEFAULT_POLICY / "README.md").read_text(encoding="utf-8")
    sections = {part.split("\n")[0]: part for part in page.split("\n## ")[1:]}
    parts = {
        f"policy, {heading}: {bold.lower()}"
        for heading, section in sections.items()
        for bold in re.findall(r"^- \*\*(.+?)\.\*\*", section, re.MULTILINE)
    }
    assert {*Label, "added"} < set(sections)
    for rule in load_rules(DEFAULT_POLICY / "rules").rules:
        for source in rule.source.split("; "):
            own = source.split(" (")[0].removesuffix(", in Spanish")
            # a public source begins with who published it
            assert own in parts if source.startswith("policy") else source[0].isupper(), (rule.id, source)
        assert "policy, " in rule.source, f"{rule.id}: name the part of the policy's page that it carries out"


FAULTS = (ROOT / "server/docs/faults.md").read_text(encoding="utf-8").splitlines()
FAULT_ROWS = [line for line in FAULTS if line.startswith("| ") and not line.startswith("| Fault ")]


@pytest.mark.parametrize("row", FAULT_ROWS, ids=[row.split("|")[1].strip()[:40] for row in FAULT_ROWS])
def test_every_fault_that_is_told_of_is_held_by_tests_that_are_there(row):
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert len(cells) == 6, cells
    held = re.findall(r"`([\w/]+\.py)`((?:,? `test_\w+`)+)", cells[-1])
    assert held, cells[-1]
    for path, names in held:
        text = (ROOT / "tests/server" / path).read_text(encoding="utf-8")
        missing = [name for name in re.findall(r"test_\w+", names) if f"def {name}(" not in text]
        assert not missing, (path, missing)
