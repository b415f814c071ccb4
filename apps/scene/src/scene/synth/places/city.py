"""A city: tower blocks over a river."""

import numpy as np

from scene.synth import grounds, weather
from scene.synth.canvas import CLEAR, COLUMNS, WIDTH, Y
from scene.synth.foreground import foreground, frame_bank
from scene.synth.palette import COLOUR, blend_table
from scene.synth.places.raising import raise_building
from scene.synth.stage import Stage, open_sky, roll
from scene.synth.stamps import houses, masonry


def city(stage: Stage) -> None:
    """Stepped towers in three depths over a river that mirrors their lights."""
    stage.horizon = 132
    open_sky(stage, 72)
    weather.haze(stage.canvas, stage.horizon - 64, stage.horizon, stage.colours.haze, 0.3)
    _skyline(stage)
    _near_row(stage)
    quay = (stage.horizon - 6 <= Y) & (stage.horizon > Y)
    stone = stage.colours["stone"]
    stage.canvas.paint(quay, int(stone[1]), part="ground")
    stage.canvas.paint(quay & (stage.horizon - 4 > Y), int(stone[3]))
    stage.canvas.paint(quay & (COLUMNS % 16 < 2), int(stone[0]))
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n8" if "moon" in celestial else "s7"])
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine, reflect=0.45)
    if stage.attributes["foreground"] == "boat":
        foreground(stage, 184)
    elif stage.attributes["foreground"] == "fence":
        bank = Y >= 184
        stage.canvas.paint(bank, int(stone[1]), part="ground")
        stage.canvas.paint(bank & (Y < 187), int(stone[3]))
        foreground(stage, 188)
    else:
        frame_bank(stage, 6)


def _skyline(stage: Stage) -> None:
    """Far and middle rows, rolled so that they are low before sun or moon."""
    far, middle = (masonry.building_ramp(stage.colours, haze) for haze in (0.6, 0.3))
    faint = blend_table(int(far[9]), 0.4)[far[2]]
    far[9] = faint if stage.colours.dark else far[2]  # far windows are faint
    chain = stage.turn(houses.skyline(stage.variant))
    height = (chain != CLEAR).sum(axis=0)
    chain = np.roll(chain, roll(stage, height), axis=1)
    shades = np.zeros(64, np.uint8)
    shades[: len(middle)], shades[32 : 32 + len(far)] = middle, far
    raise_building(
        stage, np.where((chain == 41) | (chain == 48), 41, chain), 0, stage.horizon, shades, True
    )


def _near_row(stage: Stage) -> None:
    """Near blocks, with a gap where to look and one before sun or moon."""
    shades = masonry.building_ramp(stage.colours)
    for x in range(-16, WIDTH, 64):
        if abs(x + 24 - stage.focus) < 56 or (_shines(stage) and abs(x + 24 - stage.light[0]) < 56):
            continue
        block = houses.skyscraper(48, 32 + 16 * stage.pick(0, 1), x // 64 % 4)
        raise_building(stage, block, x, stage.horizon, shades)


def _shines(stage: Stage) -> bool:
    return stage.attributes["celestial"] not in ("none", "stars")
