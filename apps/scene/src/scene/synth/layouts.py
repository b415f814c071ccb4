"""The layout of a scene: what stands where, one label per position of the token grid.

What a caption names has a label of its own, so that a model can first say where the moon goes and
then draw it (the scene tokens of Gafni et al. 2022, arXiv:2203.13131).
"""

from collections.abc import Mapping

import numpy as np

from scene.synth.canvas import OBJECTS, TOP, Canvas
from scene.synth.palette import MASTER_PALETTE, ramp

LABELS = (
    *("nothing", "water", "buildings", "props", "fire", "lightning", "crystals"),
    *("sun", "full moon", "crescent moon", "pines", "oaks", "twisted trees", "palms"),
    *("path", "rocks", "flowers", "fence", "campfire", "signpost", "boat", "gravestones"),
    *("barrels", "table"),
)
# One per label, all different.
LABEL_COLOURS = MASTER_PALETTE[
    ramp("n0 b1 k3 w3 s4 s8 v4 s6 n9 n7 g2 g4 w1 t3 w5 k5 v7 w4 s3 w6 r1 k4 w2 r0")
]
GRID = 16
# Objects from the one that is shown last to the one that is shown first where several share a
# position, and how many of its 256 pixels each needs.
_LEAST = {
    "water": 64,
    "trees": 64,
    "buildings": 64,
    "windows": 32,
    "props": 24,
    "crystals": 32,
    "fire": 8,
    "lightning": 4,
    "sun_moon": 12,
}
_LEAST_IN_FRONT = 12
_STANDS_IN_FRONT = ("props", "fire")
_SAME = {"windows": "buildings"}


def draw_layout(canvas: Canvas, attributes: Mapping[str, str]) -> np.ndarray:
    """Labels (12, 20) uint8, places in ``LABELS``, of a finished picture."""
    labels = np.zeros((12, 20), np.uint8)
    for kind, least in _LEAST.items():
        labels[_pixels(canvas.shows(kind)) >= least] = LABELS.index(_label(kind, attributes))
    if attributes["foreground"] != "none":
        # A tree that was drawn later hides a path.
        free = np.isin(canvas.owner, [0, *(1 + OBJECTS.index(kind) for kind in _STANDS_IN_FRONT)])
        front = _pixels(canvas.front & free) >= _LEAST_IN_FRONT
        labels[front] = LABELS.index(attributes["foreground"])
    return labels


def _label(kind: str, attributes: Mapping[str, str]) -> str:
    named = {"trees": "trees", "sun_moon": "celestial"}.get(kind)
    if named is None:
        return _SAME.get(kind, kind)
    # A cave looks out on trees that nobody names.
    return attributes[named] if attributes[named] in LABELS else "nothing"


def _pixels(mask: np.ndarray) -> np.ndarray:
    """How many pixels of a mask (200, 320) lie in each position (12, 20)."""
    rows = mask[TOP:-TOP]
    return rows.reshape(rows.shape[0] // GRID, GRID, -1, GRID).sum(axis=(1, 3))
