"""Sound on demand: pieces of a track while it plays, short sounds of cells and codes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

import torch
from pydantic import Field, StringConstraints

from distill.errors import CodesError
from distill.inference import preview_cell, preview_single_code
from distill.ui.audio_payload import pack, to_pcm
from distill.ui.endpoints import Code, Id, Level, Request, endpoint
from distill.ui.library import ModelKey
from distill.ui.workshop import Workshop

_MOST_SAMPLES = 1 << 17


class Sound(Request):
    """`count` samples of a track from `start`."""

    clip: Id
    track: Annotated[str, StringConstraints(max_length=16)]
    start: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=1, le=_MOST_SAMPLES)]


class Hear(Request):
    """A column of codes, -1 for nothing, to be held for a moment."""

    clip: Id
    codes: Annotated[list[Code], Field(min_length=1, max_length=8)]


class HearCode(Request):
    """A code of the codebook, without a place in a sound."""

    clip: Id
    level: Level
    code: Code


@lru_cache(maxsize=2000)
def _column_sound(key: ModelKey, codes: tuple[int, ...]) -> str:
    column = torch.tensor([[codes]])  # (1, 1, L)
    return pack(to_pcm(preview_cell(len(codes) - 1, 0, column, key.loaded, (1, 1))))


@lru_cache(maxsize=2000)
def _code_sound(key: ModelKey, level: int, code: int) -> str:
    return pack(to_pcm(preview_single_code(level, code, key.loaded)))


def handlers(workshop: Workshop) -> list[Callable[[Any], dict[str, Any]]]:
    """Server functions `codes_sound`, `codes_hear`, `codes_hear_code`."""

    def codes_sound(request: Sound) -> dict[str, Any]:
        clip = workshop.sessions.get(request.token).clip(request.clip)
        pcm = clip.sound(request.track, request.start, request.start + request.count)
        return {"start": request.start, "pcm": pack(pcm)}

    def codes_hear(request: Hear) -> dict[str, Any]:
        loaded = workshop.sessions.get(request.token).clip(request.clip).loaded
        model = loaded.model
        if len(request.codes) != model.num_quantizers or max(request.codes) >= model.codebook_size:
            raise CodesError("these codes do not fit the model")
        return {"pcm": _column_sound(ModelKey(loaded.model_id, loaded), tuple(request.codes))}

    def codes_hear_code(request: HearCode) -> dict[str, Any]:
        loaded = workshop.sessions.get(request.token).clip(request.clip).loaded
        model = loaded.model
        if request.level >= model.num_quantizers or not 0 <= request.code < model.codebook_size:
            raise CodesError("there is no such code in this model")
        return {"pcm": _code_sound(ModelKey(loaded.model_id, loaded), request.level, request.code)}

    return [endpoint(function) for function in (codes_sound, codes_hear, codes_hear_code)]
