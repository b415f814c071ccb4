"""distill: a small model of random weights in a `.distill` file, and the state of a training."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from distill.audio.spectrogram import AudioSpectrogram
from distill.cli import main
from distill.config import SpectrogramConfig, VQVAEConfig
from distill.errors import DistillError
from distill.models.header import ModelMetadata
from distill.models.persistence import LoadedVQModel, load_model, save_model
from distill.models.vqvae import ConvVQVAE
from distill.training.checkpoint import Checkpoint
from distill.ui.endpoints import Request, endpoint
from distill.ui.library import ModelLibrary
from faults import commands
from faults.loaders import Loader
from faults.outputs import Writer
from faults.requests import state_of
from faults.serving import Server

COMMAND = "distill"
REFUSALS = (DistillError,)
LIVES_ON_IN_A_FORK = True
_STATE = "model.distill.state"
_CONFIG = VQVAEConfig(codebook_size=16, codebook_dim=8, width=24, frame_width=16)


def _model_file(folder: Path) -> Path:
    return folder / "model.distill"


def prepare(number: int) -> LoadedVQModel:
    """What is saved; differs by number."""
    torch.set_num_threads(1)
    torch.manual_seed(number)
    return LoadedVQModel(
        model=ConvVQVAE(_CONFIG).eval(),
        spectrogram=AudioSpectrogram(SpectrogramConfig()),
        metadata=ModelMetadata(name=f"number {number}", synthesis="griffin_lim"),
        device=torch.device("cpu"),
        codebook_health=[],
        vqvae_config=_CONFIG,
    )


def to_save(thing: LoadedVQModel) -> LoadedVQModel:
    """The same."""
    return thing


def save(folder: Path, thing: LoadedVQModel) -> None:
    """Save as the app does."""
    save_model(_model_file(folder), thing)


def load(folder: Path) -> dict[str, bytes]:
    """Every weight as bytes. Raises one of REFUSALS."""
    return _as_bytes(load_model(_model_file(folder)).model.state_dict())


def _as_bytes(tensors: Mapping[str, torch.Tensor]) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


def _save_model(folder: Path) -> None:
    save(folder, prepare(0))


def _import(folder: Path) -> dict[str, bytes]:
    """As the page's Models tab takes an upload."""
    entry = ModelLibrary([], folder / "models").add(_model_file(folder))
    try:
        return _as_bytes(load_model(entry.path).model.state_dict())
    finally:
        entry.path.unlink()


def _save_state(folder: Path) -> None:
    tensors = {"module/w": torch.arange(64.0), "generator": torch.Generator().get_state()}
    finished = {"autoencoder": {"w": torch.arange(32.0)}}
    figures = {"autoencoder": {"mel": 0.2}}
    Checkpoint({"seed": 0}, "vocoder", 3, 1.5, finished, tensors, figures).save(folder / _STATE)


def _load_state(folder: Path) -> dict[str, bytes]:
    state = Checkpoint.load(folder / _STATE)
    return _as_bytes(state.tensors) | _as_bytes(state.finished["autoencoder"])


LOADERS = (
    Loader("model", "model.distill", _save_model, load),
    Loader("page's import", "model.distill", _save_model, _import),
    Loader("training state", _STATE, _save_state, _load_state),
)


def prepare_training(folder: Path) -> None:
    """Four short tones."""
    (folder / "sounds").mkdir()
    t = np.arange(24_000) / 48_000
    for number in range(4):
        wave = 0.3 * np.sin(2 * np.pi * 220 * 2**number * t) * np.exp(-4 * t)
        soundfile.write(folder / "sounds" / f"{number}.wav", wave, 48_000)


def training_command(folder: Path, out: Path) -> list[str]:
    """A training that would take an hour."""
    return ["distill", "train", str(folder / "sounds"), "--out", f"{out}.distill"]


def load_stopped(out: Path) -> None:
    """What an interrupted training leaves: a model, and a state to go on from."""
    load_model(f"{out}.distill")
    if not Path(f"{out}.distill.state").is_file():
        raise DistillError("no state to go on from")


