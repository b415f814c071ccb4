"""What borders between the patches of whole pictures cost, where all four sides are known."""

from dataclasses import dataclass

import numpy as np

from scene.transformer.meetings import Meetings

# Borders that never met cost more the more of their 16 pixels differ, and less where those go on:
# nats for each pixel, and with how many they cost as much as when they are drawn.
FOR_A_PIXEL = 0.2
USUAL_PIXELS = 4

Where = tuple[np.ndarray, ...]  # pictures, rows and columns of positions, int (T,) each


@dataclass(frozen=True)
class Borders:
    """Borders that cost `weight` times what they do when they are drawn."""

    meetings: Meetings
    weight: float

    def nats(
        self, pairs: np.ndarray, first: np.ndarray, other: np.ndarray, side: int
    ) -> np.ndarray:
        """By the sums of their keys uint64 (n,) and the codes int (n, 2) on both sides, `side` 0
        beside each other, 1 below: float32 (n,)."""
        nats = self.meetings.nats(pairs)
        odd = np.flatnonzero(nats)
        differing = self.meetings.differing(first[odd], other[odd], below=side == 1)
        nats[odd] += FOR_A_PIXEL * (differing - USUAL_PIXELS)
        return np.float32(self.weight) * nats

    def around(
        self, codes: np.ndarray, grid: np.ndarray, where: Where, place: np.ndarray
    ) -> np.ndarray:
        """Nats that codes int (n, 2), each at the position number `place` int (n,) of `where`, lose
        there beside all four neighbours of a `grid` int (B, h, w, 2): float32 (n,)."""
        near, far = self.meetings.edges_of(codes)  # (n, 2)
        all_near, all_far = self.meetings.edges_of(grid)  # (B, h, w, 2)
        b, y, x = (axis[place] for axis in where)
        height, width = grid.shape[1:3]
        lost = np.zeros(len(codes), dtype=np.float32)
        for side, (down, right) in enumerate(((0, 1), (1, 0))):
            here = np.flatnonzero((y >= down) & (x >= right))
            there = b[here], y[here] - down, x[here] - right
            pairs = all_far[(*there, side)] + near[here, side]
            lost[here] += self.nats(pairs, grid[there], codes[here], side)
            here = np.flatnonzero((y < height - down) & (x < width - right))
            there = b[here], y[here] + down, x[here] + right
            pairs = far[here, side] + all_near[(*there, side)]
            lost[here] += self.nats(pairs, codes[here], grid[there], side)
        return lost
