"""Failures that a person can mend: each message is one clear line, shown without a traceback."""


class DistillError(ValueError):
    """Base of all of them; the command line prints the message and exits with 1."""


class UsageError(DistillError):
    """An option out of its range; the command line exits with 2."""


class AudioFileError(DistillError):
    """A sound file that cannot be read, holds no sound or cannot be written."""


class CorpusError(DistillError):
    """A training folder from which nothing can be learnt."""


class ModelFileError(DistillError):
    """A `.distill` file that is damaged, hostile, unknown or missing."""


class CodesError(DistillError):
    """Codes that do not fit the model, or a codes file that is damaged."""


class TrainingError(DistillError):
    """Training that cannot start, go on or be resumed."""
