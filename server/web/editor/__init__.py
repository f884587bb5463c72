"""The editor's room: text, try-out, publishing."""
