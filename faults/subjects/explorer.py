"""rq-vae-explorer: runs on disk, and runs that come in through the page."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from functools import cache
from itertools import count, cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

from faults.damage import ZIP
from faults.loaders import Loader
from faults.outputs import Writer
from faults.requests import state_of
from faults.serving import Server
from rq_vae_explorer.cli import main
from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.data import Digits
from rq_vae_explorer.data.cache import CACHE_VARIABLE
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.runs import ARRAYS, SETTINGS, RunError, load_run, save_run
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.exports import import_run, run_zip

COMMAND = "rq-vae-explorer"
REFUSALS = (RunError, ValueError)  # what the page and the commands show as one line
LIVES_ON_IN_A_FORK = True

jax.config.update("jax_platforms", "cpu")


@cache
def _digits() -> Digits:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (256, 28, 28), np.uint8)
    labels = (np.arange(256) % 10).astype(np.uint8)
    return Digits("noise", images, labels, images[:40], labels[:40])


def prepare(number: int) -> Engine:
    """What is saved; differs by number."""
    return Engine(RunConfig(seed=number, num_codes=4), _digits().train_images)


def to_save(thing: Engine) -> SimpleNamespace:
    """The same with arrays of NumPy: JAX does not live on in a forked process."""
    return SimpleNamespace(config=thing.config, state=jax.tree.map(np.asarray, thing.state))


def save(folder: Path, thing: Any) -> None:
    """Save as the app does."""
    save_run(folder / "run", thing.config, Hyper(), thing.state)


def load(folder: Path) -> dict[str, bytes]:
    """Every array as bytes. Raises one of REFUSALS."""
    return _as_bytes(load_run(folder / "run").arrays)


def _as_bytes(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    return {name: np.asarray(array).tobytes() for name, array in arrays.items()}


@cache
def _trainer() -> Trainer:
    trainer = Trainer(num_codes=4, load=lambda name, progress: _digits())
    trainer.prepare(wait=True)
    return trainer


def _load_import(folder: Path) -> dict[str, bytes]:
    import_run(_trainer(), folder / "run.zip")
    return _now(folder)


def _now(folder: Path) -> dict[str, bytes]:
    _trainer().save(folder / "now")
    return _as_bytes(load_run(folder / "now").arrays)


def _load_import_of_damaged_weights(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        for name in (SETTINGS, ARRAYS):
            archive.write(folder / name, name)
    import_run(_trainer(), folder / "packed.zip")
    return _now(folder)


def _write_unpacked(folder: Path) -> None:
    zipfile.ZipFile(io.BytesIO(run_zip(_trainer()))).extractall(folder)


def _write_zip(folder: Path) -> None:
    (folder / "run.zip").write_bytes(run_zip(_trainer()))


LOADERS = (
    Loader("run folder", f"run/{ARRAYS}", lambda folder: save(folder, prepare(0)), load),
    Loader("zip of the page's import", "run.zip", _write_zip, _load_import, ZIP),
    Loader("weights in that zip", ARRAYS, _write_unpacked, _load_import_of_damaged_weights),
)


def prepare_training(folder: Path) -> None:
    """The digits that ship are enough."""


def training_command(folder: Path, out: Path) -> list[str]:
    """A training that would take long."""
    return ["rq-vae-explorer", "train", "--steps", "1000000", "--out", str(out)]


def load_stopped(out: Path) -> None:
    """What an interrupted training leaves."""
    load_run(out)


DOWNLOADS = ["rq-vae-explorer", "train", "--data", "mnist", "--steps", "1"]


def without_data(folder: Path) -> list[list[str]]:
    """Commands whose data are missing."""
    (folder / "empty").mkdir()
    train = ["rq-vae-explorer", "train", "--steps", "1", "--data"]
    missing = ["rq-vae-explorer", "evaluate", "no-run"]
    return [[*train, "nowhere"], [*train, str(folder / "empty")], missing]


def writers(folder: Path) -> tuple[Writer, ...]:
    """Every command that writes."""
    os.environ[CACHE_VARIABLE] = str(folder / "cache")
    save(folder, prepare(0))
    seeds = count()

    def train(flag: str) -> Callable[[Path], list[str]]:
        """Another run each time."""
        return lambda out: ["train", "--steps", "2", "--seed", str(next(seeds)), flag, str(out)]

    def evaluate(out: Path) -> list[str]:
        return ["evaluate", str(folder / "run"), "--json", str(out)]

    return (
        Writer("train", main, train("--out"), "run", folder=True),
        Writer("train's report", main, train("--json"), "report.json"),
        Writer("evaluate's report", main, evaluate, "report.json"),
    )


CHANGING_CALL = ("act", {"do": "restart", "run": ""})


def state(server: Server) -> object:
    """What must not change: which run it is; a restart makes another."""
    frame = state_of(server, "fetch_part", {"part": "frame", "have": "", "run": ""})
    return frame["keys"]["description"].partition(".")[0]


def visitor(server: Server, number: int) -> Callable[[], str]:
    """A tab: three of them have a private run, whose knob no other tab may see moved."""
    run = ""
    wanted = 0.25
    if number < 3:
        run, wanted = state_of(server, "act", {"do": "fork"})["token"], 0.5 + number
        knob = {"do": "apply", "settings": {"lambda_commit": str(wanted)}, "run": run}
        state_of(server, "act", knob)
    parts = cycle(("frame", "curves", "frame", "gallery"))

    def visit() -> str:
        part = state_of(server, "fetch_part", {"part": next(parts), "have": "", "run": run})
        if "error" in part:
            return str(part["error"])
        found = part.get("hyper", {}).get("lambda_commit", wanted)
        return "" if found == wanted else f"it saw the knob at {found}, not at {wanted}"

    return visit


UPLOAD_MEGABYTES = 256
PAGE_READY = "document.querySelector('.rq')?.rqState?.planes"

_TESTS = "tests/explorer/test_explorer_"
RESUME = (
    f"{_TESTS}engine.py::test_a_saved_run_resumes_bit_for_bit",
    f"{_TESTS}cli.py::test_a_resumed_run_ends_where_a_whole_one_does",
)
DETERMINISM = (
    f"{_TESTS}engine.py::test_ten_steps_reproduce_the_golden_losses",
    f"{_TESTS}trainer.py::test_reset_repeats_a_run_exactly",
)
MARKUP = (
    "tests/e2e/test_explorer_markup.py",
    "tests/explorer/test_ui_refusals.py",
)
DIVERGENCE = (
    f"{_TESTS}trainer.py::test_a_diverging_run_keeps_its_last_good_state",
    f"{_TESTS}trainer.py::test_a_level_whose_codes_are_all_killed_is_shown_and_trains_on",
    f"{_TESTS}divergence.py",
)
