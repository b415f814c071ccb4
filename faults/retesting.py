"""Checks that are tests: run again by name, so that their logic stands in one place."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from faults.outcome import Tried

_ROOT = Path(__file__).parents[1]


def exact_resume(subject: ModuleType, count: int) -> Tried:
    """N steps against k and a resume."""
    result = "N steps = k + resume, bit for bit: parameters, optimiser, codebooks, random state"
    return _run(subject.RESUME, count, result)


def determinism(subject: ModuleType, count: int) -> Tried:
    """Golden losses of the first steps; the same seed twice."""
    return _run(subject.DETERMINISM, count, "same seed, same result; the first losses as recorded")


def divergence(subject: ModuleType, count: int) -> Tried:
    """Rates 10,000 times too high, batches of NaN, codebooks that died."""
    result = "rates x 10,000, NaN batches, all codes dead: noticed, told, the last good state kept"
    return _run(subject.DIVERGENCE, count, result)


def markup(subject: ModuleType, count: int) -> Tried:
    """Scripts, handlers and links in names, labels, settings and addresses, in a real browser."""
    result = "tests with 20 payloads each in a browser, or of what a refusal says: none ran"
    return _run(subject.MARKUP, count, result)


def _run(tests: Sequence[str], count: int, result: str) -> Tried:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *tests], cwd=_ROOT, capture_output=True, text=True)
    found = re.search(r"(\d+) passed", done.stdout)
    passed = int(found[1]) if found else 0
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if passed + len(failed) != count:
        failed.append(f"{passed} of {count} tests passed: {done.stdout[-200:]!r}")
    return Tried(count, tuple(failed), result)
