"""Texts become vectors: the reference encoder, its export, what either made, kept."""
