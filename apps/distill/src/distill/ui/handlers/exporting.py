"""What a clip becomes outside: wav, codes JSON, MIDI. (The picture is drawn by the browser.)"""

import base64
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import StringConstraints

from distill.errors import CodesError
from distill.inference.codes import MelShape
from distill.inference.codes_file import codes_file_of, write_codes_file
from distill.ui.audio_payload import wav_bytes
from distill.ui.clips import Clip
from distill.ui.endpoints import Column, endpoint
from distill.ui.handlers.opening import OneClip
from distill.ui.midi import codes_to_midi
from distill.ui.workshop import Workshop


class Export(OneClip):
    """What to export; for wav the track, and optionally the columns [start, end)."""

    what: Literal["wav", "json", "midi"]
    track: Annotated[str, StringConstraints(max_length=16)]
    start: Column | None = None
    end: Column | None = None


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server function `codes_export`."""

    def codes_export(request: Export) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        with clip.lock:
            make = {"wav": _wav, "json": _json, "midi": _midi}[request.what]
            return make(clip, request)

    return [endpoint(codes_export)]


def _wav(clip: Clip, request: Export) -> dict[str, Any]:
    start = (request.start or 0) * clip.column_samples
    stop = clip.samples if request.end is None else request.end * clip.column_samples
    if not 0 <= start < min(stop, clip.samples):
        raise CodesError("there is nothing in that selection")
    data = wav_bytes(
        clip.sound(request.track, start, stop), clip.loaded.spectrogram.config.sample_rate
    )
    part = "" if request.end is None else f"-{request.start or 0}-{request.end}"
    return _file(f"{_stem(clip)}{part}.wav", "audio/wav", data)


def _json(clip: Clip, request: Export) -> dict[str, Any]:
    loaded = clip.loaded
    encoded = {
        "indices": torch.from_numpy(clip.codes.astype(np.int64))[None],
        "spatial_shape": (1, clip.columns),
        "mel_shape": MelShape(
            loaded.vqvae_config.n_mels, loaded.spectrogram.num_frames(clip.samples), clip.samples
        ),
        "num_quantizers": clip.levels,
        "codebook_size": loaded.model.codebook_size,
        "duration_s": clip.samples / loaded.spectrogram.config.sample_rate,
        "num_samples": clip.samples,
        "model_id": loaded.model_id,
    }
    codes = replace(codes_file_of(encoded, loaded, clip.name), level_labels=clip.labels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codes.json"
        write_codes_file(path, codes)
        return _file(f"{_stem(clip)}.json", "application/json", path.read_bytes())


def _midi(clip: Clip, request: Export) -> dict[str, Any]:
    seconds = clip.column_samples / clip.loaded.spectrogram.config.sample_rate
    data = codes_to_midi(clip.codes, clip.loaded.model.codebook_size, clip.labels, seconds)
    return _file(f"{_stem(clip)}.mid", "audio/midi", data)


def _file(name: str, kind: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": base64.b64encode(data).decode("ascii")}


def _stem(clip: Clip) -> str:
    stem = clip.name.rsplit(".", 1)[0] if clip.source == "upload" else clip.name
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:60] or "sound"
