"""A castle on a hill above a valley."""

import numpy as np

from scene.synth import grounds, weather
from scene.synth.canvas import COLUMNS, Y
from scene.synth.foreground import foreground, frame_bank, frame_boughs
from scene.synth.places.raising import raise_building
from scene.synth.planting import grove, plant, treeline
from scene.synth.stage import Stage, far_peaks, ground_material, hills, open_sky, path, skyline
from scene.synth.stamps import masonry, rocks


def castle(stage: Stage) -> None:
    """A castle on a rocky hill above a valley."""
    stage.horizon = 132
    open_sky(stage, 60)
    far_peaks(stage, stage.horizon, "high", "far", 0.15, False)
    weather.haze(stage.canvas, stage.horizon - 40, stage.horizon, stage.colours.haze, 0.4)
    top = hills(stage, stage.horizon - 8, "hill", 0.4)
    if stage.attributes["trees"] != "none":
        treeline(stage, top, "pines" if stage.attributes["trees"] == "pines" else "oaks", 0.45)
    hill_height, hill_width = 48, 256
    base = stage.horizon + 32
    hill = rocks.mound(hill_width, hill_height, stage.pick(0, 1))
    grass, rock = stage.colours["grass"], stage.colours["rock"]
    if stage.snowy:
        grass = stage.colours["snow"][[0, 1, 1, 2, 3]]
    shades = np.concatenate([grass[1:5], rock[[1, 3]], grass[4:5]]).astype(np.uint8)
    left = (stage.focus - hill_width // 2) // 8 * 8
    stone = masonry.building_ramp(stage.colours, 0.06)
    raise_building(
        stage,
        masonry.castle(stage.pick(*range(8))),
        stage.focus - 80,
        base - hill_height + 8,
        stone,
    )
    stage.canvas.stamp(stage.turn(hill), left, base - hill_height, shades, part="hills")
    _hill_road(stage, base - hill_height + 2, base + 8)
    shades, texture = ground_material(stage)
    top = skyline(stage, base, 1)
    grounds.paint_ground(stage.canvas, top, shades, texture, light=0.6, dark=0.05)
    if stage.attributes["foreground"] == "path":
        path(stage, base + 2, stage.focus, 320 - stage.focus)
    grove(stage, base + 8, "small", 5, 0.1, (stage.focus - 40, stage.focus + 40), 8)
    grove(stage, base + 12, "medium", 4, 0.05, (stage.focus - 88, stage.focus + 88), 8)
    if stage.attributes["trees"] != "none":
        plant(
            stage, stage.pick(16, 48) if stage.focus > 160 else stage.pick(272, 304), 188, "large"
        )
    foreground(stage)
    if stage.chance(0.5):
        frame_boughs(stage, -1 if stage.focus > 160 else 1)
    if stage.attributes["foreground"] in ("none", "flowers"):
        frame_bank(stage, 10)


def _hill_road(stage: Stage, top: int, bottom: int) -> None:
    """A switchback that climbs to the gate."""
    shades = stage.colours["dirt"] if not stage.snowy else stage.colours["snow"]
    depth = (np.floor((Y - top) / 2) * 2) / (bottom - top)
    middle = stage.focus + np.sin(depth * 7.5) * (10 + 34 * depth) * (-1 if stage.mirrored else 1)
    half = 2.5 + 5 * depth
    where = (top <= Y) & (bottom > Y) & (np.abs(COLUMNS - middle) < half)
    stage.canvas.paint(where, int(shades[3]))
    stage.canvas.paint(where & (COLUMNS - middle > half - 2), int(shades[1]))
