"""What was tried against the three apps, how often, and what came of it.

uv run python -m faults              everything, and the table of docs/reliability.md anew
uv run python -m faults --quick      a few tries of each, as `make test` does
"""
