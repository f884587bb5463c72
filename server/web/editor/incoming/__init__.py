"""The editor's pages of what is brought in."""
