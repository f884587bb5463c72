"""A site's own accent, corners and font, as a style sheet that keeps every pair of colours readable."""

from __future__ import annotations

import re
from typing import Any

from kb.colours import BLACK, WHITE, Colour, hex_of, mix, parse_colour, readable
from kb.sites import Look, readable_accent

DARK_PAPER: Colour = (20, 28, 35)  # --paper of the dark tokens in style.css
NAME_IN_FONT_STACK = re.compile(r"[^\w ,'\"-]")


def look_css(look: Look) -> str:
    """Custom properties over the tokens of `style.css`. Empty for a site that keeps the house look."""
    if look == Look():
        return ""
    font = NAME_IN_FONT_STACK.sub("", look.font)
    light = parse_colour(readable_accent(look.accent))
    dark = readable(parse_colour(look.accent), on=DARK_PAPER, towards=WHITE)
    return (
        f":root {{ --radius: {look.radius_px}px; --font: {font}; {_accents(light, WHITE, BLACK)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_accents(dark, DARK_PAPER, WHITE)} }} }}\n"
    )


def look_body(look: Look) -> dict[str, Any]:
    """The look for the widget. An accent kept from before it was checked is darkened until it can be read."""
    return {**look.model_dump(), "accent": readable_accent(look.accent)}


def _accents(accent: Colour, paper: Colour, towards: Colour) -> str:
    hover, tint = mix(accent, towards, 0.2), mix(paper, accent, 0.1)
    return (
        f"--accent: {hex_of(accent)}; --accent-hover: {hex_of(hover)}; --tint: {hex_of(tint)}; "
        f"--mark: {hex_of(mix(paper, accent, 0.22))}; --on-accent: {hex_of(paper)};"
    )
