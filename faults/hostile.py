"""Damaged and hostile checkpoints, at every loader: refused in words, or loaded as they were."""

from __future__ import annotations

import random
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from faults.loaders import Loader, problem
from faults.outcome import Tried
from faults.pickled import payloads

_MOST_EXTRA_MEMORY = 300_000  # kilobytes


@dataclass(frozen=True)
class _Door:
    """A loader with its whole file and what that holds."""

    loader: Loader
    folder: Path
    path: Path
    whole: bytes
    expected: dict[str, bytes]

    @classmethod
    def open(cls, loader: Loader, folder: Path) -> _Door:
        loader.write(folder)
        path = folder / loader.file
        return cls(loader, folder, path, path.read_bytes(), loader.load(folder))


def mutated_files(subject: ModuleType, count: int) -> Tried:
    """Truncations, flipped bits, lying headers, values of another kind."""
    failures: list[str] = []
    rng = random.Random(0)
    for door, share in _doors(subject.LOADERS, count):
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(share):
            damage = door.loader.damages[number % len(door.loader.damages)]
            door.path.write_bytes(damage(door.whole, rng))
            told = problem(door.loader, door.folder, door.expected, subject.REFUSALS)
            if told:
                failures.append(f"{door.loader.name}, {damage.__name__} {number}: {told}")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        if grown > _MOST_EXTRA_MEMORY:
            failures.append(f"{door.loader.name}: memory grew by {grown // 1000} MB")
    result = f"{_names(subject)}: refused in one line, or equal; memory bounded"
    return Tried(count, tuple(failures), result)


def pickles(subject: ModuleType, count: int) -> Tried:
    """Pickles that would run a command: bare, and as .pt, .npz, gzip and tar would hold them."""
    failures: list[str] = []
    for door, share in _doors(subject.LOADERS, count):
        mark = door.folder / "was here"
        for name, payload in payloads(mark, share):
            door.path.write_bytes(payload)
            told = problem(door.loader, door.folder, door.expected, subject.REFUSALS)
            if mark.exists():
                told = "the pickle ran"
                mark.unlink()
            if told:
                failures.append(f"{door.loader.name}, {name}: {told}")
    result = f"{_names(subject)}: refused in one line; executed 0 times"
    return Tried(count, tuple(failures), result)


def _doors(loaders: tuple[Loader, ...], count: int) -> Iterator[tuple[_Door, int]]:
    """Each loader in a folder of its own, with its share of the tries."""
    for number, loader in enumerate(loaders):
        with tempfile.TemporaryDirectory() as folder:
            share = (count + number) // len(loaders)
            yield _Door.open(loader, Path(folder)), share


def _names(subject: ModuleType) -> str:
    return ", ".join(loader.name for loader in subject.LOADERS)
