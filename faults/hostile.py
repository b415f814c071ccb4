"""Damaged and hostile checkpoints: refused in words, or loaded as they were."""

from __future__ import annotations

import json
import os
import pickle
import random
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from faults.outcome import Outcome

_MOST_EXTRA_MEMORY = 300_000  # kilobytes


def mutated_checkpoints(app: str, subject: ModuleType, count: int) -> Outcome:
    """Truncations, flipped bits and lying headers."""
    failures: list[str] = []
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject.save(folder, subject.prepare(0))
        path = subject.weights_file(folder)
        whole, expected = path.read_bytes(), subject.load(folder)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(count):
            kind = _KINDS[number % len(_KINDS)]
            path.write_bytes(kind(whole, rng))
            problem = _load(subject, folder, expected)
            if problem:
                failures.append(f"{kind.__name__.strip('_')} {number}: {problem}")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        if grown > _MOST_EXTRA_MEMORY:
            failures.append(f"memory grew by {grown // 1000} MB")
    result = "refused in one line, or equal; memory bounded"
    return Outcome(
        app, "mutated safetensors", count, max(0, count - len(failures)), result, tuple(failures)
    )


class _Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.mark}'",)


def pickles(app: str, subject: ModuleType, count: int) -> Outcome:
    """Pickles that would run a command, in place of the checkpoint, by every protocol."""
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder, mark = Path(name), Path(name) / "was here"
        subject.save(folder, subject.prepare(0))
        path = subject.weights_file(folder)
        expected = subject.load(folder)
        for number in range(count):
            content = pickle.dumps(
                {"weights": [_Bomb(mark)] * (number + 1)},
                protocol=number % (pickle.HIGHEST_PROTOCOL + 1),
            )
            path.write_bytes(content)
            problem = _load(subject, folder, expected)
            if problem or mark.exists():
                failures.append(problem or "the pickle ran")
                mark.unlink(missing_ok=True)
    result = "refused in one line; executed 0 times"
    return Outcome(
        app, "pickles as checkpoints", count, count - len(failures), result, tuple(failures)
    )


def _load(subject: ModuleType, folder: Path, expected: dict[str, bytes]) -> str:
    """What is wrong with how a file was taken; empty if nothing."""
    try:
        if subject.load(folder) != expected:
            return "loaded, but with other weights"
    except subject.REFUSALS as error:
        if "\n" in str(error):
            return f"more than one line: {str(error)!r:.200}"
    except Exception as error:  # anything else is the finding
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def _truncated(whole: bytes, rng: random.Random) -> bytes:
    return whole[: rng.randrange(len(whole))]


def _flipped_anywhere(whole: bytes, rng: random.Random) -> bytes:
    return _flip(whole, rng, len(whole))


def _flipped_header(whole: bytes, rng: random.Random) -> bytes:
    return _flip(whole, rng, 8 + int.from_bytes(whole[:8], "little"))


def _flip(whole: bytes, rng: random.Random, limit: int) -> bytes:
    content = bytearray(whole)
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(limit)] ^= 1 << rng.randrange(8)
    return bytes(content)


def _lying_length(whole: bytes, rng: random.Random) -> bytes:
    claimed = rng.choice([0, 1, 2**20, 2**31, 2**40, 2**63 - 1, 2**64 - 1, rng.randrange(2**64)])
    return claimed.to_bytes(8, "little") + whole[8:]


def _lying_header(whole: bytes, rng: random.Random) -> bytes:
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    name = rng.choice([key for key in header if key != "__metadata__"])
    lie = rng.randrange(6)
    if lie == 0:
        header[name]["shape"] = [rng.choice([0, 1, 2**31, 2**62, 10**18]), 3]
    elif lie == 1:
        header[name]["data_offsets"] = [0, rng.choice([0, 2**40, 2**63])]
    elif lie == 2:
        header[name]["dtype"] = rng.choice(["F64", "I64", "BOOL", "F8_E4M3", "nonsense"])
    elif lie == 3:
        header[f"{name}.more"] = header.pop(name)
    elif lie == 4:
        del header[name]
    else:
        header["__metadata__"] = rng.choice([{}, {"run": "[]"}, {"run": "{" * 5000}])
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + whole[8 + length :]


_KINDS = (_truncated, _flipped_anywhere, _flipped_header, _lying_length, _lying_header)
