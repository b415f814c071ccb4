"""Putting up buildings: used by all places that people built."""

import numpy as np

from scene.synth.stage import Stage
from scene.synth.stamps import masonry, props


def raise_building(
    stage: Stage, shape: np.ndarray, x: int, base: int, shades: np.ndarray, keep: bool = False
) -> None:
    """Put up a building; its windows get their own mask and, when dark, a glow around it."""
    shape = shape if keep else stage.turn(shape)
    x = x // 8 * 8
    y = base - shape.shape[0]
    if stage.snowy and len(shades) >= 9:
        shades = shades.copy()
        shades[7:9] = stage.colours["snow"][1:3]
    stage.canvas.stamp(shape, x, y, shades, "buildings")
    lit = np.where((shape == masonry.WINDOW) | (shape == 16), shape, 255).astype(np.uint8)
    stage.canvas.stamp(lit, x, y, shades, "windows")


def smoke(stage: Stage, x: int, base: int) -> None:
    """A plume from a chimney."""
    shades = stage.colours["cloud"][[0, 1, 2]]
    stage.canvas.stamp(stage.turn(props.puffs(stage.pick(0, 1))), x, base - 48, shades)
