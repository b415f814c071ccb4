"""The workshop that `distill` serves: shipped model and examples, the user's folder."""

import os
from pathlib import Path

from gradio.utils import get_upload_folder

from distill.audio.io import AUDIO_SUFFIXES
from distill.shipped import EXAMPLES, SHIPPED_MODEL
from distill.ui.library import ModelLibrary
from distill.ui.training_desk import TrainingDesk
from distill.ui.workshop import Example, Workshop


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
    """The sounds that come with distill, by file name; titles are the names in words."""
    paths = sorted(p for p in EXAMPLES.glob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
    return [
        Example(p.stem, p.stem.replace("_", " ").replace("-", " ").capitalize(), p) for p in paths
    ]
