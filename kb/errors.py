"""The root of every error this product expects to handle."""


class AdvocateError(Exception):
    """What was expected, what was found, and the way out, in one or two sentences for the person who reads it."""
