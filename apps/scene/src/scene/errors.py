"""Failures that a person can mend. Commands print them as one line and exit with 1."""


class SceneError(Exception):
    """Bad input or state: the message says what is wrong and how to mend it."""
