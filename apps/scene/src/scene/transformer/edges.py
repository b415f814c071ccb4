"""What touches a position of the grid: the edges of the patches left of it and above it.

For codes that name patches (`PatchTree`). Lines and surfaces go on across the edge of a patch, and
no code says by itself which patches go on from which: 524,288 patches stand in pairs that are
mostly too rare to be learned one by one, while equal pixels on both sides of an edge are a rule
that holds for all of them.
"""

import mlx.core as mx
import mlx.nn as nn

from scene.patches.cutting import PATCH
from scene.patches.tree import MOST_COLOURS

BOTH = 2 * PATCH  # pixels of the edge towards the left, then of the one above
NOTHING = MOST_COLOURS  # no colour's entry: an edge that is not there, or not known


class Edges(nn.Module):
    """Edges of neighbours as a vector for every position; `look_at` comes first."""

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.inner = nn.Linear(3 * BOTH, dims)
        self.outer = nn.Linear(dims, dims)

    def look_at(self, far: mx.array, palette: mx.array) -> None:
        """`far` uint8 (K, J, 32): palette entries of the right column and of the bottom row of the
        patch that two codes name. `palette` float32 (C, 3) in [-1, 1], C at most 255."""
        self._far = far
        missing = mx.zeros((NOTHING + 1 - len(palette), 3))
        self._colours = mx.concatenate([palette, missing])  # (256, 3)

    def grid(self, tokens: mx.array, known: mx.array | None, width: int) -> mx.array:
        """What touches each position of whole pictures: codes int (B, N, 2) -> uint8 (B, N, 32).

        `known` bool (B, N): which codes may be looked at, None for all.
        """
        b, n, _ = tokens.shape
        far = self._far[tokens[..., 0], tokens[..., 1]]  # (B, N, 32)
        if known is not None:
            far = mx.where(known[..., None], far, NOTHING)
        nothing = mx.full((b, width, PATCH), NOTHING, dtype=mx.uint8)
        left = mx.concatenate([nothing[:, :1], far[:, :-1, :PATCH]], axis=1)
        first = (mx.arange(n) % width == 0)[:, None]
        left = mx.where(first, NOTHING, left)
        above = mx.concatenate([nothing, far[:, :, PATCH:]], axis=1)[:, :n]
        return mx.concatenate([left, above], axis=-1).astype(mx.uint8)

    def beside(self, left: mx.array | None, above: mx.array | None, batch: int) -> mx.array:
        """What touches one position, from its neighbours' codes int (B, 2): uint8 (B, 32)."""
        nothing = mx.full((batch, PATCH), NOTHING, dtype=mx.uint8)
        sides = [
            nothing if left is None else self._far[left[:, 0], left[:, 1]][:, :PATCH],
            nothing if above is None else self._far[above[:, 0], above[:, 1]][:, PATCH:],
        ]
        return mx.concatenate(sides, axis=-1)

    def __call__(self, touching: mx.array) -> mx.array:
        """uint8 (..., 32) -> (..., D)."""
        seen = self._colours[touching].reshape(*touching.shape[:-1], 3 * BOTH)
        return self.outer(mx.maximum(self.inner(seen), 0))
