"""Runs checks of one app in a process of its own: the frameworks do not meet.

python -m faults.worker APP full|quick [CHECK]    one line of JSON per outcome
"""

from __future__ import annotations

import faulthandler
import signal
import sys
from importlib import import_module

from faults.checks import SUBJECTS, counts
from faults.outcome import Outcome

_LONGEST_CHECK = 3600  # seconds; a check that hangs for ever ends with a trace of where


def main() -> None:
    """Print the outcomes as they come."""
    # Shells start background jobs with Ctrl-C ignored, which the trainings would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.enable()  # a crash of a native library says where
    app, share = sys.argv[1:3]
    wanted = sys.argv[3:]
    subject = import_module(f"faults.subjects.{SUBJECTS[app]}")
    for check, count in counts(app, quick=share == "quick"):
        if not wanted or check.name in wanted:
            faulthandler.dump_traceback_later(_LONGEST_CHECK, exit=True)
            outcome = Outcome.of(app, check.name, check.run(subject, count))
            print(outcome.to_json(), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    main()
