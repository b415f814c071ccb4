"""Files that commands write: whether that can be done is found out first, then all or nothing."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from scene.errors import SceneError


def check_file(path: Path) -> None:
    """Find out before minutes of work whether the file `path` can be written.

    Raises SceneError for a folder of that name, and where its folder cannot be made or written.
    """
    if path.is_dir():
        raise SceneError(f"{path} is a folder: name a file")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """As `check_file`, for a folder to write into; it need not be there yet."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise SceneError(f"cannot write to {folder}: {there} is a file, not a folder")
    if not os.access(there, os.W_OK):
        raise SceneError(f"cannot write to {folder}: {there} is read-only")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of `path` at the end; creates the folder.

    After a failure `path` is as it was, and nothing is left beside it. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file of text whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())
