"""A bar chart as SVG, labelled directly, readable on paper and in the dark."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 300, 70, 34, 48
STYLE = """<style>
text { font: 15px system-ui, sans-serif; fill: #1b2733 }
.title { font-weight: 600 }
.bar { fill: #0b6b6b }
@media (prefers-color-scheme: dark) { text { fill: #e6edf2 } .bar { fill: #4fb3b0 } }
</style>"""


def bars(title: str, values: Mapping[str, float]) -> str:
    """Horizontal bars from zero, each with its name before it and its value, as a ratio, behind."""
    height = TOP + ROW * len(values) + 10
    scale = (WIDTH - LEFT - RIGHT) / max(values.values())
    rows = []
    for at, (name, value) in enumerate(values.items()):
        y = TOP + ROW * at
        rows += [
            f'<text x="{LEFT - 12}" y="{y + 17}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="bar" x="{LEFT}" y="{y}" width="{value * scale:.0f}" height="24" rx="3"/>',
            f'<text x="{LEFT + value * scale + 8:.0f}" y="{y + 17}">{value:.2f}</text>',
        ]
    named = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}: {escape(named)}">',
            STYLE,
            f'<text class="title" x="12" y="24">{escape(title)}</text>',
            *rows,
            "</svg>",
            "",
        ]
    )
