"""Places with a roof: the mouth of a cave, a tavern."""

from dataclasses import replace

import numpy as np

from scene.synth import grounds, props, rocks, skies
from scene.synth.built import barrels
from scene.synth.canvas import COLUMNS, ROWS, THRESHOLD, TOP, WIDTH
from scene.synth.palette import COLOUR, blend_table, ramp
from scene.synth.raster import disc
from scene.synth.schemes import scheme
from scene.synth.stage import FIRE, Stage, far_peaks, foreground, hills, open_sky

_Y = ROWS + TOP + 0 * COLUMNS
_X = COLUMNS + 0 * ROWS

CRYSTALS = {
    "cold": ("n4 b0 b1 b2 n9", "n0 n1 n2 n3 n4 n5"),
    "dreamy": ("v0 v1 v3 v4 v6", "n0 n1 v0 v1 v2 v3"),
    "eerie": ("t1 t2 t3 t4 t5", "n0 g0 t0 t1 t2 t3"),
    "warm": ("r0 s4 s5 s6 s8", "n0 w0 w1 w2 w3 w4"),
}


def _facet_tile() -> np.ndarray:
    """A tile (48, 48) of rock facets that repeats: 0 dark, 1 middle, 2 light."""
    seeds = (
        (4, 6),
        (20, 2),
        (38, 8),
        (10, 20),
        (28, 18),
        (44, 26),
        (2, 34),
        (18, 36),
        (34, 38),
        (26, 46),
        (46, 44),
    )
    rows, columns = np.mgrid[0:48, 0:48]
    best = np.full((48, 48), 1e9)
    tile = np.zeros((48, 48), int)
    for number, (x, y) in enumerate(seeds):
        dx, dy = np.abs(columns - x), np.abs(rows - y)
        reach = np.minimum(dx, 48 - dx) * 1.3 + np.minimum(dy, 48 - dy)  # straight sides
        tile = np.where(reach < best, (1, 0, 1, 0, 2, 0, 1, 1, 0, 1, 0)[number], tile)
        best = np.minimum(best, reach)
    return tile


_FACETS = _facet_tile()


