"""Picture files, for scene's `reconstruct` and its training folders."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import ModuleType

from faults import commands
from faults.outcome import Tried
from faults.zoo.keeper import show
from faults.zoo.picture_files import ZOO
from scene.reconstruct import main as reconstruct
from scene.train_vqgan import main as train


def pictures(subject: ModuleType, count: int) -> Tried:
    """Each specimen to reconstruct, and as the only picture of a training folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject.save(folder, subject.prepare(0))
        (folder / "pictures").mkdir()
        path = folder / "pictures" / "picture.png"

        def take(specimen: str) -> str:
            path.write_bytes(ZOO[specimen]())
            shown = [str(path), "--vqgan", str(folder / "best"), "-o", str(folder / "out")]
            problem = commands.run(reconstruct, [*shown, "--force"]).problem((0, 1))
            # One picture is fewer than a batch: what can be read ends there, in words.
            trained = ["--data", str(path.parent), "--out", str(folder / "run")]
            return problem or commands.run(train, trained).problem((1,))

        return show(ZOO, count, take)
