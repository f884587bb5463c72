"""Builds: made, described, verified, loaded, tried, published."""
