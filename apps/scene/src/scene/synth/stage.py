"""What every place draws with: the stage (canvas, colours, light, attributes), sky and land."""

from dataclasses import dataclass

import numpy as np

from scene.synth import grounds, skies
from scene.synth.canvas import CLEAR, COLUMNS, HEIGHT, ROWS, TOP, Canvas, Y
from scene.synth.grounds import paint_ground
from scene.synth.schemes import Scheme
from scene.synth.stamps import rocks


@dataclass
class Stage:
    """A scene in the making. ``mirrored``: light comes from the right; ``focus``: where to look."""

    canvas: Canvas
    colours: Scheme
    rng: np.random.Generator
    attributes: dict[str, str]
    horizon: int
    mirrored: bool
    focus: int  # column of the main subject, a multiple of 8
    light: tuple[int, int]  # where sun or moon stands
    variant: int  # which backdrop: peaks, hills and the wood's edge ...
    shift: int | None = None  # ... and how far it is rolled sideways, all as one

    def pick(self, *values: int) -> int:
        """One of ``values``."""
        return values[int(self.rng.integers(len(values)))]

    def turn(self, stamp: np.ndarray) -> np.ndarray:
        """The stamp lit from the scene's side."""
        return stamp[:, ::-1] if self.mirrored else stamp

    def chance(self, share: float) -> bool:
        """True with probability ``share``."""
        return bool(self.rng.random() < share)

    @property
    def snowy(self) -> bool:
        """Whether snow lies."""
        return self.attributes["weather"] == "snow" or self.attributes["place"] == "snowfield"


def open_sky(stage: Stage, lift: int = 8) -> None:
    """Sky, sun or moon (``lift``: rows that a low sun stands above the horizon), clouds."""
    attributes, rng = stage.attributes, stage.rng
    skies.paint_sky(stage.canvas, stage.colours, stage.horizon)
    bolt = attributes["celestial"] == "lightning"
    if not bolt:
        stage.light = skies.add_celestial(
            stage.canvas,
            stage.colours,
            rng,
            attributes["celestial"],
            attributes["time"],
            stage.light,
            stage.horizon,
            lift,
        )
    amount = {"clear": stage.pick(1, 2, 3), "fog": 1}.get(attributes["weather"], 4)
    if attributes["time"] == "storm":
        amount = 6
    if attributes["celestial"] == "stars":
        amount = 0
    orb, before = stage.canvas.shows("sun_moon"), stage.canvas.pixels.copy()
    skies.add_clouds(stage.canvas, stage.colours, rng, stage.horizon, amount, stage.mirrored)
    stage.canvas.paint(orb, before, "sun_moon")  # clouds never hide what the caption names
    if bolt:
        skies.add_lightning(stage.canvas, stage.light[0], stage.horizon, int(rng.integers(3)))


def hides_light(stage: Stage, x: int, width: int) -> bool:
    """Whether something at columns x.. would stand before a low sun or moon."""
    near = x - 24 < stage.light[0] < x + width + 24
    return near and stage.attributes["celestial"] not in ("none", "stars", "lightning")


def far_peaks(stage: Stage, base: int, kind: str, material: str, haze: float, snow: bool) -> None:
    """A chain of peaks standing on row ``base``, low where sun or moon stands."""
    shades = stage.colours.hazy(material, haze)
    if len(shades) < 6:
        shades = np.concatenate([shades[[0, 0, 1, 2]], shades[-2:]])
    chain = stage.turn(rocks.mountain_range(kind, stage.variant % 2, snow))
    height = (chain != CLEAR).sum(axis=0)
    shift = roll(stage, height, base - stage.light[1] - 24)
    stage.canvas.stamp(np.roll(chain, shift, axis=1), 0, base - len(chain), shades, part="peaks")


def roll(stage: Stage, height: np.ndarray, low: int = 0) -> int:
    """The shift of the backdrop, a multiple of 32 pixels, chosen at the first call.

    It puts a part of the backdrop that is lower than ``low``, by its ``height`` (320,), or the
    lowest one, before sun or moon.
    """
    if stage.shift is None:
        shifts = [int(shift) for shift in stage.rng.permutation(10) * 32]
        if stage.attributes["celestial"] not in ("none", "stars"):
            near = np.arange(stage.light[0] - 24, stage.light[0] + 24)
            shifts.sort(key=lambda shift: max(height[(near - shift) % 320].max(), low))
        stage.shift = shifts[0]
    return stage.shift


def skyline(stage: Stage, base: int, layer: int) -> np.ndarray:
    """Heights (320,) of the hills of a layer of the backdrop."""
    top = grounds.profile(stage.variant % 2 + 2 * layer, base)
    return np.roll(top[::-1] if stage.mirrored else top, roll(stage, 0 * top))


def hills(stage: Stage, base: int, material: str, haze: float, layer: int = 0) -> np.ndarray:
    """A band of hills down to the bottom; returns its skyline (320,)."""
    top = skyline(stage, base, layer)
    shades = stage.colours.hazy(material, haze)
    paint_ground(stage.canvas, top, shades, None, light=0.65, dark=0.15, part="hills")
    return top


def ground_material(stage: Stage) -> tuple[np.ndarray, str | None]:
    """Ramp and texture of the near ground."""
    if stage.snowy:
        return stage.colours["snow"], "sand"
    if stage.attributes["place"] in ("desert", "sea"):
        return stage.colours["sand"], "sand"
    return stage.colours["grass"], "grass"


def path(stage: Stage, top: int, x_far: int, x_near: int, bottom: int = HEIGHT) -> None:
    """A path that winds from (x_far, top) to the lower border, in steps of 4 rows."""
    with stage.canvas.in_front():
        _pave(stage, top, x_far, x_near, bottom)


def _pave(stage: Stage, top: int, x_far: int, x_near: int, bottom: int) -> None:
    depth = np.clip((Y - top) / max(bottom - top, 1), 0, 1)
    step = np.floor((Y - TOP) / 4) * 4 + TOP
    depth_step = np.clip((step - top) / max(bottom - top, 1), 0, 1)
    bend = np.sin(depth_step * 5.2) * 28 * (1 - depth_step) * (1 if x_far > x_near else -1)
    middle = x_far + (x_near - x_far) * depth_step**1.3 + bend
    half = 3 + 34 * depth_step**1.4
    where = (top <= Y) & (np.abs(COLUMNS - middle) < half)
    shades = stage.colours["snow"] if stage.snowy else stage.colours["dirt"]
    shades = shades[[0, 1, 1, 2]] if stage.snowy else shades
    tone = np.clip(np.rint((0.85 - 0.5 * depth) * (len(shades) - 1)), 1, len(shades) - 1).astype(
        int
    )
    stage.canvas.paint(where, shades[tone].astype(np.uint8))
    edge = where & (np.abs(COLUMNS - middle) > half - 2 - 3 * depth)
    stage.canvas.paint(edge, int(shades[0]))
    stones = where & ~edge & ((ROWS % 8) >= 6) & (((COLUMNS + 8 * (ROWS // 8)) % 16) < 5)
    stage.canvas.paint(stones, int(shades[-1 if not stage.snowy else 0]))
