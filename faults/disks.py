"""Disks of a few megabytes that are full or read-only: real ones for root, imitated for others."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SIZE = "256m"  # of the disk; only what is written takes memory
_SMALLEST = 16  # bytes that a file may have where files may not grow


@dataclass(frozen=True)
class Place:
    """A folder to write into. mounted: it is a disk of its own; ballast: the file that fills it."""

    folder: Path
    mounted: bool = False
    ballast: str = "ballast"


@cache
def may_mount() -> bool:
    """Whether a disk can be mounted here: on Linux, by root, outside of a closed container."""
    with tempfile.TemporaryDirectory() as name, suppress(OSError):
        if _run("mount", "-t", "tmpfs", "-o", "size=64k", "faults", name):
            return _run("umount", name)
    return False


@contextmanager
def small_disk(folder: Path) -> Iterator[Place]:
    """An empty disk at `folder`; the folder as it is where nothing can be mounted."""
    if not may_mount():
        yield Place(folder)
        return
    _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "faults", str(folder))
    try:
        yield Place(folder, mounted=True)
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def full(place: Place) -> Iterator[None]:
    """Nothing more fits; where it is no disk of its own, no file may grow beyond a few bytes."""
    if place.mounted:
        _fill(place.folder / place.ballast)
        yield
        return
    with tiny_files():
        yield


@contextmanager
def tiny_files() -> Iterator[None]:
    """No file of this process may grow beyond a few bytes, not even the one that it prints to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_SMALLEST, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            for size in (2**20, 4096):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


@contextmanager
def read_only(place: Place) -> Iterator[None]:
    """Nothing may be written; only for a disk of its own."""
    _run("mount", "-o", "remount,ro", str(place.folder))
    try:
        yield
    finally:
        _run("mount", "-o", "remount,rw", str(place.folder))


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0
