"""Ctrl-C and SIGTERM in the middle of training: the state is saved, soon, with the right exit."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from faults.outcome import Tried

_UNDER_WAY = re.compile(rb"\b[1-9]\d*/\d+ \[|step [1-9]")
_PATIENCE = 120  # seconds until a training that does not stop is killed
_EXITS = {signal.SIGINT: 130, signal.SIGTERM: 143}


def stop_training(subject: ModuleType, count: int) -> Tried:
    """Half of `count` each signal, at random moments up to a second after the first step."""
    failures: list[str] = []
    slowest = 0.0
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        subject.prepare_training(Path(name))
        for number in range(count // 2):
            for sent, expected in _EXITS.items():
                out = Path(name) / f"{sent.name}-{number}"
                code, seconds, said = _stop_one(subject, Path(name), out, sent, rng.random())
                slowest = max(slowest, seconds)
                problem = _problem(subject, out, code, expected, said)
                if problem:
                    failures.append(f"{sent.name} {number}: {problem}")
    result = f"saved and loads; exit 130 / 143; the slowest took {slowest:.1f} s"
    return Tried(count, tuple(failures), result)


def _stop_one(
    subject: ModuleType, data: Path, out: Path, sent: signal.Signals, wait: float
) -> tuple[int, float, bytes]:
    program, *flags = subject.training_command(data, out)
    command = [str(Path(sys.executable).with_name(program)), *flags]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = b""
        while not _UNDER_WAY.search(said):
            more = process.stderr.read1(4096)
            if not more:
                break
            said += more
        time.sleep(wait)
        started = time.monotonic()
        process.send_signal(sent)
        try:
            said += process.communicate(timeout=_PATIENCE)[1]
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait(), time.monotonic() - started, said


def _problem(subject: ModuleType, out: Path, code: int, expected: int, said: bytes) -> str:
    if b"Traceback" in said:
        return f"a traceback: {said[-200:]!r}"
    if code != expected:
        return f"exit code {code} instead of {expected}: {said[-200:]!r}"
    try:
        subject.load_stopped(out)
    except subject.REFUSALS as error:
        return f"what was saved does not load: {error}"
    return ""
