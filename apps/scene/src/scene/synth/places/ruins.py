"""Ruins: broken columns and an arch, overgrown."""

import numpy as np

from scene.synth import grounds, weather
from scene.synth.canvas import COLUMNS, Y
from scene.synth.foreground import foreground, frame_boughs, frame_trunk
from scene.synth.places.raising import raise_building
from scene.synth.planting import grove, plant, treeline
from scene.synth.stage import Stage, far_peaks, ground_material, hills, open_sky, path
from scene.synth.stamps import masonry, monuments, rocks


def ruins(stage: Stage) -> None:
    """Broken columns and an arch, overgrown."""
    stage.horizon = 116
    open_sky(stage, 48)
    far_peaks(stage, stage.horizon, "high", "far", 0.3, False)
    weather.haze(stage.canvas, stage.horizon - 36, stage.horizon, stage.colours.haze, 0.4)
    top = hills(stage, stage.horizon - 4, "hill", 0.35)
    if stage.attributes["trees"] not in ("none", "palms"):
        treeline(stage, top, "oaks", 0.4)
    shades, texture = ground_material(stage)
    grounds.paint_ground(
        stage.canvas, np.full(320, stage.horizon + 8), shades, texture, light=0.7, dark=0.1
    )
    far = masonry.building_ramp(stage.colours, 0.2)
    for k in range(4):
        x = (stage.focus - 136 + k * 72) // 8 * 8
        raise_building(
            stage,
            monuments.column(56, (0, 2, 0, 1)[(k + stage.variant) % 4]),
            x,
            stage.horizon + 20,
            far,
        )
    near = masonry.building_ramp(stage.colours)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 8, stage.focus, 160)
    raise_building(
        stage, monuments.arch(stage.pick(0, 1)), stage.focus - 40, stage.horizon + 32, near
    )
    grove(stage, stage.horizon + 16, "medium", 3, 0.1, (stage.focus - 56, stage.focus + 56))
    _steps(stage, stage.focus, stage.horizon + 32)
    _near_columns(stage, near)
    if stage.attributes["trees"] != "none":
        plant(stage, stage.pick(16, 304), 188, "large")
    foreground(stage)
    if stage.chance(0.6):
        frame_boughs(stage, -1 if stage.focus > 160 else 1)
    elif stage.attributes["trees"] == "twisted trees":
        frame_trunk(stage, -1 if stage.focus > 160 else 1, "twisted trees")


def _near_columns(stage: Stage, shades: np.ndarray) -> None:
    """Three columns opposite the arch and a fallen stone."""
    away = 320 - stage.focus
    for k, dx in enumerate((-40, 0, 40)):
        height = (80, 96, 72)[(k + stage.pick(0, 1, 2)) % 3]
        raise_building(
            stage,
            monuments.column(height, stage.pick(0, 1, 2)),
            away + dx - 12,
            stage.horizon + 48 + 4 * k,
            shades,
        )
    drum = rocks.boulder(48, 24, 1)
    stage.canvas.stamp(
        stage.turn(drum),
        (stage.focus - 72) // 8 * 8,
        stage.horizon + 28,
        stage.colours["stone"],
        "buildings",
    )


def _steps(stage: Stage, x: int, base: int) -> None:
    """Three worn steps before the arch."""
    stone = stage.colours["stone"]
    for k in range(3):
        half = 28 + 8 * k
        y = base + 4 * k
        where = (y - 4 <= Y) & (y > Y) & (np.abs(COLUMNS - x) < half)
        stage.canvas.paint(where, int(stone[3]), "buildings")
        stage.canvas.paint(where & (y - 2 <= Y), int(stone[1]), "buildings")
