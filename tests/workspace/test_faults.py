"""The fault checks in short."""

import subprocess
import sys
from pathlib import Path

import pytest
from faults.outcome import BEGIN, END, Outcome, table, with_table
from faults.worker import CHECKS, SUBJECTS

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("app", SUBJECTS)
def test_faults_are_survived(app):
    command = [sys.executable, "-m", "faults", "--quick", "--app", app]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(CHECKS)


def test_a_table_is_put_between_the_marks_and_nothing_else_changes():
    outcome = Outcome("scene", "trying", 1200, 1199, "a result", ("one failed",))
    page = with_table(f"before\n{BEGIN}\nold\n{END}\nafter\n", [outcome])
    assert page == f"before\n{table([outcome])}\nafter\n"
    assert "| scene | trying | 1,200 | 1,199 | a result |" in page
    with pytest.raises(ValueError, match="has no"):
        with_table("no marks", [outcome])


def test_outcomes_travel_as_json_and_only_a_whole_one_is_good():
    outcome = Outcome("scene", "trying", 2, 1, "a result", ("one failed",))
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert not outcome.good
    assert Outcome("scene", "trying", 2, 2, "").good
    assert not Outcome("scene", "trying", 0, 0, "").good
    assert "one failed" in outcome.line()
