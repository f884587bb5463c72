"""The editor's pages of what visitors ask, and of what they asked in vain."""
