"""Patches for what a tree does not hold, chosen so that they go on in each other.

Taken one by one for its pixels, the patch that stands for half a boulder is another slope than
the one that stands for the other half, and the picture shows where it was cut. So each is weighed
beside its neighbours: iterated conditional modes (Besag 1986, "On the statistical analysis of
dirty pictures"), in which patches of one colour of a chessboard are chosen while the others stay.
"""

import numpy as np

from scene.colours import perceptual
from scene.patches.cutting import PATCH

# What a wrong pixel costs beside its distance in Oklab, where opposite colours are 0.6 apart.
WRONG = 0.2
# What a difference over a border that is not the picture's costs, for each distance in Oklab.
SEAM = 5.0
_SWEEPS = 2  # a third changes one patch in a thousand
_ROWS = 512  # patches weighed at a time
# Neighbours by row and column, and which line of pixels touches which: (mine, the neighbour's).
_SIDES = (
    (0, -1, np.s_[..., :, 0], np.s_[..., :, -1]),
    (0, 1, np.s_[..., :, -1], np.s_[..., :, 0]),
    (-1, 0, np.s_[..., 0, :], np.s_[..., -1, :]),
    (1, 0, np.s_[..., -1, :], np.s_[..., 0, :]),
)


def distances(palette: np.ndarray) -> np.ndarray:
    """Of a palette's colours, uint8 (C, 3), in Oklab: float32 (C, C)."""
    seen = perceptual(palette.astype(float))
    return np.sqrt(np.square(seen[:, None] - seen).sum(axis=-1)).astype(np.float32)


def fit_together(
    wanted: np.ndarray,
    numbers: np.ndarray,
    where: np.ndarray,
    others: np.ndarray,
    patches: np.ndarray,
    apart: np.ndarray,
) -> np.ndarray:
    """Numbers int (B, h, w) of patches for pictures cut to uint8 (B, h, w, 256).

    `numbers` int (B, h, w) stay but for the places `where` int (N, 3) of which `others` int (N, n)
    may stand; `patches` uint8 (M, 256) are all there are; `apart` as `distances` gives it.
    """
    numbers = numbers.copy()
    misfit = _misfit(patches, others, wanted[tuple(where.T)], apart)  # (N, n)
    numbers[tuple(where.T)] = np.take_along_axis(others, misfit.argmin(1)[:, None], 1)[:, 0]
    squares = patches.reshape(-1, PATCH, PATCH)
    truth = wanted.reshape(*wanted.shape[:3], PATCH, PATCH)
    chessboard = (where[:, 1] + where[:, 2]) % 2
    for _ in range(_SWEEPS):
        for colour in (0, 1):
            turn = np.flatnonzero(chessboard == colour)
            for start in range(0, len(turn), _ROWS):
                rows = turn[start : start + _ROWS]
                cost = misfit[rows] + SEAM * _seams(
                    truth, numbers, where[rows], others[rows], squares, apart
                )
                best = np.take_along_axis(others[rows], cost.argmin(1)[:, None], 1)[:, 0]
                numbers[tuple(where[rows].T)] = best
    return numbers


def _misfit(
    patches: np.ndarray, others: np.ndarray, wanted: np.ndarray, apart: np.ndarray
) -> np.ndarray:
    """What each of `others` costs by itself, float32 (N, n)."""
    cost = np.empty(others.shape, dtype=np.float32)
    for start in range(0, len(others), _ROWS):
        part = slice(start, start + _ROWS)
        shown, right = patches[others[part]], wanted[part, None]  # (R, n, 256), (R, 1, 256)
        cost[part] = apart[shown, right].sum(axis=-1) + WRONG * (shown != right).sum(axis=-1)
    return cost


def _seams(
    truth: np.ndarray,
    numbers: np.ndarray,
    where: np.ndarray,
    others: np.ndarray,
    squares: np.ndarray,
    apart: np.ndarray,
) -> np.ndarray:
    """By how much the steps over the borders of `others` are others than the picture's, float32
    (R, n)."""
    cost = np.zeros(others.shape, dtype=np.float32)
    picture, row, column = where.T
    height, width = numbers.shape[1:]
    for down, right, mine, theirs in _SIDES:
        y, x = row + down, column + right
        there = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        beside = picture[there], y[there], x[there]
        step = apart[truth[tuple(where[there].T)][mine], truth[beside][theirs]]  # (there, 16)
        shown = apart[squares[others[there]][mine], squares[numbers[beside]][theirs][:, None]]
        cost[there] += np.abs(shown - step[:, None]).sum(axis=-1)
    return cost
