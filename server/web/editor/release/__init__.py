"""The editor's pages around publishing."""
