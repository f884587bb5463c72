"""Reads a Word document as Word shows it: from its own parts, not by way of another format."""
