"""The room of all staff: signing in, and the administrator's page."""
