"""One scene: attributes and a seed become a picture, its caption and its masks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scene.synth.attributes import sample_attributes
from scene.synth.canvas import Canvas
from scene.synth.captions import caption
from scene.synth.layouts import draw_layout
from scene.synth.palette import MASTER_PALETTE
from scene.synth.places import PLACES
from scene.synth.schemes import scheme
from scene.synth.stage import Stage
from scene.synth.weather import add_fog, add_rain, add_snowfall


@dataclass(frozen=True)
class Scene:
    """A drawn scene.

    - ``indices``: (200, 320) uint8 into ``palette``.
    - ``palette``: (64, 3) uint8, the master palette, the same for all scenes.
    - ``caption``: one sentence.
    - ``attributes``: a value for every name in ``ATTRIBUTES``.
    - ``masks``: for every kind of object, (200, 320) bool.
    - ``layout``: (12, 20) uint8, what stands where on the grid of tokens, places in ``LABELS``.
    """

    seed: int
    indices: np.ndarray
    palette: np.ndarray
    caption: str
    attributes: dict[str, str]
    masks: dict[str, np.ndarray]
    layout: np.ndarray

    @property
    def image(self) -> np.ndarray:
        """(200, 320, 3) uint8 RGB."""
        return self.palette[self.indices]


@dataclass(frozen=True)
class Plan:
    """What a scene will show, before it is drawn."""

    seed: int
    attributes: dict[str, str]
    caption: str


def plan_scene(
    seed: int, attributes: Mapping[str, str] | None = None, held_out: bool | None = False
) -> Plan:
    """Attributes and caption of the scene of ``seed``, drawn from it where not given.

    - ``held_out``: False keeps to what training may show, True draws what it may not, None both.

    Raises ValueError where an attribute is unknown or no scene has that combination.
    """
    if seed < 0:
        raise ValueError(f"a seed is 0 or more, not {seed}")
    chosen = sample_attributes(_generator(seed, 0), held_out, attributes)
    return Plan(seed, chosen, caption(chosen, _generator(seed, 1)))


def draw_scene(seed: int, attributes: Mapping[str, str] | None = None) -> Scene:
    """Draw the scene of ``seed``; what ``attributes`` does not give is drawn from the seed.

    With no attributes the scene is one that training may show; given ones may ask for any.

    Raises ValueError where an attribute is unknown or no scene has that combination.
    """
    return draw_plan(plan_scene(seed, attributes, held_out=None if attributes else False))


def draw_plan(plan: Plan) -> Scene:
    """Draw a planned scene."""
    stage = _set_stage(_generator(plan.seed, 2), plan.attributes)
    PLACES[plan.attributes["place"]](stage)
    _fall(stage)
    canvas, attributes = stage.canvas, plan.attributes
    masks, layout = canvas.masks(), draw_layout(canvas, attributes)
    return Scene(plan.seed, canvas.pixels, MASTER_PALETTE, plan.caption, attributes, masks, layout)


def _generator(seed: int, part: int) -> np.random.Generator:
    """Separate streams for attributes, words and drawing, so that none disturbs another."""
    return np.random.Generator(np.random.PCG64([seed, part]))


def _set_stage(rng: np.random.Generator, chosen: dict[str, str]) -> Stage:
    """Choose where the light stands and where to look; they lie on different sides."""
    focus = (96, 128, 192, 224)[int(rng.integers(4))]
    light_x = 320 - focus + 32 * int(rng.integers(-1, 2))
    mirrored = light_x > focus
    colours = scheme(chosen["time"], chosen["mood"], chosen["weather"] == "rain")
    backdrop = int(rng.integers(4))
    return Stage(Canvas(), colours, rng, chosen, 112, mirrored, focus, (light_x, 36), backdrop)


def _fall(stage: Stage) -> None:
    """Weather over the finished picture."""
    weather = stage.attributes["weather"]
    if weather == "fog":
        add_fog(stage.canvas, stage.colours, stage.horizon, stage.pick(0, 1))
    elif weather == "rain":
        add_rain(stage.canvas, stage.attributes["time"] in ("day", "dawn"))
    elif weather == "snow":
        add_snowfall(stage.canvas)
