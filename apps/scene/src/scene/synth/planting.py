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
