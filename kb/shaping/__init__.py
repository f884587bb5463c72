"""Shapes text into pages: blocks in reading order become plain text, headings and passages, and go back to Markdown."""
