"""A tavern: beams, a hearth, a window to the time of day."""

import numpy as np

from scene.synth.canvas import COLUMNS, ROWS, TOP, X, Y
from scene.synth.foreground import barrels
from scene.synth.palette import COLOUR, ramp
from scene.synth.places.furniture import (
    add_candle_wheel,
    add_decor,
    add_hearth,
    add_table,
    add_window,
)
from scene.synth.schemes import scheme
from scene.synth.stage import Stage

_WALLS = ("w1 w2 w3 w4 w5 w6", "w1 r0 w2 w3 w4 w5", "k0 k1 w2 w3 w4 w5", "w2 w3 w4 w5 w6 s7")


def tavern(stage: Stage) -> None:
    """Beams, plaster, a great hearth, a window to the time of day, tables and shelves."""
    stage.colours = scheme("day", "warm")  # indoors the fire gives the light
    wood, plaster = ramp("w0 w1 w2 w3 w4 w5"), ramp(_WALLS[stage.pick(0, 1, 2, 3)])
    floor = stage.pick(132, 140)
    hearth = stage.pick(72, 88) if stage.focus < 160 else stage.pick(232, 248)
    reach = np.sqrt((X - hearth) ** 2.0 + (1.25 * (Y - 116)) ** 2)
    tone = np.clip(5 - np.floor(reach / 42), 0, 5).astype(int)  # rings of firelight
    shade = plaster[np.clip(tone - 1, 0, 4)].astype(np.uint8)
    stage.canvas.paint(Y >= 0, shade, part="walls")
    if stage.chance(0.7):
        _panelling(stage, wood, floor, tone)
    if stage.chance(0.6):
        _planks(stage, wood, floor, tone)
    else:
        _flags(stage, floor, tone)
    away = 320 - hearth
    if stage.chance(0.6):
        _rug(stage, hearth if stage.chance(0.5) else 160, floor)
    _beams(stage, wood, tone, floor)
    near, border = (208, 272) if away > 160 else (112, 48)
    if stage.chance(0.5):
        add_window(stage, near, 52)
        add_decor(stage, wood, border)
    else:
        add_window(stage, border, 52)
        add_decor(stage, wood, near)
    add_hearth(stage, hearth, floor)
    if stage.chance(0.7):
        add_candle_wheel(
            stage, wood, 160 + (stage.pick(16, 48) if away > 160 else -stage.pick(16, 48))
        )
    kind = stage.attributes["foreground"]
    with stage.canvas.in_front():
        if kind == "barrels":
            barrels(stage, away + stage.pick(-16, 0, 16), 188)
        elif kind == "table":
            add_table(stage, wood, away + stage.pick(-32, -16, 0))


def _panelling(stage: Stage, wood: np.ndarray, floor: int, tone: np.ndarray) -> None:
    """Wainscot: boards 16 wide under a rail."""
    panel = (floor - 32 <= Y) & (floor > Y)
    stage.canvas.paint(panel, wood[np.clip(tone - 1, 0, 5)].astype(np.uint8))
    stage.canvas.paint(panel & (COLUMNS % 16 == 0), int(wood[0]))
    stage.canvas.paint(panel & (COLUMNS % 16 == 1), wood[np.clip(tone, 0, 5)].astype(np.uint8))
    rail = (floor - 36 <= Y) & (floor - 32 > Y)
    stage.canvas.paint(rail, wood[np.clip(tone + 1, 0, 5)].astype(np.uint8))
    stage.canvas.paint(rail & (floor - 33 <= Y), int(wood[0]))


def _planks(stage: Stage, wood: np.ndarray, floor: int, tone: np.ndarray) -> None:
    """Floorboards in perspective, rows of 8 with staggered joints."""
    boards = floor <= Y
    row = (Y - floor) // 8
    stage.canvas.paint(boards, wood[np.clip(tone, 1, 5)].astype(np.uint8), part="ground")
    stage.canvas.paint(
        boards & ((Y - floor) % 8 == 0), wood[np.clip(tone - 2, 0, 5)].astype(np.uint8)
    )
    joint = (COLUMNS + row * 40) % 64 == 0
    stage.canvas.paint(boards & joint, wood[np.clip(tone - 2, 0, 5)].astype(np.uint8))
    grain = ((Y - floor) % 8 == 4) & ((COLUMNS + row * 24) % 32 < 14)
    stage.canvas.paint(boards & grain, wood[np.clip(tone - 1, 0, 5)].astype(np.uint8))


def _flags(stage: Stage, floor: int, tone: np.ndarray) -> None:
    """A floor of flagstones, 32 by 8, with staggered joints."""
    stone = ramp("w0 w1 w2 w3 w4 w5")
    row = (Y - floor) // 8
    body = floor <= Y
    light = np.clip(tone - (row + COLUMNS // 32) % 2, 1, 5)
    stage.canvas.paint(body, stone[light].astype(np.uint8), part="ground")
    joint = ((Y - floor) % 8 == 7) | ((COLUMNS + 16 * (row % 2)) % 32 == 0)
    stage.canvas.paint(body & joint, stone[np.clip(tone - 2, 0, 5)].astype(np.uint8))


def _rug(stage: Stage, x: int, floor: int) -> None:
    """A fringed rug in perspective."""
    depth = (np.floor((Y - floor) / 2) * 2) - 28
    half = 56 + depth
    body = (depth >= 0) & (depth < 24) & (np.abs(X - x) < half)
    stage.canvas.paint(body, COLOUR["r0"], part="rug")
    border = body & ((np.abs(X - x) > half - 8) | (depth < 4) | (depth >= 20))
    stage.canvas.paint(border, COLOUR["w4"])
    stage.canvas.paint(body & ~border & ((COLUMNS % 16 < 6) & (ROWS % 8 < 4)), COLOUR["r1"])


def _beams(stage: Stage, wood: np.ndarray, tone: np.ndarray, floor: int) -> None:
    """Posts, a ceiling with joists, braces."""
    ceiling = Y < TOP + 20
    stage.canvas.paint(ceiling, int(wood[0]))
    joists = ceiling & (COLUMNS % 32 < 12)
    stage.canvas.paint(joists, int(wood[1]))
    stage.canvas.paint(joists & (COLUMNS % 32 < 2), int(wood[2]))
    beam = (Y >= TOP + 20) & (Y < TOP + 32)
    stage.canvas.paint(beam, wood[np.clip(tone - 1, 1, 4)].astype(np.uint8))
    stage.canvas.paint(beam & (Y < TOP + 22), wood[np.clip(tone, 2, 5)].astype(np.uint8))
    stage.canvas.paint(beam & (Y >= TOP + 30), int(wood[0]))
    for x in (0, 152, 304):
        post = (x <= COLUMNS) & (x + 16 > COLUMNS) & (Y >= TOP + 32) & (floor > Y)
        stage.canvas.paint(post, wood[np.clip(tone - 1, 1, 4)].astype(np.uint8))
        stage.canvas.paint(post & (COLUMNS - x < 2), wood[np.clip(tone, 2, 5)].astype(np.uint8))
        stage.canvas.paint(post & (COLUMNS - x > 12), int(wood[0]))
        for side in (-1, 1):
            brace = (
                (np.abs((COLUMNS - x - 8) * side - 8 - (28 - (Y - TOP - 32))) < 5)
                & (Y >= TOP + 32)
                & (Y < TOP + 60)
            )
            stage.canvas.paint(
                brace & ((COLUMNS - x - 8) * side > 7),
                wood[np.clip(tone - 1, 1, 3)].astype(np.uint8),
            )
