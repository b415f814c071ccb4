"""Files that are written whole or not at all."""

import glob
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path in the folder of `path`; what is written there replaces `path` at the end.

    Raises:
        OSError: the folder cannot be written. `path` is then as it was.
    """
    path = Path(path)
    stem = f".{path.stem[:40]}"
    _sweep(path.parent, stem, path.suffix)
    # The suffix stays: audio writers choose the format by it.
    temporary = path.with_name(f"{stem}.{os.getpid()}-{threading.get_ident()}{path.suffix}")
    try:
        temporary.touch()
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sweep(folder: Path, stem: str, suffix: str) -> None:
    """Remove what a process that was killed in the middle of writing left behind."""
    for stray in folder.glob(f"{glob.escape(stem)}.*-*{glob.escape(suffix)}"):
        owner = stray.name.removesuffix(suffix).rpartition(".")[2].partition("-")[0]
        if owner.isdecimal() and not _runs(int(owner)):
            stray.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
