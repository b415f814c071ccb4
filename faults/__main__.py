"""`python -m faults`: run the checks, print a line for each, write the table of the docs."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from faults.outcome import Outcome, with_table
from faults.worker import SUBJECTS

_ROOT = Path(__file__).parents[1]
_PAGE = _ROOT / "docs" / "reliability.md"


def main() -> int:
    """Exit code 0 when everything was survived."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few tries of each; no table")
    parser.add_argument("--app", choices=SUBJECTS, help="one app only; no table")
    arguments = parser.parse_args()
    outcomes: list[Outcome] = []
    for app in [arguments.app] if arguments.app else SUBJECTS:
        outcomes += run(app, arguments.quick)
    if not arguments.quick and not arguments.app:
        _PAGE.write_text(with_table(_PAGE.read_text("utf-8"), outcomes), "utf-8")
        print(f"table written to {_PAGE.relative_to(_ROOT)}")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def run(app: str, quick: bool) -> list[Outcome]:
    """The outcomes of one app, printed as they come."""
    command = [sys.executable, "-m", "faults.worker", app, "quick" if quick else "full"]
    outcomes = []
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            outcomes.append(Outcome.from_json(line))
            print(outcomes[-1].line(), flush=True)
    if process.returncode:
        outcomes.append(Outcome(app, "running the checks", 1, 0, "the checks themselves failed"))
        print(outcomes[-1].line())
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
