"""The Train tab: one training at a time, seen by every visitor."""

import base64
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field, StringConstraints

from distill.audio.io import load_audio, to_mono
from distill.errors import DistillError, TrainingError
from distill.inference.codes import decode_columns, encode_waves
from distill.models.persistence import load_model
from distill.training.export import health_in_words
from distill.ui.audio_payload import to_pcm, wav_bytes
from distill.ui.endpoints import Name, Part, Request, endpoint
from distill.ui.workshop import Workshop

_PREVIEW_S = 3.0
_Path = Annotated[str, StringConstraints(max_length=4096)]


class DroppedFile(Part):
    """An uploaded sound: where Gradio put it, what it was called."""

    path: _Path
    name: Name


class StartTraining(Request):
    """Sounds that were dropped, or a folder; how long, how many levels."""

    title: Name
    files: Annotated[list[DroppedFile], Field(max_length=1000)]
    folder: _Path = ""
    minutes: Annotated[float, Field(ge=0.1, le=1440.0)]
    levels: Annotated[int, Field(ge=2, le=4)]
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `train_status`, `train_start`, `train_stop`, `train_resume`,
    `train_preview`."""
    desk = workshop.desk

    def train_status(request: Request) -> dict[str, Any]:
        return {**desk.status(request.token), "may_name_folders": desk.may_name_folders}

    def train_start(request: StartTraining) -> dict[str, Any]:
        if request.folder:
            if not desk.may_name_folders:
                raise TrainingError("this page is open to other machines: drop the sounds instead")
            folder = Path(request.folder).expanduser()
        else:
            files = [(f.name, workshop.uploaded(f.path)) for f in request.files]
            folder = desk.take_in(request.title, files)
        plan = desk.plan(request.title, folder, request.minutes, request.levels, request.seed)
        desk.start(plan, request.token)
        return desk.status(request.token)

    def train_stop(request: Request) -> dict[str, Any]:
        desk.stop()
        return desk.status(request.token)

    def train_resume(request: Request) -> dict[str, Any]:
        desk.resume(request.token)
        return desk.status(request.token)

    def train_preview(request: Request) -> dict[str, Any]:
        model = desk.model
        sound = desk.preview_sound
        if model is None or sound is None:
            return {"ready": False}
        return _preview(model, model.stat().st_mtime_ns, sound)

    served = (train_status, train_start, train_stop, train_resume, train_preview)
    return [endpoint(function) for function in served]


@lru_cache(maxsize=4)
def _preview(model: Path, stamp: int, sound: Path) -> dict[str, Any]:
    """A sound of the corpus before and after the model, as far as it has come (`stamp`)."""
    try:
        loaded = load_model(model)
        rate = loaded.spectrogram.config.sample_rate
        wave = to_mono(load_audio(sound, rate).waveform)[: round(_PREVIEW_S * rate)]
    except DistillError:
        return {"ready": False}  # the file is just being replaced: the next poll sees it
    encoded = encode_waves(iter([wave]), loaded)
    table = encoded["indices"][0]
    with torch.inference_mode():
        decoded = decode_columns(table, loaded, 0, len(table), len(wave))
    return {
        "ready": True,
        "stamp": str(stamp),
        "name": sound.stem,
        "synthesis": loaded.metadata.synthesis,
        "original": _wav(wave.numpy(), rate),
        "decoded": _wav(decoded, rate),
        "health": health_in_words(loaded.codebook_health),
        "has_prior": loaded.prior is not None,
    }


def _wav(samples: np.ndarray, rate: int) -> str:
    return base64.b64encode(wav_bytes(to_pcm(samples), rate)).decode("ascii")
