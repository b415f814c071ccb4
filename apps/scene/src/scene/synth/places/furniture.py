"""What stands and hangs in a tavern: hearth, window, shelves, table, candles."""

import numpy as np

from scene.synth import skies
from scene.synth.canvas import COLUMNS, ROWS, THRESHOLD, TOP, X, Y
from scene.synth.foreground import FIRE
from scene.synth.palette import COLOUR, blend_table, ramp
from scene.synth.schemes import scheme
from scene.synth.stage import Stage
from scene.synth.stamps import props
from scene.synth.stamps.raster import disc


def add_hearth(stage: Stage, x: int, floor: int) -> None:
    """A stone chimney-breast, a mantel, an arch full of fire, light on the floor."""
    stone = ramp("w0 k1 k2 k3 k4 w6")
    breast = (
        (np.abs(X - x) < 48 - np.clip((80 - Y) // 8 * 2, 0, 20)) & (Y >= TOP + 32) & (floor + 4 > Y)
    )
    r, c = ROWS + 0 * COLUMNS, X - x + 64
    course = (r % 8 == 7) | ((r % 8 < 7) & ((c + 8 * (r // 8 % 2)) % 16 == 15))
    tone = np.clip(4 - np.abs(Y - 110) // 24 - np.abs(X - x) // 24, 1, 4)
    stage.canvas.paint(breast, stone[tone].astype(np.uint8), part="hearth")
    stage.canvas.paint(breast & course, stone[np.clip(tone - 1, 0, 4)].astype(np.uint8))
    mantel = (np.abs(X - x) < 56) & (Y >= 84) & (Y < 92)
    stage.canvas.paint(mantel, COLOUR["w3"])
    stage.canvas.paint(mantel & (Y < 86), COLOUR["w5"])
    stage.canvas.paint(mantel & (Y >= 90), COLOUR["w0"])
    mouth = (np.abs(X - x) < 32) & (Y >= 100) & (floor + 2 > Y)
    mouth |= disc(200, 320, x, 106, 32, 12) & (Y < 108)
    ring = ((np.abs(X - x) < 37) & (Y >= 104) & (floor + 2 > Y)) | (
        disc(200, 320, x, 106, 37, 17) & (Y < 108)
    )
    stage.canvas.paint(ring, COLOUR["k4"])
    stage.canvas.paint(ring & ((X - x + (Y - 88) // 2) % 8 == 0), COLOUR["k1"])
    stage.canvas.paint(mouth, COLOUR["w0"])
    back = mouth & (np.abs(X - x) < 26) & (Y > 108)
    stage.canvas.paint(back, COLOUR["s1"])
    stage.canvas.paint(back & (np.abs(X - x) < 20) & (Y > 114) & (THRESHOLD < 0.6), COLOUR["s3"])
    stage.canvas.stamp(props.flame(48, floor - 102, stage.pick(0, 1)), x - 24, 100, FIRE, "fire")
    stage.canvas.stamp(props.logs(), x - 16, floor - 8, ramp("w0 w1 w2 s4"), "fire")
    for k, dx in enumerate((-40, -24, 24, 40)):
        if k % 2:
            jug = (np.abs(X - x - dx) < 4) & (Y >= 74) & (Y < 84)
            stage.canvas.paint(jug, COLOUR["s5"], "props")
            stage.canvas.paint(jug & (x + dx + 1 < X), COLOUR["r1"], "props")
        else:
            candle = (np.abs(X - x - dx) < 2) & (Y >= 74) & (Y < 84)
            stage.canvas.paint(candle, COLOUR["s8"], "props")
            stage.canvas.paint(
                (np.abs(X - x - dx) < 1) & (Y >= 70) & (Y < 74), COLOUR["s6"], "fire"
            )
    spill = (np.abs(X - x) < 40 + (Y - floor)) & (floor + 2 <= Y) & (floor + 36 > Y)
    share = spill & (0.85 - (np.floor((Y - floor) / 4) * 4) / 44 > THRESHOLD)
    stage.canvas.recolour(share, blend_table(COLOUR["s5"], 0.4))


def add_window(stage: Stage, x: int, y: int) -> None:
    """A leaded window that shows the time of day."""
    outside = scheme(stage.attributes["time"], "natural")["sky"]
    x = x // 8 * 8
    frame = (np.abs(X - x) < 28) & (np.abs(Y - y - 20) < 28)
    stage.canvas.paint(frame, COLOUR["w1"])
    stage.canvas.paint(frame & (x - 25 > X), COLOUR["w3"])
    pane = (np.abs(X - x) < 24) & (np.abs(Y - y - 20) < 24)
    band = np.clip((Y - y + 4) // 8 * len(outside) // 6, 0, len(outside) - 1)
    stage.canvas.paint(pane, outside[band].astype(np.uint8), "windows")
    if stage.attributes["time"] == "night":
        moon = disc(200, 320, x + 10, y + 8, 6, 6)
        stage.canvas.paint(moon & pane, COLOUR["n8"], "windows")
    hill = pane & (y + 32 + np.array([0, 2, 4, 2])[(COLUMNS // 8) % 4] < Y)
    stage.canvas.paint(hill, int(outside[0]), "windows")
    lead = pane & ((((X - x) + (Y - y)) % 16 == 0) | (((X - x) - (Y - y)) % 16 == 0))
    stage.canvas.paint(lead, COLOUR["w1"], "windows")
    stage.canvas.paint(pane & (np.abs(X - x) < 2), COLOUR["w2"])
    sill = (np.abs(X - x) < 32) & (y + 46 <= Y) & (y + 52 > Y)
    stage.canvas.paint(sill, COLOUR["w2"])
    stage.canvas.paint(sill & (y + 48 > Y), COLOUR["w4"])


def add_decor(stage: Stage, wood: np.ndarray, x: int) -> None:
    """Shelves, a shield with swords, or a picture on the wall."""
    kind = stage.pick(0, 0, 1, 2)
    if kind == 0:
        _shelves(stage, wood, x, stage.pick(88, 96))
    elif kind == 1:
        shield = disc(200, 320, x, 66, 18, 24) & (Y > 52)
        stage.canvas.paint(shield, COLOUR["r0"], "props")
        stage.canvas.paint(shield & ((x > X) ^ (Y < 68)), COLOUR["s6"], "props")
        edge = shield & ~(disc(200, 320, x, 66, 15, 21) & (Y > 55))
        stage.canvas.paint(edge, COLOUR["k4"], "props")
        for side in (-1, 1):
            blade = (np.abs((X - x) * side - (Y - 66)) < 2) & (np.abs(X - x) < 32) & ~shield
            stage.canvas.paint(blade, COLOUR["k5"], "props")
    else:
        frame = (np.abs(X - x) < 24) & (np.abs(Y - 68) < 20)
        stage.canvas.paint(frame, COLOUR["w5"], "props")
        inner = (np.abs(X - x) < 20) & (np.abs(Y - 68) < 16)
        stage.canvas.paint(inner, COLOUR["b2"], "props")
        stage.canvas.paint(inner & (84 - np.abs(np.abs(X - x) - 10) < Y), COLOUR["g3"], "props")
        stage.canvas.paint(inner & (Y > 78), COLOUR["g4"], "props")


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
        board = (np.abs(X - x) < 32) & (base <= Y) & (base + 4 > Y)
        for k in range(7):
            shades = bottles[int(stage.rng.integers(5))]
            left, tall = x - 28 + 8 * k, (12, 16, 8)[int(stage.rng.integers(3))]
            body = (left <= X) & (left + 5 > X) & (base - tall * 5 // 8 <= Y) & (base > Y)
            neck = (left + 1 <= X) & (left + 4 > X) & (base - tall <= Y) & (base > Y)
            stage.canvas.paint(body | neck, int(shades[1]), "props")
            stage.canvas.paint((body | neck) & (left + 1 == X), int(shades[2]), "props")
            stage.canvas.paint(body & (left + 4 == X), int(shades[0]), "props")
        stage.canvas.paint(board, int(wood[3]))
        stage.canvas.paint(board & (base + 2 <= Y), int(wood[0]))


def add_table(stage: Stage, wood: np.ndarray, x: int) -> None:
    """A table with mugs and a candle, stools beside it."""
    x = int(np.clip(x, 88, 232)) // 8 * 8
    for dx in (-64, 64):
        seat = (np.abs(X - x - dx) < 14) & (Y >= 172) & (Y < 177)
        legs = (np.abs(np.abs(X - x - dx) - 9) < 2) & (Y >= 177) & (Y < 194)
        stage.canvas.paint(seat | legs, int(wood[2]), "props")
        stage.canvas.paint(seat & (Y < 174), int(wood[4]), "props")
    top = (np.abs(X - x) < 56) & (Y >= 160) & (Y < 168)
    legs = (np.abs(np.abs(X - x) - 44) < 4) & (Y >= 168) & (Y < 196)
    stage.canvas.paint(top | legs, int(wood[3]), "props")
    stage.canvas.paint(top & (Y < 162), int(wood[5]), "props")
    stage.canvas.paint(top & (Y >= 166), int(wood[1]), "props")
    stage.canvas.paint(legs & (X % 8 > 4), int(wood[1]), "props")
    for dx in (-36, -12, 28):
        mug = (np.abs(X - x - dx) < 5) & (Y >= 150) & (Y < 160)
        handle = (np.abs(X - x - dx - 6) < 2) & (Y >= 152) & (Y < 157)
        stage.canvas.paint(mug | handle, COLOUR["k3"], "props")
        stage.canvas.paint(mug & (x + dx - 2 > X), COLOUR["k5"], "props")
        stage.canvas.paint(mug & (Y < 152), COLOUR["s8"], "props")
    candle = (np.abs(X - x - 8) < 2) & (Y >= 148) & (Y < 160)
    stage.canvas.paint(candle, COLOUR["s8"], "props")
    stage.canvas.paint((np.abs(X - x - 8) < 1) & (Y >= 143) & (Y < 148), COLOUR["s6"], "fire")
    skies.glow(stage.canvas, x + 8, 146, 16, COLOUR["s6"], 0.25)


def add_candle_wheel(stage: Stage, wood: np.ndarray, x: int) -> None:
    """A wheel of candles on a chain."""
    stage.canvas.paint((x <= X) & (x + 2 > X) & (Y < TOP + 44) & (ROWS % 4 < 3), int(wood[3]))
    wheel = disc(200, 320, x + 1, 50, 36, 6) & ~disc(200, 320, x + 1, 49, 30, 3)
    stage.canvas.paint(wheel, int(wood[3]), "props")
    stage.canvas.paint(wheel & (Y > 52), int(wood[1]), "props")
    for dx in (-32, -16, 0, 16, 32):
        y = 46 if abs(dx) == 32 else (50 if dx else 52)
        candle = (np.abs(X - x - dx - 1) < 2) & (y - 7 <= Y) & (y > Y)
        stage.canvas.paint(candle, COLOUR["s8"], "props")
        skies.glow(stage.canvas, x + dx + 1, y - 9, 9, COLOUR["s6"], 0.35)
        stage.canvas.paint(
            (np.abs(X - x - dx - 1) < 1) & (y - 11 <= Y) & (y - 7 > Y), COLOUR["s7"], "fire"
        )
