"""The visitor's chat widget: its parts, and the one classic script that is made of them. It knows only the HTTP API."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
PARTS = (
    "texts", "emergency", "wire", "log", "quote", "style", "dom", "panel", "answer", "letter", "line", "element", "start",
)  # fmt: skip
"""In the order in which they stand in the script: each uses only those before it."""
_NO_TEXTS = "const TEXTS = {}"
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_REMARK = re.compile(r"^ *(?:/\*\*.*?\*/|//.*?)\n+", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^ +", re.MULTILINE)
_ASKED_FOR = re.compile(r"\btexts\.(\w+)")
_GAP = re.compile(r"\{\w+\}")


def path_of(part: str) -> Path:
    """A part's file: a module, so that node, a browser or an editor can load it by itself."""
    return FOLDER / f"{part}.mjs"


def texts_asked_for() -> frozenset[str]:
    """The names of the texts that the parts use, as `texts.NAME`."""
    return frozenset(_ASKED_FOR.findall(_parts()))


def join(texts: Mapping[str, tuple[str, str]]) -> str:
    """One self-contained classic script: the parts in one closure, with their texts, without imports, remarks and indentation.

    texts: (English, Spanish) by name; a gap such as `{advocate}` is one for whatever the script fills in. More than
    the script asks for may be given. Raises ValueError for one that is missing.
    """
    asked_for = texts_asked_for()
    if missing := asked_for - texts.keys():
        raise ValueError(
            f"the widget asks for texts that it is not given: {', '.join(sorted(missing))}. Add them, or rename."
        )
    said = {name: [_GAP.sub("{}", text) for text in texts[name]] for name in sorted(asked_for)}
    parts = _parts()
    if parts.count(_NO_TEXTS) != 1:
        raise ValueError(f"texts.mjs: expected {_NO_TEXTS!r} once, to put the texts in; found {parts.count(_NO_TEXTS)}")
    filled = parts.replace(_NO_TEXTS, f"const TEXTS = {json.dumps(said, ensure_ascii=False, separators=(',', ':'))}")
    return f"// Patient Advocate: the visitor's chat\n;(() => {{\n{filled}}})()\n"


def _parts() -> str:
    modules = [path_of(part).read_text(encoding="utf-8") for part in PARTS]
    return "".join(_INDENT.sub("", _REMARK.sub("", _EXPORT.sub("", _IMPORT.sub("", one)))) for one in modules)
