"""A door through which files come in: what an app reads, how it is written, what came of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faults.damage import SAFETENSORS


@dataclass(frozen=True)
class Loader:
    """One kind of file of one app.

    file: its path in a folder; write(folder): writes it, and what belongs to it, as the app does;
    load(folder): what was read, as bytes by name; raises one of the subject's REFUSALS; damages:
    what can go wrong with such a file.
    """

    name: str
    file: str
    write: Callable[[Path], object]
    load: Callable[[Path], dict[str, bytes]]
    damages: tuple[Callable[[bytes, random.Random], bytes], ...] = SAFETENSORS


def problem(
    loader: Loader, folder: Path, expected: dict[str, bytes], refusals: tuple[type[Exception], ...]
) -> str:
    """What is wrong with how a file was taken; empty if nothing."""
    try:
        if loader.load(folder) != expected:
            return "loaded, but as something else"
    except refusals as error:
        if "\n" in str(error) or not str(error):
            return f"not one line: {str(error)!r:.200}"
    except Exception as error:  # anything else is the finding
        return " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return ""
