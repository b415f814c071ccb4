"""Runs on disk: a folder of `run.safetensors` (every array) and `run.json` (settings, versions).

Both files are replaced atomically; nothing is pickled. A loaded run continues bit for bit as the
saved one would have.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from rq_vae_explorer.config import Hyper, RunConfig, split_settings
from rq_vae_explorer.training.step import TrainState

ARRAYS, SETTINGS = "run.safetensors", "run.json"
_FORMAT = "rq-vae-explorer run 1"
_PACKAGES = ("rq-vae-explorer", "jax", "jaxlib", "flax", "optax", "numpy")


class RunError(Exception):
    """A run folder that cannot be read or written; the message is one line."""


@dataclass(frozen=True)
class SavedRun:
    """A run as read from disk."""

    config: RunConfig
    hyper: Hyper
    arrays: dict[str, NDArray]

    def restore(self, like: TrainState) -> TrainState:
        """The saved state, in the structure of a fresh one of the same configuration.

        Raises:
            RunError: an array is missing or has another shape or type.
        """

        def pick(path: Any, leaf: Any) -> Any:
            name = jax.tree_util.keystr(path)
            found = self.arrays.get(name)
            if found is None or found.shape != leaf.shape or found.dtype != leaf.dtype:
                raise RunError(f"the run does not fit its settings: array {name}")
            return jnp.asarray(found)

        return jax.tree_util.tree_map_with_path(pick, like)


def versions() -> dict[str, str]:
    """Versions of what produced a run."""
    return {name: version(name) for name in _PACKAGES}


def pack_run(config: RunConfig, hyper: Hyper, state: TrainState) -> SavedRun:
    """A copy of a run on the host, as `load_run` would read it."""
    leaves = jax.tree_util.tree_leaves_with_path(state)
    arrays = {jax.tree_util.keystr(path): np.array(leaf, order="C") for path, leaf in leaves}
    return SavedRun(config, hyper, arrays)


def save_run(folder: Path, config: RunConfig, hyper: Hyper, state: TrainState) -> None:
    """Write a run folder; `RunError` when it cannot be written."""
    arrays = pack_run(config, hyper, state).arrays
    settings = {
        "format": _FORMAT,
        "step": int(state.step),
        "config": config.model_dump(),
        "hyper": hyper.model_dump(),
        "versions": versions(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The settings travel inside the arrays' file too: one replacement switches the whole run.
        text = json.dumps(settings | {"sha256": _digest(arrays, settings)}, indent=2)
        write_atomically(folder / ARRAYS, save(arrays, metadata={"run": text}))
        write_atomically(folder / SETTINGS, (text + "\n").encode())
    except OSError as error:
        raise RunError(f"cannot write the run to {folder}: {error.strerror or error}") from None


def load_run(folder: Path) -> SavedRun:
    """Read a run folder; `RunError` with one line when it is missing or damaged."""
    path = folder / ARRAYS
    if not os.path.isfile(path):  # noqa: PTH113  (Path's own raises for a name that is too long)
        raise RunError(f"{folder} holds no run ({ARRAYS} is missing)")
    try:
        arrays = load_file(path)
        settings = json.loads(_metadata(path)["run"])
        if settings.pop("sha256") != _digest(arrays, settings):
            raise RunError(f"{path} is damaged: its checksum does not match")
        if settings["format"] != _FORMAT:
            raise RunError(f"{path} has the format {settings['format']!r}, not {_FORMAT!r}")
        config, hyper = split_settings({**settings["config"], **settings["hyper"]})
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} is damaged: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror or error}") from None
    return SavedRun(config, hyper, arrays)


def _metadata(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        return json.loads(stream.read(length))["__metadata__"]


def _digest(arrays: Mapping[str, NDArray], settings: Mapping[str, Any]) -> str:
    """Of every name, type, shape and byte, so that no flipped bit passes for a trained weight."""
    digest = hashlib.sha256(json.dumps(settings).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one step: readers see the old or the new content, never half of it."""
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sweep(path: Path) -> None:
    """Remove what a process that was killed while it wrote `path` left behind."""
    for stray in path.parent.glob(f".{glob.escape(path.name)}.*-*.part"):
        owner = stray.name.removesuffix(".part").rpartition(".")[2].partition("-")[0]
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
