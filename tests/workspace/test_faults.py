"""The fault checks in short."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from faults.checks import CHECKS, SUBJECTS, counts, table_order
from faults.outcome import BEGIN, END, Outcome, Tried, read_table, table, with_table

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("app", SUBJECTS)
def test_faults_are_survived(app):
    command = [sys.executable, "-m", "faults", "--quick", "--app", app]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(counts(app, quick=True))


def test_the_table_of_the_docs_was_written_by_these_checks_and_all_was_survived():
    rows = read_table((ROOT / "docs" / "reliability.md").read_text("utf-8"))
    full = {(app, check.name): times for check in CHECKS for app, times in check.full.items()}
    assert [(row.app, row.check) for row in rows] == table_order()
    for row in rows:
        assert row.tried == row.survived == full[row.app, row.check], row


def test_a_table_is_put_between_the_marks_and_nothing_else_changes():
    outcome = Outcome("scene", "trying", 1200, 1199, "a result", ("one failed",))
    order = [("distill", "trying"), ("scene", "trying")]
    page = with_table(f"before\n{BEGIN}\nold\n{END}\nafter\n", [outcome], order)
    assert page == f"before\n{table([outcome])}\nafter\n"
    assert "| scene | trying | 1,200 | 1,199 | a result |" in page
    other = Outcome("distill", "trying", 1, 1, "another")
    both = with_table(page, [other], order)
    assert both == f"before\n{table([other, replace(outcome, failures=())])}\nafter\n"
    assert with_table(both, [], order[:1]) == f"before\n{table([other])}\nafter\n"
    with pytest.raises(ValueError, match="has no"):
        with_table("no marks", [outcome], order)


def test_outcomes_travel_as_json_and_only_a_whole_one_is_good():
    outcome = Outcome.of("scene", "trying", Tried(2, ("one failed",), "a result"))
    assert (outcome.tried, outcome.survived) == (2, 1)
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert not outcome.good
    assert Outcome("scene", "trying", 2, 2, "").good
    assert not Outcome("scene", "trying", 0, 0, "").good
    assert "one failed" in outcome.line()
