"""A console command run in this process, and whether what it said was fit for a user."""

from __future__ import annotations

import io
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

_LONGEST = 10.0  # seconds of this process's own time, however busy the machine is
Main = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Ran:
    """What a command did; `crash` is the traceback of an exception that it let through."""

    code: int
    said: str
    crash: str
    seconds: float

    def problem(self, codes: tuple[int, ...] = (0, 1, 2), longest: float = _LONGEST) -> str:
        """What is wrong with it; empty if nothing: done, or refused in words, without a hang."""
        if self.crash:
            return " ".join(self.crash.split())[-200:]
        if self.code not in codes:
            return f"exit code {self.code}: {self.said[-200:]!r}"
        if self.code and not self.said.strip():
            return f"exit code {self.code} without a word"
        if "Traceback" in self.said or any(len(line) > 1000 for line in self.said.splitlines()):
            return f"not fit to read: {self.said[-200:]!r}"
        return f"took {self.seconds:.1f} s" if self.seconds > longest else ""


def run(main: Main, arguments: Sequence[str], stdin: str = "") -> Ran:
    """Run `main(arguments)` with its outputs caught."""
    out, err, crash, code = io.StringIO(), io.StringIO(), "", 0
    started = time.process_time()
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "stdin", io.StringIO(stdin)):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            crash = traceback.format_exc()
    return Ran(code, err.getvalue(), crash, time.process_time() - started)
