"""A site's own accent, corners and font, as a style sheet that keeps every pair of colours readable."""

from __future__ import annotations

import re

from kb.sites import Look

WHITE = (255, 255, 255)
DARK_PAPER = (20, 28, 35)  # --paper of the dark tokens in style.css
LEAST_CONTRAST = 4.5
NAME_IN_FONT_STACK = re.compile(r"[^\w ,'\"-]")

Colour = tuple[int, int, int]


def look_css(look: Look) -> str:
    """Custom properties over the tokens of `style.css`. Empty for a site that keeps the house look."""
    if look == Look():
        return ""
    font = NAME_IN_FONT_STACK.sub("", look.font)
    light = readable(_parse(look.accent), on=WHITE, towards=(0, 0, 0))
    dark = readable(_parse(look.accent), on=DARK_PAPER, towards=WHITE)
    return (
        f":root {{ --radius: {look.radius_px}px; --font: {font}; {_accents(light, WHITE, (0, 0, 0))} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_accents(dark, DARK_PAPER, WHITE)} }} }}\n"
    )


def readable(colour: Colour, *, on: Colour, towards: Colour) -> Colour:
    """The colour, or the nearest to it on the way to `towards` that can be read on a background."""
    for step in range(21):
        mixed = _mix(colour, towards, step / 20)
        if contrast(mixed, on) >= LEAST_CONTRAST:
            return mixed
    return towards


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _accents(accent: Colour, paper: Colour, towards: Colour) -> str:
    hover, tint = _mix(accent, towards, 0.2), _mix(paper, accent, 0.1)
    return (
        f"--accent: {_hex(accent)}; --accent-hover: {_hex(hover)}; --tint: {_hex(tint)}; "
        f"--mark: {_hex(_mix(paper, accent, 0.22))}; --on-accent: {_hex(paper)};"
    )


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _parse(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
