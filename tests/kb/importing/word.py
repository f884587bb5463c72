"""Word documents as Word writes them, made of their parts, so that the tests need no library to write them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from kb.importing.word.page import parse_word
from kb.shaping.layout import assemble
from tests.kb.importing.reading import Reading

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_DRAWING = 'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BULLETS = {
    1: '<w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0b7"/><w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr>',
    2: '<w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0fc"/><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>',
    3: '<w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0fb"/><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>',
    4: '<w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/>',
    5: '<w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1)"/>',
    6: '<w:numFmt w:val="bullet"/><w:lvlText w:val="\uf04a"/><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>',
}
_SUB = '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>'
_STYLES = f"""<w:styles {_W}>
<w:style w:type="paragraph" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/><w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Ours"><w:name w:val="Clinic head"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:type="paragraph" w:styleId="Loud"><w:name w:val="Loud"/><w:rPr><w:b/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:rPr><w:b/></w:rPr></w:style>
</w:styles>"""

# A text box that hangs on a paragraph, as Word writes it.
HANGING = (
    "<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent>{}</w:txbxContent></w:drawing></mc:Choice>"
    "</mc:AlternateContent></w:r></w:p>"
)


def r(text: str, looks: str = "") -> str:
    """A run; `looks` are names of on-off looks such as "b vanish"."""
    marks = "".join(f"<w:{one}/>" for one in looks.split())
    return f'<w:r><w:rPr>{marks}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(text: str, style: str = "", *, looks: str = "", num: int = 0, level: int = 0) -> str:
    """A paragraph of a text, or of runs."""
    runs = text if text.startswith("<") else r(text, looks)
    number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr>' if num else ""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{number}</w:pPr>{runs}</w:p>"


def table(*rows: tuple[str, ...]) -> str:
    """A table; a cell is its text, or paragraphs; one that begins with "^" goes on with the cell above."""
    lines = []
    for row in rows:
        cells = []
        for cell in row:
            merge = '<w:vMerge w:val="restart"/>' if cell.startswith("v:") else "<w:vMerge/>" if cell == "^" else ""
            words = cell.removeprefix("v:").removeprefix("^")
            inside = words if words.startswith("<w:p>") else p(words)
            cells.append(f"<w:tc><w:tcPr>{merge}</w:tcPr>{inside}</w:tc>")
        lines.append(f"<w:tr>{''.join(cells)}</w:tr>")
    return f"<w:tbl>{''.join(lines)}</w:tbl>"


def word(*body: str, parts: Mapping[str, str] | None = None, main: str = "document") -> bytes:
    """A document of these paragraphs and tables. `parts` are further parts by kind: footnotes, comments, header."""
    numbering = "".join(
        f'<w:abstractNum w:abstractNumId="{n}"><w:lvl w:ilvl="0">{shape}</w:lvl>{_SUB}</w:abstractNum>'
        for n, shape in _BULLETS.items()
    )
    numbering += "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in _BULLETS)
    more = {
        kind: f"<w:{root} {_W}>{text}</w:{root}>"
        for kind, text in (parts or {}).items()
        for root in [_ROOTS.get(kind, kind)]
    }
    files = {"styles": _STYLES, "numbering": f"<w:numbering {_W}>{numbering}</w:numbering>", **more}
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{kind}.xml"/>' for n, kind in enumerate(files)
    )
    document = f"<w:document {_W} {_MC} {_DRAWING}><w:body>{''.join(body)}</w:body></w:document>"
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r" Type="{_OFFICE}/officeDocument" Target="word/{main}.xml"/></Relationships>',
        )
        archive.writestr(
            f"word/_rels/{main}.xml.rels", f'<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>'
        )
        archive.writestr(f"word/{main}.xml", document)
        for kind, text in files.items():
            archive.writestr(f"word/{kind}.xml", text)
    return file.getvalue()


_ROOTS = {"header": "hdr", "footer": "ftr"}


def read_word(data: bytes) -> Reading:
    found = parse_word(data)
    page = assemble(found.blocks, page_id="page", title=found.title or "page", url="", left_out=found.left_out)
    return Reading(page, found.warnings)
