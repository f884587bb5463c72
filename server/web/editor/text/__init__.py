"""The editor's pages of the text: read, changed, looked over, tried."""