def without_data(folder: Path) -> list[list[str]]:
    """Commands whose sounds, codes or models are missing."""
    (folder / "empty").mkdir()
    return [
        ["distill", "train", "nowhere", "--out", "m.distill"],
        ["distill", "train", str(folder / "empty"), "--out", "m.distill"],
        ["distill", "encode", "nowhere.wav", "--out", "codes.json"],
        ["distill", "decode", "nowhere.json", "--out", "sound.wav"],
        ["distill", "generate", "--model", "nowhere.distill", "--out", "sound.wav"],
        ["distill", "evaluate", str(folder / "empty")],
    ]


def writers(folder: Path) -> tuple[Writer, ...]:
    """Every command that writes, and the page's shelf of models."""
    prepare_training(folder)
    _save_model(folder)
    sounds, seeds = folder / "sounds", count()
    codes = folder / "codes.json"
    commands.run(main, ["encode", str(sounds / "0.wav"), "--out", str(codes)])

    def train(out: Path) -> list[str]:
        steps = ["--steps", "1", "1", "1", "--seed", str(next(seeds))]
        return ["train", str(sounds), *steps, "--out", str(out)]

    def generate(out: Path) -> list[str]:
        return ["generate", "--seconds", "1", "--seed", str(next(seeds)), "--out", str(out)]

    def plain(*arguments: str) -> Callable[[Path], list[str]]:
        return lambda out: [*arguments, str(out)]

    return (
        Writer("train", main, train, "m.distill", logs=("*.jsonl",)),
        Writer("encode", main, plain("encode", str(sounds / "1.wav"), "--out"), "codes.json"),
        Writer("decode", main, plain("decode", str(codes), "--out"), "sound.wav"),
        Writer("decode to FLAC", main, plain("decode", str(codes), "--out"), "sound.flac"),
        Writer("generate", main, generate, "sound.wav"),
        Writer("evaluate", main, plain("evaluate", str(sounds), "--json"), "report.json"),
        Writer("the page's import", _shelve, plain(str(_model_file(folder))), "models", True),
    )


def _shelve(arguments: Sequence[str]) -> int:
    """A model onto the page's shelf, as an upload; the reason on stderr, as the page shows it."""
    source, shelf = map(Path, arguments)
    library = ModelLibrary([], shelf)

    def models_import(request: Request) -> dict[str, Any]:
        library.add(source)
        return {}

    told = endpoint(models_import)({"token": _TOKEN}).get("error")
    if told:
        print(told, file=sys.stderr)
    return 1 if told else 0


_TOKEN = "1" * 32
CHANGING_CALL = ("codes_open_example", {"token": _TOKEN, "example": "loop_tabla"})


def state(server: Server) -> object:
    """What must not change: the sound that the session has open."""
    return state_of(server, "codes_start", {"token": _TOKEN})["clip"]["id"]


def visitor(server: Server, number: int) -> Callable[[], str]:
    """A tab with a sound of its own, whose codes it changes and reads back."""
    token = f"{number:032x}"
    clip = state_of(server, "codes_open_example", {"token": token, "example": "perc_till"})["clip"]
    own = {"token": token, "clip": clip["id"]}
    levels, turn = clip["levels"], count(number)

    def visit() -> str:
        code = next(turn) % 16
        edit = {**own, "start": 0, "remove": 1, "rows": [[code]] * levels}
        told = state_of(server, "codes_edit", edit)
        if "error" in told:
            return str(told["error"])
        shown = state_of(server, "codes_show", own)["clip"]
        first = np.frombuffer(base64.b64decode(shown["codes"]), "<i2")[0]
        return "" if first == code else f"it wrote {code} and read {first}"

    return visit


UPLOAD_MEGABYTES = 400
PAGE_READY = "document.querySelector('#distill-codes [data-ds=rows]')?.dataset.clip"

_TESTS = "tests/distill/test_distill_"
RESUME = (
    f"{_TESTS}training.py::test_a_run_that_was_stopped_and_resumed_ends_exactly_like_one_that_was_not",
)
DETERMINISM = (
    f"{_TESTS}training.py::test_the_same_seed_trains_the_same_model_and_leaves_the_global_generator_alone",
)
MARKUP = (
    "tests/e2e/test_distill_codes_out.py::test_file_names_and_labels_are_never_markup",
    "tests/e2e/test_distill_tabs.py::test_models_are_imported_used_renamed_exported_and_deleted",
)
DIVERGENCE = (
    f"{_TESTS}training.py::test_a_loss_that_is_no_number_stops_with_the_last_good_state",
    f"{_TESTS}divergence.py",
)
