"""Failures that a person can mend. Commands print them as one line and exit with 1, or with 2
where the command was not told what to do."""


class SceneError(Exception):
    """Bad input or state: the message says what is wrong and how to mend it."""


class UsageError(SceneError):
    """A command line without what the command needs."""


def reason(error: Exception) -> str:
    """What an error says, on one line; of the system's errors without number and file name."""
    return " ".join(str(getattr(error, "strerror", None) or error).split())
