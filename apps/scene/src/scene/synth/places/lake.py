"""A lake: mountains and woods mirrored in still water."""

import numpy as np

from scene.synth import grounds, weather
from scene.synth.canvas import COLUMNS
from scene.synth.foreground import foreground, frame_boughs
from scene.synth.palette import COLOUR
from scene.synth.planting import plant, treeline
from scene.synth.stage import Stage, far_peaks, ground_material, hills, open_sky
from scene.synth.stamps import plants


def lake(stage: Stage) -> None:
    """Mountains and woods mirrored in still water."""
    stage.horizon = 100
    open_sky(stage, 48)
    snow = stage.chance(0.6) or stage.snowy
    far_peaks(stage, stage.horizon, "great", "rock", 0.3, snow)
    weather.haze(stage.canvas, stage.horizon - 28, stage.horizon, stage.colours.haze, 0.35)
    top = hills(stage, stage.horizon - 4, "hill", 0.2)
    kind = stage.attributes["trees"]
    if kind != "none":
        treeline(
            stage,
            np.minimum(top + 4, stage.horizon - 6),
            "pines" if kind == "pines" else "oaks",
            0.3,
        )
        for slot in range(5):
            if stage.chance(0.7):
                size = "small" if slot % 2 else "medium"
                plant(stage, 32 + 64 * slot, stage.horizon + 2, size, 0.2, slot // 2 % 2)
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n9" if "moon" in celestial else "s7"])
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine, reflect=0.4)
    _shore(stage)


def _shore(stage: Stage) -> None:
    """A near bank in the corner away from the light, reeds, trees, the thing in front."""
    shades, texture = ground_material(stage)
    side = 1 if stage.focus < 160 else -1
    boat = stage.attributes["foreground"] == "boat"
    if boat:
        stage.focus = 160 + side * 64  # on open water
        foreground(stage, 176)
    slope = (COLUMNS[0] - 160) * side
    top = 188 - np.clip(slope + 40, 0, 200) // 8 * 2
    grounds.paint_ground(stage.canvas, top, shades, texture, light=0.6, dark=0.15)
    reeds = np.concatenate([stage.colours["grass"][:3], stage.colours["bark"][2:3]])
    for k in range(7):
        x = (160 + side * (24 + 16 * k)) // 8 * 8
        stage.canvas.stamp(plants.REED, x, int(top[min(319, max(0, x))]) - 10, reeds)
    if stage.attributes["trees"] != "none":
        plant(stage, 160 + side * 128, 192, "large")
    if not boat:
        foreground(stage, 190)
    if stage.chance(0.4):
        frame_boughs(stage, side)
