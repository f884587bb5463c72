"""Speaks HTTP: the API of the widget, and pages for visitors, advocates and editors."""
