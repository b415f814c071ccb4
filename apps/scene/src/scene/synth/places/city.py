"""A city: tower blocks over a river."""

from scene.synth import grounds, weather
from scene.synth.canvas import COLUMNS, WIDTH, Y
from scene.synth.foreground import foreground, frame_bank
from scene.synth.palette import COLOUR, blend_table
from scene.synth.places.raising import raise_building
from scene.synth.stage import Stage, open_sky
from scene.synth.stamps import houses, masonry


def city(stage: Stage) -> None:
    """Stepped towers in three depths over a river that mirrors their lights."""
    stage.horizon = stage.pick(132, 148)
    open_sky(stage, 56)
    weather.haze(stage.canvas, stage.horizon - 64, stage.horizon, stage.colours.haze, 0.3)
    for haze, low, high, spacing in ((0.6, 64, 112, 24), (0.32, 48, 96, 40), (0.0, 32, 72, 48)):
        _row(stage, haze, (low, high), spacing)
    quay = (stage.horizon - 6 <= Y) & (stage.horizon > Y)
    stone = stage.colours["stone"]
    stage.canvas.paint(quay, int(stone[1]))
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
        stage.canvas.paint(bank, int(stone[1]))
        stage.canvas.paint(bank & (Y < 187), int(stone[3]))
        foreground(stage, 188)
    else:
        frame_bank(stage, 6)


def _row(stage: Stage, haze: float, heights: tuple[int, int], spacing: int) -> None:
    """One row of tower blocks, low before sun or moon, high where to look."""
    shades = masonry.building_ramp(stage.colours, haze)
    if haze == 0.6:  # far windows are faint
        faint = blend_table(int(shades[9]), 0.4)[shades[2]]
        shades[9] = faint if stage.colours.dark else shades[2]
    shines = stage.attributes["celestial"] not in ("none", "stars")
    for x in range(-16, WIDTH, spacing):
        if haze == 0.0 and abs(x + 16 - stage.focus) < 56:
            continue
        if shines and haze < 0.6 and abs(x + 16 - stage.light[0]) < 48:
            continue
        low, high = (16, 32) if shines and abs(x + 12 - stage.light[0]) < 36 else heights
        bonus = 24 if abs(x - stage.focus) < 56 else 0
        height = (low + bonus + 8 * int(stage.rng.integers((high - low) // 8))) // 8 * 8
        width = stage.pick(24, 32, 40) if spacing > 24 else 24
        block = houses.skyscraper(width, height, stage.pick(*range(8)))
        raise_building(stage, block, x + 8 * stage.pick(0, 1), stage.horizon, shades)
