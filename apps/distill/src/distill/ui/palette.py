"""Colours and neighbours of the codes of a model: where each code stands in its codebook.

Codes of one level are laid out on a line by the first principal component of their vectors, so
that codes that sound alike look alike. Half of the colour range is shared out by number of codes
and half by how often they are used, so that common sounds are told apart. Each level has a
colour-blind-safe map of its own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vq_common.colormaps import code_palette, text_color

# Perceptually uniform and safe for colour-blind eyes; one map per level, reused from the fifth on.
LEVEL_MAPS = ("viridis", "plasma", "cividis", "magma")
_STEPS = 256
_DARKEST, _BRIGHTEST = 0.12, 0.93  # of each map: near-black and near-white tiles look like holes


@dataclass(frozen=True)
class LevelColours:
    """Colours of one level's K codes.

    order: the codes along the line of similarity; colours, inks: "#rrggbb" of each code and of
    text on it; near: (K, n) the codes nearest to each, nearest first.
    """

    order: list[int]
    colours: list[str]
    inks: list[str]
    near: list[list[int]]


def level_colours(
    vectors: npt.NDArray[np.floating],
    usage: npt.NDArray[np.floating],
    level: int,
    near: int = 6,
) -> LevelColours:
    """Lay out one codebook: vectors (K, D) and their shares of use (K,) -> its colours."""
    codes = len(vectors)
    order = [int(code) for code in np.argsort(_first_component(vectors), kind="stable")]
    ramp = code_palette(_STEPS, LEVEL_MAPS[level % len(LEVEL_MAPS)])
    weights = (usage / max(usage.sum(), 1e-12) + 1 / codes)[order]
    place = (np.cumsum(weights) - weights / 2) / weights.sum()  # (K,) in [0, 1], along the line
    colours = [""] * codes
    for code, share in zip(order, place, strict=True):
        colours[code] = ramp[round((_DARKEST + share * (_BRIGHTEST - _DARKEST)) * (_STEPS - 1))]
    squared = (vectors**2).sum(1)
    distance = squared[:, None] + squared[None] - 2.0 * vectors @ vectors.T  # (K, K)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, : min(near, codes - 1)]
    return LevelColours(order, colours, [text_color(c) for c in colours], nearest.tolist())


def _first_component(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Coordinate of each row along the first principal axis; the sign is fixed by the longest
    vector, so that colours do not flip from run to run."""
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    place = centred @ axis
    return place if place[np.argmax(np.abs(place))] >= 0 else -place
