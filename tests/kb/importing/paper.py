"""PDFs as leaflets are laid out: words put at places, in sizes and weights, on coloured boxes; written by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from kb.importing.pdf.page import parse_pdf
from kb.shaping.layout import assemble
from tests.kb.importing.reading import Reading

WIDTH, HEIGHT = 612, 792
_BULLET = "\\225"  # in WinAnsi


@dataclass
class Sheet:
    """One page. Places are points from its upper left."""

    drawn: list[str] = field(default_factory=list)
    y: float = 60

    def text(self, words: str, *, x: float = 60, size: float = 11, bold: bool = False, y: float | None = None) -> Sheet:
        place = self.y if y is None else y
        shown = words.replace("(", "\\(").replace(")", "\\)").replace("•", _BULLET).replace("’", "\\222")
        self.drawn.append(
            f"BT /{'F2' if bold else 'F1'} {size} Tf 1 0 0 1 {x} {HEIGHT - place - size} Tm ({shown}) Tj ET"
        )
        if y is None:
            self.y += size * 1.3
        return self

    def lines(self, *lines: str, x: float = 60, size: float = 11, bold: bool = False) -> Sheet:
        """Lines below each other, then the gap of a paragraph."""
        for line in lines:
            self.text(line, x=x, size=size, bold=bold)
        return self.gap()

    def gap(self, points: float = 9) -> Sheet:
        self.y += points
        return self

    def at(self, y: float) -> Sheet:
        self.y = y
        return self

    def strike(self, x: float, y: float, width: float) -> Sheet:
        """A line at half the height of the text whose top is at y, for a size of 11."""
        self.drawn.append(f"0.7 w {x} {HEIGHT - y - 7} m {x + width} {HEIGHT - y - 7} l S")
        return self

    def picture(self, name: str, *, x: float, y: float, side: float = 9) -> Sheet:
        """A small picture: "P1" or "P2"."""
        self.drawn.append(f"q {side} 0 0 {side} {x} {HEIGHT - y - side} cm /{name} Do Q")
        return self

    def box(self, x: float, y: float, width: float, height: float) -> Sheet:
        self.drawn.insert(0, f"0.9 0.9 1 rg {x} {HEIGHT - y - height} {width} {height} re f 0 g")
        return self


def paper(*sheets: Sheet) -> bytes:
    count = len(sheets)
    fonts = "<</F1 3 0 R/F2 4 0 R>>"
    pictures = f"<</P1 {5 + 2 * count} 0 R/P2 {6 + 2 * count} 0 R>>"
    objects = ["<</Type/Catalog/Pages 2 0 R>>"]
    objects.append(f"<</Type/Pages/Kids[{' '.join(f'{5 + 2 * n} 0 R' for n in range(count))}]/Count {count}>>")
    objects += [
        f"<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>"
        for name in ("Helvetica", "Helvetica-Bold")
    ]
    for number, sheet in enumerate(sheets):
        content = "\n".join(sheet.drawn)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents {6 + 2 * number} 0 R/Resources<</Font{fonts}/XObject{pictures}>>>>"
        )
        objects.append(f"<</Length {len(content)}>>\nstream\n{content}\nendstream")
    image = "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
    objects += [f"{image}\nstream\n{grey}\nendstream" for grey in "0a"]
    file = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(file)}\n%%EOF\n"
    return file + end.encode()


def read_paper(*sheets: Sheet) -> Reading:
    found = parse_pdf(paper(*sheets))
    page = assemble(found.blocks, page_id="page", title=found.title or "page", url="", left_out=found.left_out)
    return Reading(page, found.warnings)
