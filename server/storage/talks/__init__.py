"""Conversations: what is said in them, noted about them and forgotten."""
