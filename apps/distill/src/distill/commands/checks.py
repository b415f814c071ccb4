"""What commands check before they begin to work."""

import os
from pathlib import Path

from distill.errors import DistillError
from distill.models.persistence import LoadedVQModel, load_model
from distill.shipped import SHIPPED_MODEL


def check_output(path: str) -> None:
    """Refuse an output that cannot be written, before minutes are spent on it.

    Raises:
        DistillError: its folder is missing or read-only, or it is a folder.
    """
    out = Path(path)
    if out.is_dir():
        raise DistillError(f"{path}: is a folder, give a file name")
    if not out.parent.is_dir():
        raise DistillError(f"{path}: there is no folder {out.parent}")
    if not os.access(out.parent, os.W_OK):
        raise DistillError(f"{path}: the folder {out.parent} is read-only")


def open_model(path: str | None) -> LoadedVQModel:
    """The model at `path`, or the shipped one."""
    return load_model(path or SHIPPED_MODEL)
