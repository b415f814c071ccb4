"""What every place draws with: the stage (canvas, colours, light, attributes) and common parts."""

from dataclasses import dataclass

import numpy as np

from scene.synth import props, rocks, skies, trees
from scene.synth.canvas import COLUMNS, HEIGHT, ROWS, TOP, WIDTH, Canvas
from scene.synth.grounds import paint_ground
from scene.synth.palette import COLOUR, blend_table, ramp
from scene.synth.schemes import Scheme

_Y = ROWS + TOP + 0 * COLUMNS
FIRE = ramp("s3 s5 s6 s8")


@dataclass
class Stage:
    """A scene in the making. ``mirrored``: light comes from the right; ``focus``: where to look."""

    canvas: Canvas
    colours: Scheme
    rng: np.random.Generator
    attributes: dict[str, str]
    horizon: int
    mirrored: bool
    focus: int  # column of the main subject, a multiple of 8
    light: tuple[int, int] = (160, 40)  # where sun or moon stands

    def pick(self, *values: int) -> int:
        """One of ``values``."""
        return values[int(self.rng.integers(len(values)))]

    def turn(self, stamp: np.ndarray) -> np.ndarray:
        """The stamp lit from the scene's side."""
        return stamp[:, ::-1] if self.mirrored else stamp

    def chance(self, share: float) -> bool:
        """True with probability ``share``."""
        return bool(self.rng.random() < share)

    @property
    def snowy(self) -> bool:
        """Whether snow lies."""
        return self.attributes["weather"] == "snow" or self.attributes["place"] == "snowfield"


def open_sky(stage: Stage, lift: int = 8) -> None:
    """Sky, sun or moon (``lift``: rows that a low sun stands above the horizon), clouds."""
    attributes, rng = stage.attributes, stage.rng
    skies.paint_sky(stage.canvas, stage.colours, stage.horizon)
    bolt = attributes["celestial"] == "lightning"
    if not bolt:
        stage.light = skies.add_celestial(
            stage.canvas,
            stage.colours,
            rng,
            attributes["celestial"],
            attributes["time"],
            stage.light,
            stage.horizon,
            lift,
        )
    amount = {"clear": stage.pick(1, 3, 5), "fog": 1}.get(attributes["weather"], 7)
    if attributes["time"] == "storm":
        amount = 9
    if attributes["celestial"] == "stars":
        amount = 0
    keep = stage.canvas.pixels.copy(), stage.canvas.owner == 4
    skies.add_clouds(stage.canvas, stage.colours, rng, stage.horizon, amount, stage.mirrored)
    if attributes["celestial"] != "none":  # clouds never hide what the caption names
        stage.canvas.pixels[keep[1]] = keep[0][keep[1]]
        stage.canvas.owner[keep[1]] = 4
    if bolt:
        skies.add_lightning(stage.canvas, stage.light[0], stage.horizon, int(rng.integers(3)))


