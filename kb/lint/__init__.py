"""Reads the clinic's text against itself: what contradicts, promises too much, leaves out when to call, or was left over."""

from kb.lint.findings import Finding, Kind
from kb.lint.pages import lint

__all__ = ["Finding", "Kind", "lint"]
