"""Handovers and their alerts."""
