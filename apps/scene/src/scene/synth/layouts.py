"""The layout of a scene: what stands where, one label per position of the token grid.

What a caption names has a label of its own, so that a model can first say where the moon goes and
then draw it (the scene tokens of Gafni et al. 2022, arXiv:2203.13131).
"""

from collections.abc import Mapping

import numpy as np

from scene.synth.canvas import OBJECTS, PARTS, TOP, Canvas
from scene.synth.palette import MASTER_PALETTE, ramp

LABELS = (
    *("sky", "water", "buildings", "props", "fire", "lightning", "crystals"),
    *("sun", "full moon", "crescent moon", "pines", "oaks", "twisted trees", "palms"),
    *("path", "rocks", "flowers", "fence", "campfire", "signpost", "boat", "gravestones"),
    *("barrels", "table", "clouds", "peaks", "hills", "ground", "walls", "rug", "hearth"),
    *("woods", "silhouettes"),
)
# One per label, all different.
LABEL_COLOURS = MASTER_PALETTE[
    ramp(
        "b2 b1 k3 w3 s4 s8 v4 s6 n9 n7 g2 g4 w1 t3 w5 k5 v7 w4 s3 w6 r1 k4 w2 r0 "
        "n8 n5 g5 m2 k1 s2 k2 g1 n0"
    )
]
GRID = 16
# Objects from the one that is shown last to the one that is shown first where several share a
# position, and how many of its 256 pixels each needs.
_LEAST = {
    "buildings": 64,
    "windows": 32,
    "props": 24,
    "crystals": 32,
    "fire": 8,
    "lightning": 4,
    "sun_moon": 12,
}
_LEAST_TREES, _LEAST_OF_ONE_TREE = 64, 40
_LEAST_IN_FRONT = 12
_STANDS_IN_FRONT = ("props", "fire")
_LAND = PARTS[: PARTS.index("trees")]
_SAME = {"windows": "buildings"}


def draw_layout(canvas: Canvas, attributes: Mapping[str, str]) -> np.ndarray:
    """Labels (12, 20) uint8, places in ``LABELS``, of a finished picture."""
    shares = np.stack([_pixels(canvas.part == PARTS.index(part)) for part in _LAND])
    labels = np.array([LABELS.index(part) for part in _LAND], np.uint8)[shares.argmax(axis=0)]
    _mark_trees(labels, canvas, attributes["trees"])
    for kind, least in _LEAST.items():
        here = _pixels(canvas.shows(kind)) >= least
        if here.any():
            labels[here] = LABELS.index(_label(kind, attributes))
    if attributes["foreground"] != "none":
        # A tree that was drawn later hides a path.
        free = np.isin(canvas.owner, [0, *(1 + OBJECTS.index(kind) for kind in _STANDS_IN_FRONT)])
        front = _pixels(canvas.front & free) >= _LEAST_IN_FRONT
        labels[front] = LABELS.index(attributes["foreground"])
    return labels


def _mark_trees(labels: np.ndarray, canvas: Canvas, kind: str) -> None:
    """Tell single trees, which a caption names, from woods far away and dark frames."""
    trees = canvas.shows("trees")
    many = _pixels(trees) >= _LEAST_TREES
    of = {part: _pixels(trees & (canvas.part == PARTS.index(part))) for part in PARTS[-3:]}
    labels[many] = LABELS.index("woods")
    labels[many & (of["silhouettes"] > of["woods"])] = LABELS.index("silhouettes")
    if kind in LABELS:
        labels[of["trees"] >= _LEAST_OF_ONE_TREE] = LABELS.index(kind)


def _label(kind: str, attributes: Mapping[str, str]) -> str:
    return attributes["celestial"] if kind == "sun_moon" else _SAME.get(kind, kind)


def _pixels(mask: np.ndarray) -> np.ndarray:
    """How many pixels of a mask (200, 320) lie in each position (12, 20)."""
    rows = mask[TOP:-TOP]
    return rows.reshape(rows.shape[0] // GRID, GRID, -1, GRID).sum(axis=(1, 3))
