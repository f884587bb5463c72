"""Finds what a clinic says: embeddings, search, a plain text classifier, and builds."""
