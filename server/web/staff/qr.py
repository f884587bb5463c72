"""An address as a QR code that a telephone's camera reads. The only file that knows segno."""

from __future__ import annotations

from dataclasses import dataclass

import segno

MARGIN = 4  # modules of white that readers ask for (ISO/IEC 18004)


@dataclass(frozen=True, slots=True)
class QrCode:
    """The dark modules as one path in units of a module, and the side of the square with its margin."""

    path: str
    side: int


def qr_code(address: str) -> QrCode:
    """Level M: it is still read with 15 of 100 modules hidden."""
    matrix = segno.make(address, error="m", micro=False).matrix
    dark = ((x, y) for y, row in enumerate(matrix) for x, module in enumerate(row) if module)
    path = "".join(f"M{x + MARGIN} {y + MARGIN}h1v1h-1z" for x, y in dark)
    return QrCode(path, len(matrix) + 2 * MARGIN)
