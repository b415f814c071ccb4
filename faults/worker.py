"""Runs the checks of one app in a process of its own: the frameworks do not meet.

python -m faults.worker APP SHARE    one line of JSON per outcome
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from faults.hostile import mutated_checkpoints, pickles
from faults.outcome import Outcome
from faults.saving import kill_while_saving
from faults.stopping import stop_training

Check = Callable[[str, ModuleType, int], Outcome]
CHECKS: tuple[tuple[Check, int, int], ...] = (
    # check, times in full, times in `make test`
    (kill_while_saving, 200, 2),
    (mutated_checkpoints, 1000, 50),
    (pickles, 30, 6),
    (stop_training, 20, 1),
)
SUBJECTS = {"rq-vae-explorer": "explorer", "scene": "scene", "distill": "distill"}


def main() -> None:
    """Print the outcomes as they come."""
    # Shells start background jobs with Ctrl-C ignored, which the trainings would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app, quick = sys.argv[1], sys.argv[2] == "quick"
    subject = import_module(f"faults.subjects.{SUBJECTS[app]}")
    for check, full, few in CHECKS:
        print(check(app, subject, few if quick else full).to_json(), flush=True)


if __name__ == "__main__":
    main()
