"""Files that are broken or made to do harm: each is refused within seconds, with what to do instead."""

from __future__ import annotations

import random
import resource
import time
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from kb.importing import ImportFailed, import_source

DEEP = 100_000
ENTITIES = '<!DOCTYPE x [<!ENTITY a "{}">{}]>'.format(
    "x" * 1000, "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def packed(name: str, content: bytes | str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def many_paragraphs() -> bytes:
    one = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>"
    return f"<w:document {W}><w:body>".encode() + one * (180 * 2**20 // len(one)) + b"</w:body></w:document>"


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        (
            "bomb.docx",
            lambda: packed("word/document.xml", many_paragraphs()),
            "unpacks to more than 16 MB of text. Split it",
        ),
        ("bomb.xlsx", lambda: packed("xl/worksheets/sheet1.xml", bytes(300 * 2**20)), "unpacks to more than 16 MB"),
        (
            "entities.docx",
            lambda: packed("word/document.xml", f"{ENTITIES}<w:document {W}>&i;</w:document>"),
            "sound DOCX",
        ),
        ("entities.xlsx", lambda: packed("xl/workbook.xml", f"{ENTITIES}<workbook>&i;</workbook>"), "save it again"),
        ("cut.docx", lambda: packed("word/document.xml", "<a/>")[:-30], "not a sound DOCX"),
        ("nested.html", lambda: b"<div>" * DEEP + b"deep", "no text found"),
        ("lists.html", lambda: b"<ul><li>" * DEEP + b"deep", "no text found"),
        ("nested.md", lambda: b"> " * DEEP + b"deep", "no text found"),
        ("nested.json", lambda: b"[" * DEEP, "not JSON"),
        ("nested.jsonl", lambda: b"[" * DEEP, "line 1: not JSON"),
        ("nested.csv", lambda: b'question,answer\nq,"' + b"<div>" * DEEP + b'deep"\n', "row 2: cannot be read"),
        ("garbage.pdf", lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(5 * 2**20), "save it again"),
        (
            "app.html",
            lambda: b"<body><div id=root></div><script src=/app.js></script>",
            "save it there as a whole page",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_refused_within_seconds_and_little_memory(tmp_path, name, make, message):
    (tmp_path / name).write_bytes(make())
    began = time.process_time()
    with pytest.raises(ImportFailed, match=message) as refused:
        import_source(tmp_path / name)
    assert name in str(refused.value)
    assert time.process_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2**20  # KiB: 1 GiB
