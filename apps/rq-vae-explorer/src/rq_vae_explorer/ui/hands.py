"""What a visitor does to the run from the canvas: move, kill and re-seed codes, decode, encode.

A public endpoint: `Hands.act` takes `{"do": name, ...}`, checks every value with a pydantic model
and answers in JSON; a refusal is `{"error": one line}`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rq_vae_explorer.config import Hyper, RunConfig, split_settings
from rq_vae_explorer.training.runs import RunError
from rq_vae_explorer.training.snapshot import View
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.exports import figure_png, replay_html, run_zip
from rq_vae_explorer.ui.figures import FIGURES
from rq_vae_explorer.ui.sketch import prepare_digit
from rq_vae_explorer.ui.wire import pack_array, pack_view, to_plane

Level = Annotated[int, Field(ge=1, le=4)]
Code = Annotated[int, Field(ge=0, le=63)]
Coordinate = Annotated[float, Field(ge=-1e4, le=1e4)]
_DRAWING_SIDE = 112


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Move(_Action):
    """Put a code at a point of its plane."""

    do: Literal["move"]
    level: Level
    code: Code
    x: Coordinate
    y: Coordinate


class Handle(_Action):
    """Kill or re-seed a code."""

    do: Literal["kill", "reseed"]
    level: Level
    code: Code


class Decode(_Action):
    """Draw what the decoder makes of a point of the level-1 plane."""

    do: Literal["decode"]
    x: Coordinate
    y: Coordinate


class Encode(_Action):
    """See a drawing through the model; `pixels` is base64 of 112 x 112 bytes of grey."""

    do: Literal["encode"]
    pixels: Annotated[str, Field(max_length=40_000)]


class Past(_Action):
    """The view of the run that is nearest to a step."""

    do: Literal["past"]
    step: Annotated[int, Field(ge=0)]


class Export(_Action):
    """A file of the run, as base64 with a name."""

    do: Literal["export"]
    what: str
    step: Annotated[int, Field(ge=0)] | None = None  # of a past view; now, without it


class Drive(_Action):
    """Stop the run, or start it again from step 0 with its own settings: both sides of an A/B."""

    do: Literal["stop", "restart"]


class Apply(_Action):
    """Settings from a link; those that define a run reset it. `speed` is of slow motion."""

    do: Literal["apply"]
    settings: Annotated[dict[str, str], Field(max_length=40)]


_ACTIONS: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        Move | Handle | Decode | Encode | Past | Export | Drive | Apply, Field(discriminator="do")
    ]
)


class Hands:
    """Carries out the actions of one run's visitors."""

    def __init__(self, run: Trainer) -> None:
        self._run = run

    def act(self, request: object) -> dict[str, Any]:
        """Check and carry out one action; returns its result as JSON, or `{"error": ...}`."""
        try:
            action = _ACTIONS.validate_python(request)
        except ValidationError as problem:
            first = problem.errors()[0]
            return {"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        try:
            return getattr(self, f"_{action.do}")(action)
        except (ValueError, RunError) as problem:
            return {"error": str(problem)}
        except OSError as problem:  # no room for what is to be packed
            return {"error": f"a file cannot be written: {problem.strerror or problem}"}

    def _view(self) -> View:
        view = self._run.snapshot().view
        if view is None:
            raise ValueError("nothing to act on yet: start training first")
        return view

    def _move(self, action: Move) -> dict[str, Any]:
        view = self._view()
        shape = view.codebook.shape
        if action.level > shape[0] or action.code >= shape[1]:
            raise ValueError(f"there is no code {action.code} on level {action.level}")
        here = to_plane(view, view.codebook)[action.level - 1, action.code]
        shift = np.array([action.x, action.y], np.float32) - here
        # Out of the drawn plane (D > 2) the code stays where it is.
        place = view.codebook[action.level - 1, action.code] + view.projection.basis @ shift
        self._run.move_code(action.level, action.code, place)
        return {"done": True}

    def _kill(self, action: Handle) -> dict[str, Any]:
        self._run.kill_code(action.level, action.code)
        return {"done": True}

    def _reseed(self, action: Handle) -> dict[str, Any]:
        self._run.reseed_code(action.level, action.code)
        return {"done": True}

    def _decode(self, action: Decode) -> dict[str, Any]:
        projection = self._view().projection
        z = np.array([action.x, action.y], np.float32) @ projection.basis.T + projection.mean
        return {"picture": pack_array(self._run.decode_point(z), "u8")}

    def _encode(self, action: Encode) -> dict[str, Any]:
        view = self._view()
        digit = prepare_digit(_grey(action.pixels))
        if digit is None:
            return {"blank": True}
        seen = self._run.encode_image(digit)
        vectors = seen.residuals[: len(seen.indices), None]  # (L, 1, D)
        return {
            "input": pack_array(digit, "u8"),
            "pictures": pack_array(np.concatenate([seen.recons, seen.unquantised[None]]), "u8"),
            "codes": seen.indices.tolist(),
            "errors": [float(error) for error in seen.errors],
            "points": pack_array(to_plane(view, vectors)[:, 0], "f32"),
        }

    def _past(self, action: Past) -> dict[str, Any]:
        nearest = self._nearest(action.step)
        return {"step": nearest.step, "view": pack_view(nearest)}

    def _nearest(self, step: int) -> View:
        views = self._run.timeline()
        if not views:
            raise ValueError("the run has no past yet")
        return min(views, key=lambda view: abs(view.step - step))

    def _export(self, action: Export) -> dict[str, Any]:
        snapshot = self._run.snapshot()
        if action.what == "run":
            name, data = f"rq-vae-run-{snapshot.step}.zip", run_zip(self._run)
        elif action.what == "replay":
            name, data = f"rq-vae-replay-{snapshot.step}.html", replay_html(self._run)
        elif action.what in FIGURES:
            past = None if action.step is None else self._nearest(action.step)
            data = figure_png(snapshot, action.what, past)
            name = f"rq-vae-{action.what}-{past.step if past else snapshot.step}.png"
        else:
            raise ValueError(f"what is one of {', '.join([*FIGURES, 'run', 'replay'])}")
        return {"name": name, "file": base64.b64encode(data).decode("ascii")}

    def _stop(self, _: Drive) -> dict[str, Any]:
        self._run.stop()
        return {"done": True}

    def _restart(self, _: Drive) -> dict[str, Any]:
        self._run.reset()
        self._run.start(wait=False)
        return {"done": True}

    def _apply(self, action: Apply) -> dict[str, Any]:
        settings = dict(action.settings)
        speed = settings.pop("speed", None)
        config, hyper = split_settings(dict(settings))
        now = self._run.snapshot().config
        named = settings.keys()
        fresh = {name: getattr(config, name) for name in named if name in RunConfig.model_fields}
        if any(getattr(now, name) != value for name, value in fresh.items()):
            self._run.reset(**fresh)
        live = {name: getattr(hyper, name) for name in named if name in Hyper.model_fields}
        if live:
            self._run.set_hyper(**live)
        if speed is not None:
            self._run.set_speed_limit(float(speed) or None)
        return {"done": True}


def _grey(pixels: str) -> NDArray[np.uint8]:
    try:
        data = base64.b64decode(pixels, validate=True)
    except binascii.Error:
        raise ValueError("pixels: not base64") from None
    if len(data) != _DRAWING_SIDE**2:
        raise ValueError(f"pixels: {_DRAWING_SIDE} x {_DRAWING_SIDE} bytes, not {len(data)}")
    return np.frombuffer(data, np.uint8).reshape(_DRAWING_SIDE, _DRAWING_SIDE)
