"""The decision, pure: no clock, file, database or request."""
