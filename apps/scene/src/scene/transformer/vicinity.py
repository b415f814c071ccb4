"""Which branches have stood near each other, for a transformer whose codes name patches.

One wrong patch draws others after it, and half a cave looks out on another land than the rest. In
unseen scenes 114 of 7,000 pairs of branches in the vicinity of each other never stood so in
training, patches that stand for another one left out; in samples there were 168, much the same at
every distance. The transformer, which sees all that is drawn, hardly errs in it beside what is
right; beside what it has drawn itself it does.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

# Nats that a branch loses for each position of its vicinity that holds one it never stood so near:
# with so many, samples have about as many of them as unseen scenes (docs/scene.md has figures).
STRANGE = 0.25
REACH = 4  # rows above a position, columns beside it
# Rows down, columns to the right; none of them comes after the position in raster order.
VICINITY = tuple(
    (down, right)
    for down in range(-REACH, 1)
    for right in range(-REACH, REACH + 1)
    if (down, right) < (0, 0)
)


class Vicinity(nn.Module):
    """`seen` uint8 (40, K, ceil(K / 8)): for each place of `VICINITY` and the branch that stands
    there, a bit for every branch; counted and not trained."""

    def __init__(self, branches: int, grid_width: int) -> None:
        super().__init__()
        self.branches = branches
        self.grid_width = grid_width
        self.seen = mx.zeros((len(VICINITY), branches, -(-branches // 8)), dtype=mx.uint8)
        self.freeze()

    def record(self, branches: np.ndarray, exact: np.ndarray) -> None:
        """Begin anew with pictures of branches int (N, P), as far as their patches are the
        pictures' own, `exact` bool (N, P)."""
        none = self.branches  # a number beyond, for what is not the picture's own
        known = np.where(exact, branches.astype(np.int64), none)
        grid = known.reshape(len(branches), -1, self.grid_width)
        packed = []
        for down, right in VICINITY:
            seen = np.zeros((none + 1, none + 1), dtype=bool)
            own = grid[:, -down:, max(0, -right) :]
            there = grid[:, : max(0, grid.shape[1] + down), max(0, right) :]
            both = min(own.shape[2], there.shape[2])  # columns
            seen[there[..., :both], own[..., :both]] = True
            packed.append(np.packbits(seen[:none, :none], axis=1, bitorder="little"))
        self.seen = mx.array(np.stack(packed))

    def lost(self, drawn: np.ndarray) -> np.ndarray:
        """Nats that each branch loses at the next position after branches int (B, n): float32
        (B, K)."""
        row, column = divmod(drawn.shape[1], self.grid_width)
        places = [
            (place, (row + down) * self.grid_width + column + right)
            for place, (down, right) in enumerate(VICINITY)
            if row + down >= 0 and 0 <= column + right < self.grid_width
        ]
        if not places:
            return np.zeros((len(drawn), self.branches), dtype=np.float32)
        place, position = np.array(places).T
        packed = np.asarray(self.seen)[place, drawn[:, position]]  # (B, places, K / 8)
        seen = np.unpackbits(packed, axis=-1, count=self.branches, bitorder="little")
        return np.float32(STRANGE) * (len(places) - seen.sum(axis=1, dtype=np.float32))
