"""Reads a web page as the eye does: its text, folds, tabs, tables, signs and notes, and what stands beside the text."""