def cave(stage: Stage) -> None:
    """Out of the dark through the mouth of a cave, crystals glowing on both sides."""
    stage.horizon = stage.pick(116)
    gem_names, rock_names = CRYSTALS[stage.attributes["mood"]]
    gems, rock = ramp(gem_names), ramp(rock_names)
    stage.light = (stage.focus + stage.pick(-16, 0, 16), 68)
    open_sky(stage, 32)
    far_peaks(stage, stage.horizon + 4, (96, 144), "far", 0.25, False, 4)
    top = hills(stage, stage.horizon, 8, "hill", 0.2)
    grounds.haze(stage.canvas, stage.horizon - 24, stage.horizon + 8, stage.colours.haze, 0.3)
    del top
    stage.colours = replace(stage.colours, ramps=stage.colours.ramps | {"rock": rock})
    _cave_walls(stage, rock)
    _cave_floor(stage, rock)
    clusters = []
    for side in (-1, 1):
        for k in range(3):
            size = (40, 56, 32)[(k + stage.pick(0, 1)) % 3]
            x = stage.focus + side * (72 + 32 * k + 8 * stage.pick(0, 1))
            clusters.append((x, 156 + 12 * k + 4 * stage.pick(0, 1), size))
    for x, y, size in clusters:
        skies.glow(stage.canvas, x, y - size // 2, size + 20, int(gems[1]), 0.25)
        skies.glow(stage.canvas, x, y - size // 2, size // 2 + 8, int(gems[2]), 0.25)
    for x in (stage.focus - 104, stage.focus + 112):
        shape = props.crystals(32, stage.pick(0, 1, 2))[::-1]
        y = TOP + 28 + 8 * stage.pick(0, 1)
        skies.glow(stage.canvas, x, y + 12, 32, int(gems[1]), 0.25)
        stage.canvas.stamp(shape, (x - 16) // 8 * 8, y, gems, "crystals")
    if stage.attributes["foreground"] == "path":
        _cave_path(stage, rock)
    for x, y, size in sorted(clusters, key=lambda c: c[1]):
        shape = props.crystals(size, stage.pick(0, 1, 2))
        stage.canvas.stamp(stage.turn(shape), (x - size // 2) // 8 * 8, y - size, gems, "crystals")
    if stage.attributes["foreground"] in ("rocks", "campfire"):
        foreground(stage, 190)
    else:
        for k, x in enumerate((24, 264)):
            shape = rocks.boulder(64, 32, k)
            stage.canvas.stamp(stage.turn(shape), x - 16, 172, rock[[0, 0, 1, 2, 3]])


def _arch(stage: Stage, half: int, crown: int, seed: int) -> np.ndarray:
    """An opening (200, 320) bool with teeth above and ledges at the sides, on a 4-pixel grid."""
    rng = np.random.Generator(np.random.PCG64([83, seed]))
    rows = np.floor(ROWS / 4) * 4 + TOP
    rise = np.clip((120 - rows) / (120 - crown), 0, 1)
    bulge = np.repeat(rng.integers(-2, 3, 25) * 4, 8)[: ROWS.size]
    width = half * np.sqrt(np.clip(1 - rise**2.6, 0, 1)) + bulge[(ROWS[:, 0] // 2) % 100][:, None]
    width = width + np.clip((rows - 140) / 4, 0, 20) * 2
    tooth_at = (COLUMNS // 16) % 20
    length = rng.integers(0, 4, 20)[tooth_at] * 8
    spike = length * (1 - np.abs(COLUMNS % 16 - 7.5) / 8)
    return (np.abs(COLUMNS - stage.focus) < width) & (crown + spike < _Y)


def _cave_walls(stage: Stage, rock: np.ndarray) -> None:
    """Three nested arches of rock, each darker and nearer, each with a lit rim."""
    variant = stage.pick(0, 1, 2, 3)
    half, crown = stage.pick(64, 72, 84), stage.pick(32, 40)
    for k, (grow, body, rim) in enumerate(((0, 3, 5), (44, 2, 4), (92, 1, 3), (136, 0, 2))):
        opening = _arch(stage, half + grow, max(4, crown - 12 * k), variant * 4 + k)
        wall = ~opening
        stage.canvas.paint(wall, int(rock[body]))
        tone = _FACETS[(ROWS + 12 * k) % 48, (COLUMNS + 20 * k) % 48]
        stage.canvas.paint(wall & (tone == 0), int(rock[max(0, body - 1)]))
        stage.canvas.paint(wall & (tone == 2), int(rock[body + 1]))
        near = np.roll(opening, 2, 1) | np.roll(opening, -2, 1) | np.roll(opening, -2, 0)
        stage.canvas.paint(wall & near, int(rock[rim]))
        edge = np.roll(opening, 1, 1) | np.roll(opening, -1, 1) | np.roll(opening, -1, 0)
        stage.canvas.paint(wall & edge, int(rock[max(0, rim - 1)]))


def _cave_floor(stage: Stage, rock: np.ndarray) -> None:
    top = (
        stage.horizon
        + 14
        - np.array([0, 4, 0, 8, 4, 0, 4, 8])[(COLUMNS[0] // 16) % 8]
        + np.abs(COLUMNS[0] - stage.focus) // 16 * 2
    )
    grounds.paint_ground(stage.canvas, top, rock[:5], "rock", light=0.85, dark=0.15)
    pool = ((COLUMNS - stage.focus) / 52.0) ** 2 + ((_Y - 168) / 9.0) ** 2 < 1
    if stage.attributes["foreground"] == "none":
        stage.canvas.paint(pool, int(rock[3]), "water")
        stage.canvas.paint(
            pool & (ROWS % 4 == 1) & ((COLUMNS + ROWS * 3) % 16 < 10), int(rock[5]), "water"
        )


def _cave_path(stage: Stage, rock: np.ndarray) -> None:
    depth = np.clip((np.floor(ROWS / 4) * 4 + TOP - stage.horizon - 16) / 70, 0, 1)
    where = (np.abs(COLUMNS - stage.focus - np.sin(depth * 5) * 20) < 10 + 34 * depth) & (
        stage.horizon + 16 < _Y
    )
    stage.canvas.paint(where, int(rock[4]))
    stage.canvas.paint(where & (ROWS % 8 == 5) & ((COLUMNS + ROWS) % 16 < 9), int(rock[2]))


_WALLS = ("w1 w2 w3 w4 w5 w6", "w1 r0 w2 w3 w4 w5", "k0 k1 w2 w3 w4 w5", "w2 w3 w4 w5 w6 s7")


def tavern(stage: Stage) -> None:
    """Beams, plaster, a great hearth, a window to the time of day, tables and shelves."""
    stage.colours = scheme("day", "warm")  # indoors the fire gives the light
    wood, plaster = ramp("w0 w1 w2 w3 w4 w5"), ramp(_WALLS[stage.pick(0, 1, 2, 3)])
    floor = stage.pick(132, 140)
    hearth = stage.pick(72, 88) if stage.focus < 160 else stage.pick(232, 248)
    reach = np.sqrt((_X - hearth) ** 2.0 + (1.25 * (_Y - 116)) ** 2)
    tone = np.clip(5 - np.floor(reach / 36 + (THRESHOLD - 0.5) * 0.8), 0, 5).astype(int)
    stage.canvas.paint(_Y >= 0, plaster[np.clip(tone - 1, 0, 4)].astype(np.uint8))
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
        _window(stage, near, 52)
        _decor(stage, wood, border)
    else:
        _window(stage, border, 52)
        _decor(stage, wood, near)
    _hearth(stage, hearth, floor)
    if stage.chance(0.7):
        _candle_wheel(
            stage, wood, 160 + (stage.pick(16, 48) if away > 160 else -stage.pick(16, 48))
        )
    kind = stage.attributes["foreground"]
    if kind == "barrels":
        barrels(stage, away + stage.pick(-16, 0, 16), 188)
    elif kind == "table":
        _table(stage, wood, away + stage.pick(-32, -16, 0))


def _decor(stage: Stage, wood: np.ndarray, x: int) -> None:
    """Shelves, a shield with swords, or a picture on the wall."""
    kind = stage.pick(0, 0, 1, 2)
    if kind == 0:
        _shelves(stage, wood, x, stage.pick(88, 96))
    elif kind == 1:
        shield = disc(200, 320, x, 66, 18, 24) & (_Y > 52)
        stage.canvas.paint(shield, COLOUR["r0"], "props")
        stage.canvas.paint(shield & ((x > _X) ^ (_Y < 68)), COLOUR["s6"], "props")
        edge = shield & ~(disc(200, 320, x, 66, 15, 21) & (_Y > 55))
        stage.canvas.paint(edge, COLOUR["k4"], "props")
        for side in (-1, 1):
            blade = (np.abs((_X - x) * side - (_Y - 66)) < 2) & (np.abs(_X - x) < 32) & ~shield
            stage.canvas.paint(blade, COLOUR["k5"], "props")
    else:
        frame = (np.abs(_X - x) < 24) & (np.abs(_Y - 68) < 20)
        stage.canvas.paint(frame, COLOUR["w5"], "props")
        inner = (np.abs(_X - x) < 20) & (np.abs(_Y - 68) < 16)
        stage.canvas.paint(inner, COLOUR["b2"], "props")
        stage.canvas.paint(inner & (84 - np.abs(np.abs(_X - x) - 10) < _Y), COLOUR["g3"], "props")
        stage.canvas.paint(inner & (_Y > 78), COLOUR["g4"], "props")


def _rug(stage: Stage, x: int, floor: int) -> None:
    """A fringed rug in perspective."""
    depth = (np.floor((_Y - floor) / 2) * 2) - 28
    half = 56 + depth
    body = (depth >= 0) & (depth < 24) & (np.abs(_X - x) < half)
    stage.canvas.paint(body, COLOUR["r0"])
    border = body & ((np.abs(_X - x) > half - 8) | (depth < 4) | (depth >= 20))
    stage.canvas.paint(border, COLOUR["w4"])
    stage.canvas.paint(body & ~border & ((COLUMNS % 16 < 6) & (ROWS % 8 < 4)), COLOUR["r1"])


def _flags(stage: Stage, floor: int, tone: np.ndarray) -> None:
    """A floor of flagstones, 32 by 8, with staggered joints."""
    stone = ramp("w0 w1 w2 w3 w4 w5")
    row = (_Y - floor) // 8
    body = floor <= _Y
    light = np.clip(tone - (row + COLUMNS // 32) % 2, 1, 5)
    stage.canvas.paint(body, stone[light].astype(np.uint8))
    joint = ((_Y - floor) % 8 == 7) | ((COLUMNS + 16 * (row % 2)) % 32 == 0)
    stage.canvas.paint(body & joint, stone[np.clip(tone - 2, 0, 5)].astype(np.uint8))


def _panelling(stage: Stage, wood: np.ndarray, floor: int, tone: np.ndarray) -> None:
    """Wainscot: boards 16 wide under a rail."""
    panel = (floor - 32 <= _Y) & (floor > _Y)
    stage.canvas.paint(panel, wood[np.clip(tone - 1, 0, 5)].astype(np.uint8))
    stage.canvas.paint(panel & (COLUMNS % 16 == 0), int(wood[0]))
    stage.canvas.paint(panel & (COLUMNS % 16 == 1), wood[np.clip(tone, 0, 5)].astype(np.uint8))
    rail = (floor - 36 <= _Y) & (floor - 32 > _Y)
    stage.canvas.paint(rail, wood[np.clip(tone + 1, 0, 5)].astype(np.uint8))
    stage.canvas.paint(rail & (floor - 33 <= _Y), int(wood[0]))


def _planks(stage: Stage, wood: np.ndarray, floor: int, tone: np.ndarray) -> None:
    """Floorboards in perspective, rows of 8 with staggered joints."""
    boards = floor <= _Y
    row = (_Y - floor) // 8
    stage.canvas.paint(boards, wood[np.clip(tone, 1, 5)].astype(np.uint8))
    stage.canvas.paint(
        boards & ((_Y - floor) % 8 == 0), wood[np.clip(tone - 2, 0, 5)].astype(np.uint8)
    )
    joint = (COLUMNS + row * 40) % 64 == 0
    stage.canvas.paint(boards & joint, wood[np.clip(tone - 2, 0, 5)].astype(np.uint8))
    grain = ((_Y - floor) % 8 == 4) & ((COLUMNS + row * 24) % 32 < 14)
    stage.canvas.paint(boards & grain, wood[np.clip(tone - 1, 0, 5)].astype(np.uint8))


def _beams(stage: Stage, wood: np.ndarray, tone: np.ndarray, floor: int) -> None:
    """Posts, a ceiling with joists, braces."""
    ceiling = _Y < TOP + 20
    stage.canvas.paint(ceiling, int(wood[0]))
    joists = ceiling & (COLUMNS % 32 < 12)
    stage.canvas.paint(joists, int(wood[1]))
    stage.canvas.paint(joists & (COLUMNS % 32 < 2), int(wood[2]))
    beam = (_Y >= TOP + 20) & (_Y < TOP + 32)
    stage.canvas.paint(beam, wood[np.clip(tone - 1, 1, 4)].astype(np.uint8))
    stage.canvas.paint(beam & (_Y < TOP + 22), wood[np.clip(tone, 2, 5)].astype(np.uint8))
    stage.canvas.paint(beam & (_Y >= TOP + 30), int(wood[0]))
    for x in (0, 152, 304):
        post = (x <= COLUMNS) & (x + 16 > COLUMNS) & (_Y >= TOP + 32) & (floor > _Y)
        stage.canvas.paint(post, wood[np.clip(tone - 1, 1, 4)].astype(np.uint8))
        stage.canvas.paint(post & (COLUMNS - x < 2), wood[np.clip(tone, 2, 5)].astype(np.uint8))
        stage.canvas.paint(post & (COLUMNS - x > 12), int(wood[0]))
        for side in (-1, 1):
            brace = (
                (np.abs((COLUMNS - x - 8) * side - 8 - (28 - (_Y - TOP - 32))) < 5)
                & (_Y >= TOP + 32)
                & (_Y < TOP + 60)
            )
            stage.canvas.paint(
                brace & ((COLUMNS - x - 8) * side > 7),
                wood[np.clip(tone - 1, 1, 3)].astype(np.uint8),
            )


def _window(stage: Stage, x: int, y: int) -> None:
    """A leaded window that shows the time of day."""
    outside = scheme(stage.attributes["time"], "natural")["sky"]
    x = x // 8 * 8
    frame = (np.abs(_X - x) < 28) & (np.abs(_Y - y - 20) < 28)
    stage.canvas.paint(frame, COLOUR["w1"])
    stage.canvas.paint(frame & (x - 25 > _X), COLOUR["w3"])
    pane = (np.abs(_X - x) < 24) & (np.abs(_Y - y - 20) < 24)
    band = np.clip((_Y - y + 4) // 8 * len(outside) // 6, 0, len(outside) - 1)
    stage.canvas.paint(pane, outside[band].astype(np.uint8), "windows")
    if stage.attributes["time"] == "night":
        moon = disc(200, 320, x + 10, y + 8, 6, 6)
        stage.canvas.paint(moon & pane, COLOUR["n8"], "windows")
    hill = pane & (y + 32 + np.array([0, 2, 4, 2])[(COLUMNS // 8) % 4] < _Y)
    stage.canvas.paint(hill, int(outside[0]), "windows")
    lead = pane & ((((_X - x) + (_Y - y)) % 16 == 0) | (((_X - x) - (_Y - y)) % 16 == 0))
    stage.canvas.paint(lead, COLOUR["w1"], "windows")
    stage.canvas.paint(pane & (np.abs(_X - x) < 2), COLOUR["w2"])
    sill = (np.abs(_X - x) < 32) & (y + 46 <= _Y) & (y + 52 > _Y)
    stage.canvas.paint(sill, COLOUR["w2"])
    stage.canvas.paint(sill & (y + 48 > _Y), COLOUR["w4"])


def _shelves(stage: Stage, wood: np.ndarray, x: int, y: int) -> None:
    """Two boards with bottles, mugs and plates."""
    bottles = (
        ramp("g1 g3 g4"),
        ramp("r0 r1 s4"),
        ramp("n3 n5 n6"),
        ramp("w3 w5 s7"),
        ramp("k1 k3 k5"),
    )
    x = int(np.clip(x, 48, 272)) // 8 * 8
    for row in range(2):
        base = y - 24 * row - 8
        board = (np.abs(_X - x) < 32) & (base <= _Y) & (base + 4 > _Y)
        for k in range(7):
            shades = bottles[int(stage.rng.integers(5))]
            left, tall = x - 28 + 8 * k, (12, 16, 8)[int(stage.rng.integers(3))]
            body = (left <= _X) & (left + 5 > _X) & (base - tall * 5 // 8 <= _Y) & (base > _Y)
            neck = (left + 1 <= _X) & (left + 4 > _X) & (base - tall <= _Y) & (base > _Y)
            stage.canvas.paint(body | neck, int(shades[1]), "props")
            stage.canvas.paint((body | neck) & (left + 1 == _X), int(shades[2]), "props")
            stage.canvas.paint(body & (left + 4 == _X), int(shades[0]), "props")
        stage.canvas.paint(board, int(wood[3]))
        stage.canvas.paint(board & (base + 2 <= _Y), int(wood[0]))


def _hearth(stage: Stage, x: int, floor: int) -> None:
    """A stone chimney-breast, a mantel, an arch full of fire, light on the floor."""
    stone = ramp("w0 k1 k2 k3 k4 w6")
    breast = (
        (np.abs(_X - x) < 48 - np.clip((80 - _Y) // 8 * 2, 0, 20))
        & (_Y >= TOP + 32)
        & (floor + 4 > _Y)
    )
    r, c = ROWS + 0 * COLUMNS, _X - x + 64
    course = (r % 8 == 7) | ((r % 8 < 7) & ((c + 8 * (r // 8 % 2)) % 16 == 15))
    tone = np.clip(4 - np.abs(_Y - 110) // 24 - np.abs(_X - x) // 24, 1, 4)
    stage.canvas.paint(breast, stone[tone].astype(np.uint8))
    stage.canvas.paint(breast & course, stone[np.clip(tone - 1, 0, 4)].astype(np.uint8))
    mantel = (np.abs(_X - x) < 56) & (_Y >= 84) & (_Y < 92)
    stage.canvas.paint(mantel, COLOUR["w3"])
    stage.canvas.paint(mantel & (_Y < 86), COLOUR["w5"])
    stage.canvas.paint(mantel & (_Y >= 90), COLOUR["w0"])
    mouth = (np.abs(_X - x) < 32) & (_Y >= 100) & (floor + 2 > _Y)
    mouth |= disc(200, 320, x, 106, 32, 12) & (_Y < 108)
    ring = ((np.abs(_X - x) < 37) & (_Y >= 104) & (floor + 2 > _Y)) | (
        disc(200, 320, x, 106, 37, 17) & (_Y < 108)
    )
    stage.canvas.paint(ring, COLOUR["k4"])
    stage.canvas.paint(ring & ((_X - x + (_Y - 88) // 2) % 8 == 0), COLOUR["k1"])
    stage.canvas.paint(mouth, COLOUR["w0"])
    back = mouth & (np.abs(_X - x) < 26) & (_Y > 108)
    stage.canvas.paint(back, COLOUR["s1"])
    stage.canvas.paint(back & (np.abs(_X - x) < 20) & (_Y > 114) & (THRESHOLD < 0.6), COLOUR["s3"])
    stage.canvas.stamp(props.flame(48, floor - 102, stage.pick(0, 1)), x - 24, 100, FIRE, "fire")
    stage.canvas.stamp(props.logs(), x - 16, floor - 8, ramp("w0 w1 w2 s4"), "fire")
    for k, dx in enumerate((-40, -24, 24, 40)):
        if k % 2:
            jug = (np.abs(_X - x - dx) < 4) & (_Y >= 74) & (_Y < 84)
            stage.canvas.paint(jug, COLOUR["s5"], "props")
            stage.canvas.paint(jug & (x + dx + 1 < _X), COLOUR["r1"], "props")
        else:
            candle = (np.abs(_X - x - dx) < 2) & (_Y >= 74) & (_Y < 84)
            stage.canvas.paint(candle, COLOUR["s8"], "props")
            stage.canvas.paint(
                (np.abs(_X - x - dx) < 1) & (_Y >= 70) & (_Y < 74), COLOUR["s6"], "fire"
            )
    spill = (np.abs(_X - x) < 40 + (_Y - floor)) & (floor + 2 <= _Y) & (floor + 36 > _Y)
    share = spill & (0.85 - (np.floor((_Y - floor) / 4) * 4) / 44 > THRESHOLD)
    stage.canvas.recolour(share, blend_table(COLOUR["s5"], 0.4))
    skies.glow(stage.canvas, x, 120, 72, COLOUR["s5"], 0.14)


def _candle_wheel(stage: Stage, wood: np.ndarray, x: int) -> None:
    """A wheel of candles on a chain."""
    stage.canvas.paint((x <= _X) & (x + 2 > _X) & (_Y < TOP + 44) & (ROWS % 4 < 3), int(wood[3]))
    wheel = disc(200, 320, x + 1, 50, 36, 6) & ~disc(200, 320, x + 1, 49, 30, 3)
    stage.canvas.paint(wheel, int(wood[3]), "props")
    stage.canvas.paint(wheel & (_Y > 52), int(wood[1]), "props")
    for dx in (-32, -16, 0, 16, 32):
        y = 46 if abs(dx) == 32 else (50 if dx else 52)
        candle = (np.abs(_X - x - dx - 1) < 2) & (y - 7 <= _Y) & (y > _Y)
        stage.canvas.paint(candle, COLOUR["s8"], "props")
        skies.glow(stage.canvas, x + dx + 1, y - 9, 9, COLOUR["s6"], 0.35)
        stage.canvas.paint(
            (np.abs(_X - x - dx - 1) < 1) & (y - 11 <= _Y) & (y - 7 > _Y), COLOUR["s7"], "fire"
        )


def _table(stage: Stage, wood: np.ndarray, x: int) -> None:
    """A table with mugs and a candle, stools beside it."""
    x = int(np.clip(x, 88, 232)) // 8 * 8
    for dx in (-64, 64):
        seat = (np.abs(_X - x - dx) < 14) & (_Y >= 172) & (_Y < 177)
        legs = (np.abs(np.abs(_X - x - dx) - 9) < 2) & (_Y >= 177) & (_Y < 194)
        stage.canvas.paint(seat | legs, int(wood[2]), "props")
        stage.canvas.paint(seat & (_Y < 174), int(wood[4]), "props")
    top = (np.abs(_X - x) < 56) & (_Y >= 160) & (_Y < 168)
    legs = (np.abs(np.abs(_X - x) - 44) < 4) & (_Y >= 168) & (_Y < 196)
    stage.canvas.paint(top | legs, int(wood[3]), "props")
    stage.canvas.paint(top & (_Y < 162), int(wood[5]), "props")
    stage.canvas.paint(top & (_Y >= 166), int(wood[1]), "props")
    stage.canvas.paint(legs & (_X % 8 > 4), int(wood[1]), "props")
    for dx in (-36, -12, 28):
        mug = (np.abs(_X - x - dx) < 5) & (_Y >= 150) & (_Y < 160)
        handle = (np.abs(_X - x - dx - 6) < 2) & (_Y >= 152) & (_Y < 157)
        stage.canvas.paint(mug | handle, COLOUR["k3"], "props")
        stage.canvas.paint(mug & (x + dx - 2 > _X), COLOUR["k5"], "props")
        stage.canvas.paint(mug & (_Y < 152), COLOUR["s8"], "props")
    candle = (np.abs(_X - x - 8) < 2) & (_Y >= 148) & (_Y < 160)
    stage.canvas.paint(candle, COLOUR["s8"], "props")
    stage.canvas.paint((np.abs(_X - x - 8) < 1) & (_Y >= 143) & (_Y < 148), COLOUR["s6"], "fire")
    skies.glow(stage.canvas, x + 8, 146, 16, COLOUR["s6"], 0.25)


PLACES = {"cave": cave, "tavern": tavern}
__all__ = ["PLACES", "WIDTH"]
