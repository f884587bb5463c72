"""Colours, and whether one can be read on another (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

Colour = tuple[int, int, int]  # red, green, blue, each 0 to 255
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
LEAST_CONTRAST = 4.5


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Colour, *, on: Colour, towards: Colour) -> Colour:
    """The colour, or the nearest to it on the way to `towards` that can be read on a background."""
    for step in range(21):
        mixed = mix(colour, towards, step / 20)
        if contrast(mixed, on) >= LEAST_CONTRAST:
            return mixed
    return towards


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """So much of the other in the one, as `color-mix(in srgb)` mixes."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def parse_colour(text: str) -> Colour:
    """Of `#0b6b6b`."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def hex_of(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
