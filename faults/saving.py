"""kill -9 while an app saves: what can be loaded afterwards is the old state or the new one."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from faults.outcome import Outcome

_SAVER = """
import sys
from importlib import import_module
from pathlib import Path
subject, folder = import_module(sys.argv[1]), Path(sys.argv[2])
things = [subject.prepare(0), subject.prepare(1)]
subject.save(folder, things[0])
print("ready", flush=True)
for number in range(1, 1_000_000):
    subject.save(folder, things[number % 2])
"""
_LONGEST_WAIT = 0.25  # seconds; many saves fit in


def kill_while_saving(app: str, subject: ModuleType, count: int) -> Outcome:
    """Kill a process that saves without pause, at `count` random moments."""
    failures: list[str] = []
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = []
        for number in (0, 1):
            subject.save(folder, subject.prepare(number))
            known.append(subject.load(folder))
        for _ in range(count):
            _kill_one(subject, folder, rng.random() * _LONGEST_WAIT)
            try:
                if subject.load(folder) not in known:
                    failures.append("what was loaded is neither the old nor the new state")
            except subject.REFUSALS as error:
                failures.append(str(error))
            strays = [p.name for p in folder.rglob("*") if p.name.startswith(".")]
            if len(strays) > 1:
                failures.append(f"{len(strays)} strays: {strays[:3]}")
    result = "the old or the new checkpoint loads, at most one stray file"
    return Outcome(
        app, "kill -9 while saving", count, count - len(failures), result, tuple(failures)
    )


def _kill_one(subject: ModuleType, folder: Path, wait: float) -> None:
    command = [sys.executable, "-c", _SAVER, subject.__name__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the saving process did not start")
        time.sleep(wait)
        process.kill()
