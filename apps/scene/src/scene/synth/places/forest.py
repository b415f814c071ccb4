"""A forest: three depths of trees, a clearing, shafts of light."""

import numpy as np

from scene.synth import grounds
from scene.synth.canvas import COLUMNS, TOP, WIDTH, Y
from scene.synth.foreground import foreground, frame_bank, frame_boughs, frame_trunk
from scene.synth.palette import COLOUR, blend_table
from scene.synth.planting import grove, plant, treeline
from scene.synth.stage import Stage, ground_material, open_sky, path
from scene.synth.stamps import plants


def forest(stage: Stage) -> None:
    """Three depths of trees, shafts of light, a clearing."""
    stage.horizon = 116
    stage.light = (stage.focus + stage.pick(-16, 0, 16), 36)  # seen through the clearing
    open_sky(stage, 48)
    kind, colours = stage.attributes["trees"], stage.colours
    line = np.full(320, stage.horizon)
    _wood(stage, kind if kind != "twisted trees" else "oaks")
    shades, texture = ground_material(stage)
    grounds.paint_ground(stage.canvas, line, shades, texture, light=0.6, dark=0.1)
    gap = (stage.focus - 40, stage.focus + 40)
    grove(stage, stage.horizon + 8, "medium", 7, 0.3, gap, 8)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 4, stage.focus, 160)
    for x in (stage.focus - 88, stage.focus + 88):
        plant(stage, x, stage.horizon + 36, "large", 0.08)
    if stage.chance(0.6):
        plant(stage, stage.focus + stage.pick(-136, 136), stage.horizon + 24, "large", 0.15)
    _shafts(stage)
    if stage.chance(0.75):
        frame_trunk(stage, -1 if stage.focus > 160 else 1, kind)
    if kind == "oaks" or stage.chance(0.4):
        frame_boughs(stage, stage.pick(-1, 1))
    foreground(stage)
    for k in range(4):
        stage.canvas.stamp(
            plants.MUSHROOM if k % 2 else plants.FERN,
            (k * 88 + stage.focus) % 304 // 8 * 8,
            164 + 8 * (k % 3),
            np.concatenate(
                [colours["grass"][:3], colours["roof"][2:4], colours["plaster"][2:4]]
            ).astype(np.uint8)
            if k % 2
            else colours["grass"][[0, 1, 3]],
        )
    frame_bank(stage, 8)


def _wood(stage: Stage, crowns: str) -> None:
    """Two walls of crowns, open around the clearing, trunks in the dusk below them."""
    clearing = np.abs(COLUMNS[0] - stage.focus)
    reach = stage.pick(20, 44)
    for haze, low, rise in ((0.35, 28, 72), (0.12, 0, 112)):
        top = stage.horizon - low - np.clip((clearing - reach) / 88, 0, 1) ** 1.2 * rise
        top = np.maximum(top, TOP + 8).astype(int) // 8 * 8
        leaf = stage.colours.hazy("pine" if crowns == "pines" else "leaf", haze)
        stage.canvas.paint(grounds.under(top + 12), int(leaf[1]), "trees", "woods")
        for step in range(4):
            shade = (
                leaf[[2, 2, 3]] if step == 0 else leaf[[1, 1, 2]] if step == 1 else leaf[[0, 0, 1]]
            )
            row = np.minimum(top + 16 * step, stage.horizon)
            treeline(stage, np.roll(row, 8 * (step % 2)), crowns, 0.0, shade)
        dusk = np.maximum(top + 56, stage.horizon - 44)
        stage.canvas.paint(grounds.under(dusk), int(leaf[0]), "trees", "woods")
        _trunks(stage, haze, 16, stage.horizon + 8, dusk - 6)


def _trunks(stage: Stage, haze: float, spacing: int, base: int, top: np.ndarray) -> None:
    """Trunks in the dusk of the wood, on the 8-pixel grid."""
    bark = stage.colours.hazy("bark", haze)
    for x in range(0, WIDTH, spacing):
        left = x + x // spacing % 2 * 8
        width = 3 + x // spacing % 3 // 2 * 2
        where = (left <= COLUMNS) & (left + width > COLUMNS) & (base > Y) & (top[left] < Y)
        stage.canvas.paint(where, int(bark[0]), "trees", "woods")
        edge = left + width - 1 if stage.mirrored else left
        stage.canvas.paint(where & (edge == COLUMNS), int(bark[2]), "trees")


def _shafts(stage: Stage) -> None:
    """Slanting beams from sun or moon through the crowns."""
    if stage.attributes["celestial"] not in ("sun", "full moon", "crescent moon"):
        return
    tint = COLOUR["n8"] if stage.attributes["time"] == "night" else COLOUR["s7"]
    x, y = stage.light
    drop = Y - y
    for slope, width in ((-0.75, 10), (-0.3, 14), (0.2, 12), (0.65, 16)):
        middle = x + slope * drop
        beam = (np.abs(COLUMNS - middle) < width * (0.4 + drop / 160)) & (drop > 12) & (Y < 176)
        stage.canvas.recolour(beam, blend_table(tint, 0.16))
