"""Small real DOCX and PDF files, made by hand so that the tests need no library to write them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"

_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/word/numbering.xml" ContentType="{_TYPE}.numbering+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/_rels/document.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="r1" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/numbering" Target="numbering.xml"/></Relationships>',
    "word/styles.xml": f"<w:styles {_W}>"
    + "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/></w:style>'
        for level in (1, 2)
    )
    + "</w:styles>",
    "word/numbering.xml": f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0">'
    '<w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
}
_STYLES = {
    "h1": '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>',
    "h2": '<w:pPr><w:pStyle w:val="Heading2"/></w:pPr>',
    "li": '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>',
    "p": "",
}


def docx(paragraphs: Sequence[tuple[str, str]], before: str = "") -> bytes:
    """A DOCX of (style, text) paragraphs; style is h1, h2, li or p. `before` stands before its document's root."""
    body = "".join(f"<w:p>{_STYLES[style]}<w:r><w:t>{text}</w:t></w:r></w:p>" for style, text in paragraphs)
    parts = {**_PARTS, "word/document.xml": f"{before}<w:document {_W}><w:body>{body}</w:body></w:document>"}
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def pdf(lines: Sequence[str], *, is_locked: bool = False) -> bytes:
    """A PDF of one page; an empty line ends a paragraph. A locked one asks for a password nobody knows."""
    shown = "".join(f"1 0 0 1 72 {720 - 14 * number} Tm ({line}) Tj\n" for number, line in enumerate(lines) if line)
    content = f"BT /F1 11 Tf\n{shown}ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Filter/Standard/V 1/R 2/O<{'11' * 32}>/U<{'22' * 32}>/P -4>>",
    ]
    file = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += f"{number} 0 obj\n{body}\nendobj\n".encode()
    lock = f"/Encrypt 6 0 R/ID[<{'33' * 16}><{'33' * 16}>]" if is_locked else ""
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 7\n0000000000 65535 f \n{table}trailer<</Size 7/Root 1 0 R{lock}>>\nstartxref\n{len(file)}\n%%EOF\n"
    return file + end.encode()
