"""A village: cottages around a church, along a street."""

import numpy as np

from scene.synth import grounds, weather
from scene.synth.foreground import barrels, foreground, frame_boughs
from scene.synth.places.raising import raise_building, smoke
from scene.synth.planting import plant, treeline
from scene.synth.stage import Stage, far_peaks, ground_material, hills, open_sky, path
from scene.synth.stamps import houses, masonry


def village(stage: Stage) -> None:
    """Cottages around a church, along a street."""
    stage.horizon = 116
    open_sky(stage, 56)
    if stage.chance(0.6):
        far_peaks(stage, stage.horizon, "high", "far", 0.3, stage.snowy)
        weather.haze(stage.canvas, stage.horizon - 36, stage.horizon, stage.colours.haze, 0.4)
    top = hills(stage, stage.horizon - 12, "hill" if not stage.snowy else "snow", 0.35)
    if stage.attributes["trees"] != "none":
        treeline(stage, top, "pines" if stage.attributes["trees"] == "pines" else "oaks", 0.4)
    shades, texture = ground_material(stage)
    far = masonry.building_ramp(stage.colours, 0.18)
    near = masonry.building_ramp(stage.colours)
    for k in range(5):
        x = (k * 80 + stage.focus + 32 * stage.pick(0, 1)) % 352 - 32
        house = houses.cottage(48, k % 4, False)
        raise_building(stage, house, x, stage.horizon + 8, far)
    if stage.chance(0.7):
        raise_building(
            stage,
            houses.church(stage.pick(0, 1)),
            stage.focus - 32,
            stage.horizon + 12,
            far,
            True,
        )
    ground = np.full(320, stage.horizon + 4)
    grounds.paint_ground(stage.canvas, ground, shades, texture, light=0.7, dark=0.1)
    path(stage, stage.horizon + 6, stage.focus, 160 + stage.pick(-32, 32))
    for side in (-1, 1):
        x = stage.focus + side * 112 - 40
        house = houses.cottage(80, stage.pick(0, 1, 2, 3), True)
        base = stage.horizon + stage.pick(32, 40)
        if stage.attributes["trees"] != "none":
            plant(stage, x + (88 if side < 0 else -16), base - 8, "medium", 0.1)
        raise_building(stage, house, x, base, near)
        if stage.chance(0.8):
            smoke(stage, x + 16, base - 56)
    if stage.attributes["trees"] != "none" and stage.chance(0.7):
        plant(stage, stage.pick(16, 304), 188, "large")
    _street_things(stage)
    if stage.chance(0.4):
        frame_boughs(stage, stage.pick(-1, 1))


def _street_things(stage: Stage) -> None:
    if stage.attributes["foreground"] == "barrels":
        barrels(stage, 320 - stage.focus, 188)
    else:
        foreground(stage)
