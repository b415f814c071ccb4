"""The sea: open water, a headland, a ship, a beach."""

import numpy as np

from scene.synth import grounds
from scene.synth.canvas import COLUMNS, ROWS, Y
from scene.synth.foreground import foreground
from scene.synth.palette import COLOUR
from scene.synth.planting import plant
from scene.synth.stage import Stage, far_peaks, open_sky
from scene.synth.stamps import props, rocks


def sea(stage: Stage) -> None:
    """Open water, headlands, a ship, a beach."""
    stage.horizon = stage.pick(100, 116)
    open_sky(stage, 8)
    side = 1 if stage.focus > 160 else -1
    far_peaks(stage, stage.horizon + 8, "low", "far", 0.45, False)
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n9" if "moon" in celestial else "s7"])
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine)
    if stage.chance(0.6):
        shades = np.concatenate([stage.colours["plaster"][1:4], stage.colours["wood"][[0, 1, 2]]])
        shape = props.sail(stage.pick(0, 1))
        stage.canvas.stamp(
            stage.turn(shape),
            136 + side * stage.pick(-24, 0, 24),
            stage.horizon - 40,
            shades,
            "props",
        )
    cliff = rocks.peak(144, 80, int(stage.rng.integers(2)), False)
    base = stage.horizon + 16
    x = 208 if side > 0 else -48
    rock = stage.colours.hazy("rock", 0.1)
    stage.canvas.stamp(stage.turn(cliff), x, base - 80, rock, part="peaks")
    foam = (
        (base - 2 <= Y)
        & (base + 2 > Y)
        & (np.abs(COLUMNS - x - 72) < 68)
        & ((COLUMNS + ROWS * 4) % 16 < 11)
    )
    stage.canvas.paint(foam, int(stage.colours["water"][-1]))
    _beach(stage, side)


def _beach(stage: Stage, side: int) -> None:
    if stage.attributes["foreground"] == "boat":
        stage.focus = 160 - side * 16  # on the water, off the beach
        foreground(stage, 168)
    slope = (COLUMNS[0] - 160) * -side
    top = 172 - np.clip(slope + 80, 0, 240) // 16 * 2
    shades = stage.colours["snow"] if stage.snowy else stage.colours["sand"]
    grounds.paint_ground(stage.canvas, top, shades, "sand", light=0.9, dark=0.35)
    wash = (top[None, :] - 3 <= Y) & (top[None, :] > Y) & ((COLUMNS + ROWS * 8) % 32 < 25)
    stage.canvas.paint(wash, int(stage.colours["water"][-1]))
    if stage.attributes["trees"] != "none":
        for x, y in ((160 - side * 128, 180), (160 - side * 88, 188)):
            plant(stage, x, y, "large")
    if stage.attributes["foreground"] != "boat":
        foreground(stage, 190)
