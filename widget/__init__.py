"""The visitor's chat widget: one script, which knows only the HTTP API."""

from pathlib import Path

SCRIPT = Path(__file__).parent / "widget.js"
