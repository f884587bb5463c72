"""The visitor's chat widget: its parts, and the one classic script that is made of them. It knows only the HTTP API."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from string import ascii_letters

FOLDER = Path(__file__).parent
PARTS = (
    "texts", "emergency", "wire", "drawer", "log", "quote", "style", "dom", "panel", "answer", "letter", "line", "outbox",
    "element", "start",
)  # fmt: skip
"""In the order in which they stand in the script: each uses only those before it."""
_NO_LANGUAGES = "const LANGUAGES=[]"
_NO_TEXTS = "const TEXTS={}"
_NO_SIGNS = "const SIGNS=''"
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_REMARK = re.compile(r"^ *(?:/\*\*.*?\*/|//.*?)\n+", re.MULTILINE | re.DOTALL)
_ASIDE = re.compile(r"(?<=\S) +// .*")
_INDENT = re.compile(r"^ +", re.MULTILINE)
_ASKED_FOR = re.compile(r"\btexts\.(\w+)")
_PRIVATE = re.compile(r"(?<=this\.)#(\w+)")
_GAP = re.compile(r"\{\w+\}")
_LITERAL = re.compile(
    r"""('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$\{[^{}`]*(?:`[^`]*`[^{}`]*)*\}|[^`\\])*`"""
    r"""|(?:(?<=[(!\[])|(?<=[=(,:&|?] )|(?<=return ))/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\n\\\[])+/[gimsuy]*)"""
)
_AROUND = re.compile(r" ?([=+*/<>!&|?:,;(){}\[\]-]+) ?")
_NEEDLESS = re.compile(r"(?<=[{(\[,\n])\n+|\n+(?=[})\]])")
_SHORT_NAMES = (*ascii_letters, *map("".join, product("_$", ascii_letters)))


def path_of(part: str) -> Path:
    """A part's file: a module, so that node, a browser or an editor can load it by itself."""
    return FOLDER / f"{part}.mjs"


def texts_asked_for() -> frozenset[str]:
    """The names of the texts that the parts use, as `texts.NAME`."""
    return frozenset(_ASKED_FOR.findall(_parts()))


def join(languages: Sequence[str], texts: Mapping[str, Sequence[str]], signs: Iterable[str]) -> str:
    """One self-contained classic script: the parts in one closure, with their words, without imports, remarks and indentation.

    texts: by name, in the languages' order; a gap such as `{advocate}` is one for whatever the script fills in. More than
    the script asks for may be given. signs: of an emergency, as `server/core/matching/plain_signs.py` writes them.
    Raises ValueError for a text that is missing.
    """
    asked_for = texts_asked_for()
    if missing := asked_for - texts.keys():
        raise ValueError(
            f"the widget asks for texts that it is not given: {', '.join(sorted(missing))}. Add them, or rename."
        )
    short = dict(zip(sorted(asked_for), _SHORT_NAMES, strict=False))
    said = {short[name]: [_GAP.sub("{}", text) for text in texts[name]] for name in short}
    parts = _squeeze(_short(_ASKED_FOR.sub(lambda found: f"texts.{short[found[1]]}", _parts())))
    filled = _put(_put(parts, _NO_LANGUAGES, list(languages)), _NO_TEXTS, said)
    filled = _put(filled, _NO_SIGNS, "\n".join(signs))
    return f"// Patient Advocate: the visitor's chat\n;(() => {{\n{filled}}})()\n"


def _put(parts: str, empty: str, value: object) -> str:
    """The parts with a value where its empty one stands."""
    if parts.count(empty) != 1:
        raise ValueError(f"the parts: expected {empty!r} once, to put its value in; found {parts.count(empty)}")
    name, _, _ = empty.partition("=")
    return parts.replace(empty, f"{name}={json.dumps(value, ensure_ascii=False, separators=(',', ':'))}")


def _short(parts: str) -> str:
    """The parts with short names for private members: those are nobody else's."""
    names = [name for name, _ in Counter(_PRIVATE.findall(parts)).most_common()]
    short = {name: f"#{letter}" for name, letter in zip(names, _SHORT_NAMES, strict=False)}
    return re.sub(r"(?<![\w'\"&])#(\w+)", lambda found: short.get(found[1], found[0]), parts)


def _squeeze(parts: str) -> str:
    """The parts without spaces around signs and line ends that end nothing. Strings, templates and patterns keep theirs."""
    pieces = _LITERAL.split(parts)
    return "".join(
        piece if number % 2 else _NEEDLESS.sub("", _AROUND.sub(r"\1", piece)) for number, piece in enumerate(pieces)
    )


def _parts() -> str:
    modules = [path_of(part).read_text(encoding="utf-8") for part in PARTS]
    for useless in (_IMPORT, _EXPORT, _REMARK, _ASIDE, _INDENT):
        modules = [useless.sub("", one) for one in modules]
    return "".join(modules)
