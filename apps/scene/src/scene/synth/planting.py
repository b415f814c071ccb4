"""Trees of a scene: single ones, groves, the edge of a wood."""

import numpy as np

from scene.synth.canvas import TOP, WIDTH
from scene.synth.stage import Stage
from scene.synth.stamps import trees


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
    variant: int | None = None,
) -> None:
    """A tree of the scene's kind with its foot on row ``base``, on the token grid."""
    kind = stage.attributes["trees"]
    if kind == "none":
        return
    if variant is None:
        variant = stage.pick(0, 1)
    shape = trees.tree(kind, size, variant, stage.mirrored)
    x = (x - shape.shape[1] // 2) // 16 * 16
    y = (base - shape.shape[0] - TOP) // 8 * 8 + TOP
    stage.canvas.stamp(shape, x, y, tree_ramp(stage, kind, haze), "trees", "trees")


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
    step = 16 if size == "small" else 32
    slots = sorted(int(slot) for slot in stage.rng.permutation(320 // step + 1)[:count])
    for row in (0, 1):  # every other place is a row further back
        for slot in slots:
            x, y = slot * step, base + 8 * row * (depth // 8)
            free = not avoid or not avoid[0] < x < avoid[1]
            if slot % 2 == row and free:
                plant(stage, x, y, size, haze, slot // 2 % 2)


def treeline(
    stage: Stage, top: np.ndarray, kind: str, haze: float, shades: np.ndarray | None = None
) -> None:
    """Crowns of a distant wood along a skyline, one every 16 columns, in steps of 4 rows."""
    if shades is None:
        shades = stage.colours.hazy("pine" if kind == "pines" else "leaf", haze)
    for x in range(-8, WIDTH, 16):
        place = (x + 8 - (stage.shift or 0)) // 16 % 20
        shape = trees.crown(kind, (place * 5 + stage.variant) % 3)
        y = int(top[min(max(x + 12, 0), 319)]) // 8 * 8 - 12
        stage.canvas.stamp(stage.turn(shape), x, y, shades, "trees", "woods")
