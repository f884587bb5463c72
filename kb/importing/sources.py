"""Opens what is to be imported, a file or an address, and refuses what is not what it says it is."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zipfile import BadZipFile, ZipFile

from kb.errors import AdvocateError
from kb.importing.fetching import FetchFailed, fetch

MAX_BYTES = 20 * 2**20
# Of a Word file or workbook, unpacked: its XML, some thousand pages, of which its libraries take 50 times as much; and all of it.
MAX_XML_BYTES = 16 * 2**20
MAX_UNPACKED_BYTES = 10 * MAX_BYTES

KINDS = frozenset([".html", ".md", ".txt", ".docx", ".pdf", ".csv", ".tsv", ".xlsx", ".jsonl", ".json"])

_WEB_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/ld+json": ".json",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_SAME = {".htm": ".html", ".xhtml": ".html", ".markdown": ".md", ".jsonld": ".json", ".ndjson": ".jsonl"}

_SAVE_AS = {
    **dict.fromkeys([".doc", ".rtf", ".odt", ".pages"], ".docx"),
    **dict.fromkeys([".xls", ".xlsm", ".xlsb", ".ods", ".numbers"], ".xlsx or CSV UTF-8"),
    **dict.fromkeys([".ppt", ".pptx", ".odp", ".key"], ".pdf"),
}

_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


class ImportFailed(AdvocateError):
    """A source that cannot be imported: its name, what was expected, and the way out. `status` is the site's, if one answered."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a source and what is known of it. `suffix` is one of KINDS, `page_id` the name its page gets.

    `columns` are the heads of a sheet's question and answer columns, when they are not the usual ones.
    """

    data: bytes
    suffix: str
    where: str
    page_id: str
    url: str
    charset: str = ""
    is_fetched: bool = False
    columns: tuple[str, ...] = ()


def open_source(source: str | Path, *, allow_private: bool) -> Source:
    """Read a file or fetch an address. Raises ImportFailed."""
    text = str(source)
    if isinstance(source, str) and re.match(r"https?://", text, re.IGNORECASE):
        found = _fetched(text, allow_private=allow_private)
    else:
        path = Path(source)
        found = Source(_bytes_of(path), _suffix(path.name), text, _slug(path.stem), "")
    if found.suffix not in KINDS:
        kinds = ", ".join(sorted(KINDS))
        raise ImportFailed(
            f"{text}: one of {kinds} expected, found {found.suffix or 'no ending'}. "
            f"Save it as {_SAVE_AS.get(found.suffix, 'one of them')}."
        )
    _refuse_other_kind(found)
    if found.suffix in {".docx", ".xlsx"}:
        _refuse_unsound_package(found)
    return found


def address_key(url: str) -> str:
    """What two addresses of one page have in common: no scheme, `www.`, index file, last slash or fragment."""
    parts = urlsplit(url.strip())
    host = (parts.netloc.casefold().rpartition("@")[2]).removeprefix("www.")
    path = re.sub(r"(?:/(?:index|default)\.\w+)?/*$", "", unquote(parts.path))
    return f"{host}{path}?{parts.query}"


def page_name(url: str) -> str:
    """A page's name by its whole path, so that two pages of one site seldom share it."""
    parts = urlsplit(url)
    path = re.sub(r"(?:/(?:index|default))?(?:\.\w{2,5})?/*$", "", unquote(parts.path))
    return _slug(path) if path.strip("/") else _slug(parts.hostname or "page")


def _fetched(address: str, *, allow_private: bool) -> Source:
    try:
        got = fetch(address, max_bytes=MAX_BYTES, allow_private=allow_private)
    except FetchFailed as error:
        raise ImportFailed(str(error), error.status) from error
    parts = urlsplit(got.address)
    name = Path(unquote(parts.path)).name or parts.hostname or "page"
    suffix = _WEB_TYPES.get(got.media_type, _suffix(name))
    plain = suffix if suffix != ".txt" else _suffix(name) if _suffix(name) in KINDS else suffix
    page_id = _slug(Path(name).stem if _suffix(name) in KINDS else name)
    return Source(got.data, plain, address, page_id, got.address, got.charset, is_fetched=True)


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if path.is_file() and size <= MAX_BYTES else b""
    except OSError as error:
        raise ImportFailed(f"{path}: cannot be read ({error.strerror}). Check its name and permissions.") from error
    if not path.is_file():
        raise ImportFailed(f"{path}: a file was expected. For a folder use `advocate build --from {path} --out DIR`.")
    if size > MAX_BYTES:
        raise ImportFailed(f"{path}: {size / 2**20:.0f} MB, at most {MAX_BYTES // 2**20} can be read. Split it.")
    return data


