"""Choices on a grid that are best beside each other, line by line.

Given what stands in the lines beside it, the best choices of a whole line are found at once by
Viterbi's algorithm (Viterbi 1967, "Error bounds for convolutional codes"): its positions are a
chain. Every second row, the others, and the columns likewise, again and again, never lose by it:
iterated conditional modes (Besag 1986) of lines instead of single positions.
"""

import numpy as np


def best_together(
    scores: np.ndarray, beside: np.ndarray, below: np.ndarray, rounds: int
) -> np.ndarray:
    """Numbers int (B, h, w) of M choices, beginning with the first of each.

    `scores` (B, h, w, M) are what each has by itself, -inf for none; `beside` (B, h, w - 1, M, M)
    and `below` (B, h - 1, w, M, M) what it has together with each of the next position to the right
    and of the one below.
    """
    picked = np.zeros(scores.shape[:-1], dtype=np.int64)
    columns = scores.swapaxes(1, 2), below.swapaxes(1, 2), beside.swapaxes(1, 2)
    for _ in range(rounds):
        picked = _over_lines(*columns, picked.swapaxes(1, 2)).swapaxes(1, 2)
        picked = _over_lines(scores, beside, below, picked)
    return picked


def _over_lines(
    scores: np.ndarray, along: np.ndarray, across: np.ndarray, picked: np.ndarray
) -> np.ndarray:
    """`picked` int (B, L, n) of L lines of n positions, with every second line chosen anew, then
    the others: `along` (B, L, n - 1, M, M) a line and `across` (B, L - 1, n, M, M) lines."""
    picked = picked.copy()
    for first in (0, 1):
        total = scores.copy()
        before, after = picked[:, :-1, :, None, None], picked[:, 1:, :, None, None]
        total[:, 1:] += np.take_along_axis(across, before, axis=3)[..., 0, :]
        total[:, :-1] += np.take_along_axis(across, after, axis=4)[..., 0]
        picked[:, first::2] = best_chain(total[:, first::2], along[:, first::2])
    return picked


def best_chain(scores: np.ndarray, along: np.ndarray) -> np.ndarray:
    """The best choices int (..., n) of chains, by `scores` (..., n, M) of their positions and
    `along` (..., n - 1, M, M) of each and the next."""
    length = scores.shape[-2]
    best, back = scores[..., 0, :], []
    for place in range(1, length):
        total = best[..., None] + along[..., place - 1, :, :]  # (..., M, M)
        back.append(total.argmax(axis=-2))
        best = total.max(axis=-2) + scores[..., place, :]
    picked = [best.argmax(axis=-1)]
    for came_from in reversed(back):
        picked.append(np.take_along_axis(came_from, picked[-1][..., None], axis=-1)[..., 0])
    return np.stack(picked[::-1], axis=-1)
