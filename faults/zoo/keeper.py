"""Shows specimens one by one to an app and notes who was not taken well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from faults.outcome import Tried

RESULT = "done, or refused in words; no traceback, none over 10 s"


def show(
    specimens: Iterable[str], count: int, take: Callable[[str], str], result: str = RESULT
) -> Tried:
    """`take(name)` says what was wrong; the first `count` specimens are shown to it."""
    shown = list(islice(specimens, count))
    told = [(name, take(name)) for name in shown]
    failures = tuple(f"{name}: {problem}" for name, problem in told if problem)
    return Tried(len(shown), failures, result)
