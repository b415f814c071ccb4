"""A swamp: black water, islands, moss, lights."""

import numpy as np

from scene.synth import grounds, skies, weather
from scene.synth.canvas import COLUMNS, ROWS, TOP, Y
from scene.synth.foreground import foreground, frame_boughs, frame_trunk
from scene.synth.palette import COLOUR, blend_table
from scene.synth.planting import plant, treeline
from scene.synth.stage import Stage, hides_light, open_sky
from scene.synth.stamps import plants


def swamp(stage: Stage) -> None:
    """Black water, mossy trees on islands, mist, lights."""
    stage.horizon = stage.pick(116)
    stage.focus = stage.pick(80, 240)
    stage.light = (160 + stage.pick(-16, 0, 16), 52)  # below the moss
    open_sky(stage, 56)
    line = np.full(320, stage.horizon)
    treeline(stage, line - 20, "oaks", 0.65)
    treeline(stage, line - 4, "oaks", 0.4)
    for k in range(5):
        x = (k * 72 + stage.focus) % 336
        if not hides_light(stage, x - 24, 48):
            plant(stage, x, stage.horizon + 2, "medium", 0.35, k % 2)
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, reflect=0.45)
    weather.haze(stage.canvas, stage.horizon - 12, stage.horizon + 4, stage.colours.haze, 0.35)
    shades = stage.colours["grass"]
    for x, y, width in ((stage.focus, 148, 104), (320 - stage.focus, 164, 136)):
        _island(stage, x, y, width, shades)
        plant(stage, x, y + 4, "large", 0.05)
    for k in range(5):
        x = (stage.focus + 56 + k * 64) % 320
        skies.glow(stage.canvas, x, 136 + 8 * (k % 3), 10, COLOUR["t5"], 0.4)
        stage.canvas.pixels[135 + 8 * (k % 3) : 138 + 8 * (k % 3), max(0, x - 1) : x + 2] = COLOUR[
            "t5"
        ]
    foreground(stage, 184)
    frame_trunk(stage, -1 if stage.focus > 160 else 1, "twisted trees")
    fringe = np.array([4, 12, 8, 20, 10, 28, 6, 2])[(COLUMNS // 4 + stage.focus // 8) % 8]
    bunch = np.abs((COLUMNS + stage.focus) % 128 - 64) // 8 * 4
    hang = TOP + fringe + 10 - bunch > Y
    stage.canvas.paint(hang, int(stage.colours["ink"][0]), part="silhouettes")
    stage.canvas.paint(hang & (COLUMNS % 4 == 1) & (ROWS % 8 < 5), int(stage.colours["ink"][1]))
    reeds = np.concatenate([stage.colours["grass"][:3], stage.colours["bark"][2:3]])
    for k in range(9):
        x = (k * 40 + stage.focus) % 312 // 8 * 8
        stage.canvas.stamp(plants.REED, x, 180 + 4 * (k % 2), reeds)
    if stage.chance(0.5):
        frame_boughs(stage, 1 if stage.focus > 160 else -1)


def _island(stage: Stage, x: int, y: int, width: int, shades: np.ndarray) -> None:
    """A flat island of grass with a dark water line."""
    half = width / 2
    lens = np.clip(1 - ((COLUMNS[0] - x) / half) ** 2, 0, 1)
    top = y + 8 - np.rint(lens * 5).astype(int) * 2
    bottom = y + 8 + np.rint(lens * 3).astype(int) * 2
    where = (top[None, :] <= Y) & (bottom[None, :] > Y)
    stage.canvas.paint(where, int(shades[2]), part="ground")
    stage.canvas.paint(where & (top[None, :] + 2 > Y), int(shades[4]))
    stage.canvas.paint(where & (bottom[None, :] - 4 <= Y), int(shades[0]))
    marks = grounds.TEXTURES["grass"][ROWS % 16, COLUMNS % 16]
    stage.canvas.paint(where & (marks == 2), int(shades[3]))
    stage.canvas.recolour(
        (bottom[None, :] <= Y) & (bottom[None, :] + 2 > Y) & (lens[None, :] > 0),
        blend_table(int(stage.colours["water"][-1]), 0.4),
    )
