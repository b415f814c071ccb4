"""kill -9 while an app saves: what can be loaded afterwards is the old state or the new one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from faults.outcome import Tried

# Saves by turns in a child of itself: to load the frameworks anew 200 times would take an hour.
_SAVER = """
import os, signal, sys, warnings
from importlib import import_module
from pathlib import Path
warnings.simplefilter("ignore")
subject, folder = import_module(sys.argv[1]), Path(sys.argv[2])
make = lambda: [subject.to_save(subject.prepare(number)) for number in (0, 1)]
things = make() if subject.LIVES_ON_IN_A_FORK else None
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            things = things or make()
            for number in range(1_000_000):
                subject.save(folder, things[number % 2])
                if number == 1:
                    print(os.getpid(), flush=True)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    print("killed" if os.waitstatus_to_exitcode(status) == -signal.SIGKILL else "ended", flush=True)
"""
_LONGEST_WAIT = 0.25  # seconds; many saves fit in


def kill_while_saving(subject: ModuleType, count: int) -> Tried:
    """Kill a process that saves without pause, at `count` random moments."""
    failures: list[str] = []
    rng = random.Random(0)
    seen: set[int] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = []
        for number in (0, 1):
            subject.save(folder, subject.prepare(number))
            known.append(subject.load(folder))
        command = [sys.executable, "-c", _SAVER, subject.__name__, str(folder)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as saver:
            for number in range(count):
                _kill_one(saver, rng.random() * _LONGEST_WAIT)
                problem = _problem(subject, folder, known, seen)
                if problem:
                    failures.append(f"{number}: {problem}")
            assert saver.stdin is not None
            saver.stdin.close()
    if count > 50 and len(seen) < 2:
        failures.append("only one of the two states was ever found: the saves came to nothing")
    result = "the old or the new checkpoint loads, at most one stray file"
    return Tried(count, tuple(failures), result)


def _problem(subject: ModuleType, folder: Path, known: list, seen: set[int]) -> str:
    try:
        loaded = subject.load(folder)
    except subject.REFUSALS as error:
        return str(error)
    if loaded not in known:
        return "what was loaded is neither the old nor the new state"
    seen.add(known.index(loaded))
    hidden = [p.name for p in folder.rglob("*") if p.name.startswith(".")]
    # Where nothing stands under its own name, one of the hidden ones is what was loaded.
    whole = any(not p.name.startswith(".") for p in folder.iterdir())
    return f"{len(hidden)} strays: {hidden[:3]}" if len(hidden) > (1 if whole else 2) else ""


def _kill_one(saver: subprocess.Popen[str], wait: float) -> None:
    assert saver.stdin is not None
    assert saver.stdout is not None
    print("go", file=saver.stdin, flush=True)
    process = int(saver.stdout.readline())
    time.sleep(wait)
    os.kill(process, signal.SIGKILL)
    if saver.stdout.readline() != "killed\n":
        raise RuntimeError("the saving process ended by itself")