def _refuse_other_kind(source: Source) -> None:
    """Refuse a file that is not what its name says."""
    if not source.data.strip():
        raise ImportFailed(f"{source.where}: empty. Check that it was saved.")
    found, ending = _kind_of(source.data), source.suffix
    if found and ending not in found.endings:
        raise ImportFailed(f"{source.where}: ends in {ending}, but {found.words}. {found.way_out}")
    if not found and ending in _MARKED:
        raise ImportFailed(
            f"{source.where}: ends in {ending}, but it is no {ending[1:].upper()}. Give it its right ending, or save it anew."
        )
    is_wide = source.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not found and b"\0" in source.data and not is_wide:
        raise ImportFailed(f"{source.where}: text was expected, found other data. Save it as UTF-8 text.")


def _refuse_unsound_package(source: Source) -> None:
    """Refuse a packed file that is broken, holds entities of its own, or would unpack to more than can be read.

    Sizes are looked at before anything is unpacked.
    """
    broken = (
        f"{source.where}: not a sound {source.suffix[1:].upper()}. "
        "Open it in the program that made it, save it again, and import that."
    )
    try:
        with ZipFile(BytesIO(source.data)) as archive:
            texts = [one for one in archive.infolist() if one.filename.endswith((".xml", ".rels"))]
            for sizes, most in ((texts, MAX_XML_BYTES), (archive.infolist(), MAX_UNPACKED_BYTES)):
                if sum(one.file_size for one in sizes) > most:
                    kind = " of text" if most == MAX_XML_BYTES else ""
                    raise ImportFailed(f"{source.where}: unpacks to more than {most // 2**20} MB{kind}. Split it.")
            parts = [archive.read(one) for one in texts]
    # A locked part raises RuntimeError, one packed in a way that zipfile does not know NotImplementedError.
    except (BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise ImportFailed(broken) from error
    if not parts or any(b"<!DOCTYPE" in part or b"<!ENTITY" in part for part in parts):
        raise ImportFailed(broken)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the first bytes of a file show, the endings it may have, and the way out when it has another."""

    words: str
    endings: frozenset[str]
    way_out: str = "Give it its right ending, or save it anew."


_PDF = _Kind("it is a PDF", frozenset([".pdf"]))
_DOCX = _Kind("it is a DOCX", frozenset([".docx"]))
_XLSX = _Kind("it is an XLSX", frozenset([".xlsx"]))
_ZIP = _Kind("it is a ZIP", frozenset([".docx", ".xlsx"]))  # which one, its reader finds
_OLE = _Kind(
    "it is locked with a password or of Office 97",
    frozenset(),
    "Open it in Word or Excel, save it without a password as .docx or .xlsx, and import that.",
)
_MARKED = frozenset([".pdf", ".docx", ".xlsx"])


def _kind_of(data: bytes) -> _Kind | None:
    start = data.lstrip()[:1024]
    if start.startswith(b"%PDF-"):
        return _PDF
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _OLE
    if not start.startswith(b"PK\x03\x04"):
        return None
    return _DOCX if b"word/document" in data else _XLSX if b"xl/workbook" in data else _ZIP


def decoded(source: Source) -> str:
    """The text of a source, with uniform line ends. Raises ImportFailed when it is not UTF-8."""
    try:
        return source.data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ImportFailed(f"{source.where}: not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


def decoded_html(source: Source) -> str:
    """The text of a web page in the encoding it was sent in or declares. Raises ImportFailed."""
    declared = _META_CHARSET.search(source.data[:4096])
    name = source.charset or (declared[1].decode("ascii") if declared else "utf-8")
    for mark, marked in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        name = marked if source.data.startswith(mark) else name
    try:
        name = codecs.lookup(name).name
        return source.data.decode("cp1252" if name in {"iso8859-1", "ascii"} else name)  # as browsers do
    except (LookupError, UnicodeDecodeError) as error:
        raise ImportFailed(f"{source.where}: not {name} text. Save it as UTF-8 and import it again.") from error


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return _SAME.get(suffix, suffix)


def _slug(name: str) -> str:
    """A page's name: lower-case words joined by hyphens."""
    return re.sub(r"[^\w]+|_", "-", name.casefold()).strip("-") or "page"
