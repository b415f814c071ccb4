"""`python -m faults`: run the checks, print a line for each, write the table of the docs.

Of the whole only a part with `--app` and `--check`: the other rows of the table stay as they are.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from faults.checks import CHECKS, SUBJECTS, table_order
from faults.outcome import Outcome, with_table

_ROOT = Path(__file__).parents[1]
_PAGE = _ROOT / "docs" / "reliability.md"


def main() -> int:
    """Exit code 0 when everything was survived."""
    names = list(dict.fromkeys(check.name for check in CHECKS))
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few tries of each; no table")
    parser.add_argument("--app", choices=SUBJECTS, action="append", help="this app (repeatable)")
    parser.add_argument("--check", choices=names, action="append", help="this check (repeatable)")
    arguments = parser.parse_args()
    outcomes: list[Outcome] = []
    for app in arguments.app or SUBJECTS:
        found = run(app, arguments.quick, arguments.check or [])
        outcomes += found
        if not arguments.quick:
            page = with_table(_PAGE.read_text("utf-8"), found, table_order())
            _PAGE.write_text(page, "utf-8")
    if not arguments.quick:
        print(f"table written to {_PAGE.relative_to(_ROOT)}")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def run(app: str, quick: bool, checks: list[str]) -> list[Outcome]:
    """The outcomes of one app, printed as they come."""
    command = [sys.executable, "-m", "faults.worker", app, "quick" if quick else "full", *checks]
    outcomes = []
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            outcomes.append(Outcome.from_json(line))
            print(outcomes[-1].line(), flush=True)
    if process.returncode:
        told = f"the checks themselves failed (exit code {process.returncode})"
        outcomes.append(Outcome(app, "running the checks", 1, 0, told))
        print(outcomes[-1].line())
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
