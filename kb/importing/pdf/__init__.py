"""Reads a PDF as it is laid out: by sizes, weights, places and bullets, since it keeps nothing else of its structure."""