def far_peaks(
    stage: Stage,
    base: int,
    sizes: tuple[int, ...],
    ramp_name: str,
    haze: float,
    snow: bool,
    count: int,
) -> None:
    """A chain of faceted peaks standing on row ``base``."""
    colours = stage.colours
    shades = colours.hazy(ramp_name, haze)
    if len(shades) < 6:
        shades = np.concatenate([shades[[0, 0, 1, 2]], shades[-2:]])
    shift = 16 * int(stage.rng.integers(4))
    spacing = max(48, 368 // count // 16 * 16)
    order = [int(k) for k in stage.rng.permutation(count)]
    for k in order:
        width = sizes[int(stage.rng.integers(len(sizes)))]
        x = -64 + k * spacing + shift
        if (
            stage.attributes["celestial"] != "none"
            and abs(x + width // 2 - stage.light[0]) < width // 2 + 16
        ):
            limit = (base - stage.light[1] - 28) * 16 // 9
            width = max(
                [w for w in (64, 96, 144, 192) if w <= limit], default=64
            )  # below the light
        height = width * 9 // 16 // 8 * 8
        shape = rocks.peak(width, height, int(stage.rng.integers(2)), snow)
        stage.canvas.stamp(stage.turn(shape), x, base - height, shades)


def hills(
    stage: Stage, base: int, swing: int, material: str, haze: float, kind: str = "round"
) -> np.ndarray:
    """A band of hills down to the bottom; returns its skyline (320,)."""
    top = rocks.profile(stage.rng, base, swing, kind)
    shades = stage.colours.hazy(material, haze)
    paint_ground(stage.canvas, top, shades, None, light=0.65, dark=0.15)
    return top


def treeline(
    stage: Stage, top: np.ndarray, kind: str, haze: float, shades: np.ndarray | None = None
) -> None:
    """Crowns of a distant wood along a skyline, one every 16 columns, in steps of 4 rows."""
    if shades is None:
        shades = stage.colours.hazy("pine" if kind == "pines" else "leaf", haze)
    variant = int(stage.rng.integers(3))
    for number, x in enumerate(range(-8, WIDTH, 16)):
        shape = trees.crown(kind, (number * 5 + variant) % 3)
        y = int(top[min(max(x + 12, 0), 319)]) // 8 * 8 - 12
        stage.canvas.stamp(stage.turn(shape), x, y, shades, "trees")


def tree_ramp(stage: Stage, kind: str, haze: float = 0.0) -> np.ndarray:
    """Colours (8,) for a tree stamp; snow lies on pines in snow."""
    leaf = stage.colours.hazy("pine" if kind == "pines" else "leaf", haze)[:5].copy()
    bark = stage.colours.hazy("bark", haze)
    if stage.snowy and kind == "pines":
        leaf[2:] = stage.colours.hazy("snow", haze)[1:4]
    if stage.snowy and kind == "oaks":
        leaf[3:] = stage.colours.hazy("snow", haze)[1:3]
    last = bark[4] if not stage.snowy else stage.colours["snow"][2]
    return np.concatenate([leaf, [bark[0], bark[2], last]]).astype(np.uint8)


def plant(
    stage: Stage,
    x: int,
    base: int,
    size: str,
    haze: float = 0.0,
    kind: str | None = None,
    shades: np.ndarray | None = None,
) -> None:
    """A tree of the scene's kind with its foot on row ``base``, on the 8-pixel grid."""
    kind = kind or stage.attributes["trees"]
    if kind == "none":
        return
    shape = trees.tree(kind, size, int(stage.rng.integers(2)), stage.mirrored)
    step = 8 if size == "small" else 16
    x = (x - shape.shape[1] // 2) // step * step
    y = (base - shape.shape[0] - TOP) // 8 * 8 + TOP
    stage.canvas.stamp(
        shape, x, y, tree_ramp(stage, kind, haze) if shades is None else shades, "trees"
    )


def grove(
    stage: Stage,
    base: int,
    size: str,
    count: int,
    haze: float,
    avoid: tuple[int, int] | None = None,
    depth: int = 12,
) -> None:
    """``count`` trees scattered from row ``base`` to ``base + depth``, far ones first."""
    spots = sorted(
        (base + 4 * int(stage.rng.integers(depth // 4 + 1)), 8 * int(stage.rng.integers(41)))
        for _ in range(count)
    )
    for y, x in spots:
        if avoid and avoid[0] < x < avoid[1]:
            x = avoid[0] - 24 if x < sum(avoid) // 2 else avoid[1] + 24
        plant(stage, x, y, size, haze)


def ground_material(stage: Stage) -> tuple[np.ndarray, str | None]:
    """Ramp and texture of the near ground."""
    if stage.snowy:
        return stage.colours["snow"], "sand"
    if stage.attributes["place"] in ("desert", "sea"):
        return stage.colours["sand"], "sand"
    return stage.colours["grass"], "grass"


def path(stage: Stage, top: int, x_far: int, x_near: int, bottom: int = HEIGHT) -> None:
    """A path that winds from (x_far, top) to the lower border, in steps of 4 rows."""
    depth = np.clip((_Y - top) / max(bottom - top, 1), 0, 1)
    step = np.floor((_Y - TOP) / 4) * 4 + TOP
    depth_step = np.clip((step - top) / max(bottom - top, 1), 0, 1)
    bend = np.sin(depth_step * 5.2) * 28 * (1 - depth_step) * (1 if x_far > x_near else -1)
    middle = x_far + (x_near - x_far) * depth_step**1.3 + bend
    half = 3 + 34 * depth_step**1.4
    where = (top <= _Y) & (np.abs(COLUMNS - middle) < half)
    shades = stage.colours["snow"] if stage.snowy else stage.colours["dirt"]
    shades = shades[[0, 1, 1, 2]] if stage.snowy else shades
    tone = np.clip(np.rint((0.85 - 0.5 * depth) * (len(shades) - 1)), 1, len(shades) - 1).astype(
        int
    )
    stage.canvas.paint(where, shades[tone].astype(np.uint8))
    edge = where & (np.abs(COLUMNS - middle) > half - 2 - 3 * depth)
    stage.canvas.paint(edge, int(shades[0]))
    stones = where & ~edge & ((ROWS % 8) >= 6) & (((COLUMNS + 8 * (ROWS // 8)) % 16) < 5)
    stage.canvas.paint(stones, int(shades[-1 if not stage.snowy else 0]))


def foreground(stage: Stage, base: int = 188) -> None:
    """The thing in front that the caption may name."""
    kind = stage.attributes["foreground"]
    colours, rng = stage.colours, stage.rng
    away = 160 - (stage.focus - 160)  # balance the main subject
    x = int(np.clip(away + 8 * int(rng.integers(-5, 6)), 56, 264)) // 8 * 8
    wood = colours["wood"]
    if kind == "rocks":
        for dx, width, height in ((-56, 48, 28), (0, 64, 40), (44, 32, 20)):
            shape = rocks.boulder(width, height, int(rng.integers(3)))
            shades = (
                colours["rock"][:5]
                if not stage.snowy
                else np.concatenate([colours["rock"][:3], colours["snow"][1:3]])
            )
            stage.canvas.stamp(stage.turn(shape), x + dx, base - height + 4, shades, "props")
    elif kind == "flowers":
        petals = colours["flower"]
        for k in range(26):
            fx = (k * 40 + 8 * int(rng.integers(5))) % 328 - 4
            fy = base - 30 + 8 * (k % 5)
            tone = petals[[k % 4, (k + 1) % 4]]
            shades = np.array([colours["grass"][2], tone[0], tone[1]], np.uint8)
            stage.canvas.stamp(props.FLOWER, fx, fy, shades, "props")
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
            shape = props.gravestone(int(rng.integers(3)))
            stage.canvas.stamp(
                stage.turn(shape), x + dx, base - 36 + 8 * (k % 2), colours["stone"], "props"
            )
    elif kind == "boat":
        shape = props.boat()
        stage.canvas.stamp(shape if x > 160 else shape[:, ::-1], x - 24, base - 28, wood, "props")


def campfire(stage: Stage, x: int, base: int) -> None:
    """A fire on logs with two rings of warm light."""
    skies.glow(stage.canvas, x, base - 8, 64, COLOUR["s4"], 0.25)
    skies.glow(stage.canvas, x, base - 8, 36, COLOUR["s5"], 0.3)
    stage.canvas.stamp(props.logs(), x - 16, base - 8, ramp("w0 w1 w2 w4"), "fire")
    stage.canvas.stamp(props.flame(24, 32, stage.pick(0, 1)), x - 12, base - 36, FIRE, "fire")


def frame_bank(stage: Stage, height: int = 12) -> None:
    """A dark bank with ferns along the lower border, higher on one side."""
    ink = stage.colours["ink"]
    side = -1 if stage.focus > 160 else 1
    slope = (COLUMNS[0] - 160) * side
    top = 196 - height - np.clip(slope, 0, 160) // 16 * 2
    where = top[None, :] <= _Y
    stage.canvas.paint(where, int(ink[0]))
    shades = np.array([ink[0], ink[0], ink[1], ink[2]], np.uint8)
    for x in range(0, 320, 16):
        if (x // 16 + stage.focus // 8) % 3 != 2:
            stage.canvas.stamp(props.FERN, x, int(top[x]) - 9, shades)


def frame_boughs(stage: Stage, side: int) -> None:
    """Leafy boughs hanging into an upper corner (side -1 left, 1 right)."""
    ink = stage.colours["ink"]
    shape = trees.tree("oaks", "large", 1, side > 0)[:72]
    shades = np.array([ink[0], ink[0], ink[1], ink[1], ink[2], ink[0], ink[0], ink[1]], np.uint8)
    for dx, dy in ((-40, -44), (8, -60)):
        x = dx if side < 0 else WIDTH - shape.shape[1] - dx
        stage.canvas.stamp(shape, x // 8 * 8, dy + TOP, shades, "trees")


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
    stage.canvas.paint(body, int(ink[0]), "trees")
    stage.canvas.paint(
        body & (distance % 8 == 3) & ((ROWS + distance * 3) % 16 < 11), int(ink[1]), "trees"
    )
    stage.canvas.paint(body & (distance >= width[:, None] - 2), int(ink[2]), "trees")


__all__ = ["FIRE", "Stage", "blend_table"]
