"""The workshop that `distill` serves: shipped model and examples, the user's folder."""

import os
from pathlib import Path

from gradio.utils import get_upload_folder

from distill.audio.io import AUDIO_SUFFIXES
from distill.shipped import EXAMPLES, SHIPPED_MODEL
from distill.ui.library import ModelLibrary
from distill.ui.training_desk import TrainingDesk
from distill.ui.workshop import Example, Workshop

# What the first part of a file name stands for.
_KINDS = {"ambi": "ambient", "elec": "electric", "guit": "guitar", "perc": "percussion"}


def home() -> Path:
    """Where the user's models and training sounds are kept: `$DISTILL_HOME`, or `~/.distill`."""
    return Path(os.environ.get("DISTILL_HOME") or Path.home() / ".distill")


def create_workshop(folder: Path | None = None, only_here: bool = True) -> Workshop:
    """A workshop on the shipped model and examples and on the user's `folder` (`home()`).

    - `only_here`: nobody but this machine can reach the page, so it may name folders to train on.
    """
    folder = folder or home()
    shipped = [SHIPPED_MODEL] if SHIPPED_MODEL.exists() else []
    library = ModelLibrary(shipped, folder / "models")
    return Workshop(
        library=library,
        examples=shipped_examples(),
        upload_dir=Path(get_upload_folder()),
        desk=TrainingDesk(library, folder / "sounds", may_name_folders=only_here),
    )


def shipped_examples() -> list[Example]:
    """The sounds that come with distill, loops first: they show the most at a glance."""
    paths = (p for p in EXAMPLES.glob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    ordered = sorted(paths, key=lambda p: (not p.stem.startswith("loop"), p.stem))
    return [Example(path.stem, _title(path.stem), path) for path in ordered]


def _title(stem: str) -> str:
    kind, *rest = stem.replace("-", "_").split("_")
    words = [_KINDS.get(kind, kind), *rest]
    return " ".join(words).capitalize()
