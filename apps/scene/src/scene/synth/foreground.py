"""What stands in front: the thing that the caption may name, and dark frames of the picture."""

import numpy as np

from scene.synth import skies
from scene.synth.canvas import COLUMNS, HEIGHT, ROWS, TOP, WIDTH, Y
from scene.synth.palette import COLOUR, ramp
from scene.synth.stage import Stage
from scene.synth.stamps import plants, props, rocks, trees

FIRE = ramp("s3 s5 s6 s8")


def foreground(stage: Stage, base: int = 188) -> None:
    """The thing in front that the caption may name."""
    with stage.canvas.in_front():
        _put(stage, base)


def _put(stage: Stage, base: int) -> None:
    kind = stage.attributes["foreground"]
    colours, rng = stage.colours, stage.rng
    away = 160 - (stage.focus - 160)  # balance the main subject
    x = int(np.clip(away + 16 * int(rng.integers(-2, 3)), 64, 256)) // 16 * 16
    wood = colours["wood"]
    if kind == "rocks":
        for dx, width, height in ((-56, 48, 28), (0, 64, 40), (44, 32, 20)):
            shape = rocks.boulder(width, height, 0)
            shades = (
                colours["rock"][:5]
                if not stage.snowy
                else np.concatenate([colours["rock"][:3], colours["snow"][1:3]])
            )
            stage.canvas.stamp(stage.turn(shape), x + dx, base - height + 4, shades, "props")
    elif kind == "flowers":
        petals = colours["flower"]
        for k in range(26):
            fx = k * 56 % 320 + 8 * (k // 8)
            fy = base - 30 + 8 * (k % 5)
            tone = petals[[k % 4, (k + 1) % 4]]
            shades = np.array([colours["grass"][2], tone[0], tone[1]], np.uint8)
            stage.canvas.stamp(plants.FLOWER, fx, fy, shades, "props")
    elif kind == "fence":
        left = 0 if away < 160 else 160
        for fx in range(left, left + 160, 16):
            stage.canvas.stamp(stage.turn(props.fence()), fx, base - 24, wood, "props")
    elif kind == "campfire":
        campfire(stage, x, base - 4)
    elif kind == "signpost":
        stage.canvas.stamp(props.signpost(int(rng.integers(2))), x - 16, base - 48, wood, "props")
    elif kind == "gravestones":
        for k, dx in enumerate((-64, -32, 0, 32)):
            shape = props.gravestone(k)
            stage.canvas.stamp(
                stage.turn(shape), x + dx, base - 36 + 8 * (k % 2), colours["stone"], "props"
            )
    elif kind == "boat":
        shape = props.boat()
        stage.canvas.stamp(shape if x > 160 else shape[:, ::-1], x - 24, base - 28, wood, "props")


def campfire(stage: Stage, x: int, base: int) -> None:
    """A fire on logs with two rings of warm light."""
    skies.glow(stage.canvas, x, base - 8, 32, COLOUR["s4"], 0.3)
    stage.canvas.stamp(props.logs(), x - 16, base - 8, ramp("w0 w1 w2 w4"), "fire")
    stage.canvas.stamp(props.flame(24, 32, stage.pick(0, 1)), x - 12, base - 36, FIRE, "fire")


def barrels(stage: Stage, x: int, base: int) -> None:
    """Three barrels, one on top."""
    shades = np.concatenate([stage.colours["wood"][:5], stage.colours["stone"][[0, 2]]]).astype(
        np.uint8
    )
    x = int(np.clip(x, 32, 272)) // 8 * 8
    for dx, dy in ((-24, 0), (0, 0), (-12, 28)):
        stage.canvas.stamp(stage.turn(props.barrel()), x + dx, base - 32 - dy, shades, "props")


def frame_bank(stage: Stage, height: int = 12) -> None:
    """A dark bank with ferns along the lower border, higher on one side."""
    ink = stage.colours["ink"]
    side = -1 if stage.focus > 160 else 1
    slope = (COLUMNS[0] - 160) * side
    top = 196 - height - np.clip(slope, 0, 160) // 16 * 2
    where = top[None, :] <= Y
    stage.canvas.paint(where, int(ink[0]), part="silhouettes")
    shades = np.array([ink[0], ink[0], ink[1], ink[2]], np.uint8)
    for x in range(0, 320, 16):
        if (x // 16 + stage.focus // 8) % 3 != 2:
            stage.canvas.stamp(plants.FERN, x, int(top[x]) - 9, shades)


def frame_boughs(stage: Stage, side: int) -> None:
    """Leafy boughs hanging into an upper corner (side -1 left, 1 right)."""
    ink = stage.colours["ink"]
    shape = trees.tree("oaks", "large", 1, side > 0)[:72]
    shades = np.array([ink[0], ink[0], ink[1], ink[1], ink[2], ink[0], ink[0], ink[1]], np.uint8)
    for dx, dy in ((-40, -44), (8, -60)):
        x = dx if side < 0 else WIDTH - shape.shape[1] - dx
        stage.canvas.stamp(shape, x // 8 * 8, dy + TOP, shades, "trees", "silhouettes")


def frame_trunk(stage: Stage, side: int, kind: str) -> None:
    """A great dark tree at the border of the picture."""
    ink = stage.colours["ink"]
    rows = np.arange(HEIGHT)
    if kind in ("oaks", "pines"):
        width = 20 + 12 * ((rows > 168) * (rows - 168) / 32) + 3 * np.sin(rows / 16)
    else:
        width = 18 + 7 * np.sin(rows / 22 + 1) + 16 * np.clip((rows - 160) / 40, 0, 1) ** 2
    width = np.rint(width / 2) * 2
    distance = COLUMNS if side < 0 else WIDTH - 1 - COLUMNS
    body = distance < width[:, None]
    stage.canvas.paint(body, int(ink[0]), "trees", "silhouettes")
    stage.canvas.paint(
        body & (distance % 8 == 3) & ((ROWS + distance * 3) % 16 < 11), int(ink[1]), "trees"
    )
    stage.canvas.paint(body & (distance >= width[:, None] - 2), int(ink[2]), "trees")
