"""A lighthouse on a cliff over the sea."""

import numpy as np

from scene.synth import grounds, skies
from scene.synth.canvas import COLUMNS, ROWS, Y
from scene.synth.foreground import foreground
from scene.synth.palette import COLOUR, blend_table
from scene.synth.places.raising import raise_building
from scene.synth.planting import plant
from scene.synth.stage import Stage, far_peaks, ground_material, open_sky, path
from scene.synth.stamps import houses, masonry, monuments, rocks


def lighthouse(stage: Stage) -> None:
    """A lighthouse on a cliff over the sea, its beam lit in the dark."""
    stage.horizon = 132
    open_sky(stage, 8)
    side = 1 if stage.focus > 160 else -1
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n9" if "moon" in celestial else "s7"])
    far_peaks(stage, stage.horizon + 8, "low", "far", 0.45, False)
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine)
    x = 216 if side > 0 else 104
    base = stage.horizon - 12
    lamp = (x, base - 90)
    if stage.colours.dark:
        for direction in (-1, 1):
            reach = (COLUMNS - x) * direction
            beam = (reach > 8) & (np.abs(Y - lamp[1]) < 2 + reach / 7) & (reach < 240)
            stage.canvas.recolour(beam, blend_table(COLOUR["s8"], 0.22))
        skies.glow(stage.canvas, *lamp, 28, COLOUR["s8"], 0.4)
    _cliff(stage, x, base, side)
    raise_building(
        stage,
        monuments.lighthouse(stage.pick(0, 1, 2)),
        x - 24,
        base + 6,
        monuments.lighthouse_ramp(stage.colours),
    )
    house = houses.cottage(40, stage.pick(0, 1, 2, 3), False)
    raise_building(
        stage, house, x + side * 44 - 20, base + 12, masonry.building_ramp(stage.colours)
    )
    if stage.attributes["trees"] != "none":
        for dx in (64, 80, 96):
            plant(stage, x + side * dx, base + 20, "medium" if dx != 80 else "small")
    if stage.attributes["foreground"] == "boat":
        foreground(stage, 180)
    elif stage.attributes["foreground"] == "path":
        path(stage, base + 8, x + side * 16, x + side * 56)
    else:
        stage.focus = 320 - x - side * 40  # things stand on the headland
        foreground(stage, base + 36)


def _cliff(stage: Stage, x: int, base: int, side: int) -> None:
    """The headland: faceted rock down to the water, turf on top."""
    shape = rocks.cliff(stage.pick(0, 1))
    shades = (
        stage.colours["rock"][:5]
        if (side > 0 and not stage.mirrored) or (side < 0 and stage.mirrored)
        else stage.colours["rock"][[0, 0, 1, 2, 3]]
    )
    left = x - 88 if side > 0 else x + 88 - 256
    stage.canvas.stamp(shape if side > 0 else shape[:, ::-1], left, base, shades, part="ground")
    ground, texture = ground_material(stage)
    inland = (COLUMNS[0] - x) * side + 52
    turf = (
        base
        + 12
        + np.array([0, 2, 4, 2, 6, 2, 0, 4])[(COLUMNS[0] // 8) % 8]
        + np.clip(inland - 64, 0, 200) // 2
    )
    where = (base <= Y) & (turf[None, :] > Y) & (inland > 0)[None, :]
    depth = np.clip((Y - base) // 8, 0, 4)
    colour = ground[np.clip(4 - depth, 1, 4)]
    marks = grounds.TEXTURES["grass"][ROWS % 16, COLUMNS % 16]
    if texture == "grass":
        colour = np.where(marks >= 2, ground[np.clip(5 - depth, 1, len(ground) - 1)], colour)
    stage.canvas.paint(where, colour.astype(np.uint8), part="ground")
    stage.canvas.paint(where & (base + 1 > Y), int(ground[-1]))
    stage.canvas.paint(where & (turf[None, :] - 2 <= Y), int(ground[0]))
