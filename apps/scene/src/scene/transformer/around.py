"""What stands around a position, as far as it is drawn: two rows above it, two columns beside it.

Outlines are a matter of a few cells: how a disc or a roof goes on is told by the cells around, by
a rule that is the same wherever on the grid it stands. Attention has to find those cells by their
places first, and a small model errs in that.
"""

import mlx.core as mx
import mlx.nn as nn

Places = slice | mx.array  # positions of pictures: all, or some int (n,)
EVERY = slice(None)

# Rows down, columns to the right; none of them comes after the position in raster order.
NEAR = (
    *((-2, column) for column in (-2, -1, 0, 1, 2)),
    *((-1, column) for column in (-2, -1, 0, 1, 2)),
    *((0, column) for column in (-2, -1)),
)
REACH = 2  # rows and columns


class Around(nn.Module):
    """Codes of the cells `NEAR` a position -> a vector that is added to its input."""

    def __init__(self, dims: int, grid_width: int) -> None:
        super().__init__()
        self.grid_width = grid_width
        self.inner = nn.Linear(len(NEAR) * dims, dims)
        self.outer = nn.Linear(dims, dims, bias=False)
        # Says nothing at first, so that a trained transformer can be taught to look.
        self.outer.weight = mx.zeros_like(self.outer.weight)

    def grid(self, codes: mx.array, at: Places = EVERY) -> mx.array:
        """Embedded codes (B, N, D) of whole pictures -> what stands around those `at` n positions,
        (B, n, D)."""
        b, n, d = codes.shape
        width, rows = self.grid_width, -(-n // self.grid_width)
        x = mx.pad(codes, [(0, 0), (0, rows * width - n), (0, 0)]).reshape(b, rows, width, d)
        x = mx.pad(x, [(0, 0), (REACH, 0), (REACH, REACH), (0, 0)])
        views = [
            x[:, REACH + down : REACH + down + rows, REACH + right : REACH + right + width]
            for down, right in NEAR
        ]
        near = mx.concatenate(views, axis=-1).reshape(b, rows * width, -1)  # (B, rows * w, 12 D)
        return self(near[:, :n][:, at])

    def beside(self, drawn: list[mx.array], batch: int) -> mx.array:
        """Embedded codes (B, D) of all positions before one -> what stands around it, (B, D)."""
        row, column = divmod(len(drawn), self.grid_width)
        nothing = mx.zeros((batch, self.outer.weight.shape[0]))
        near = [
            drawn[(row + down) * self.grid_width + column + right]
            if row + down >= 0 and 0 <= column + right < self.grid_width
            else nothing
            for down, right in NEAR
        ]
        return self(mx.concatenate(near, axis=-1))

    def __call__(self, near: mx.array) -> mx.array:
        """Embedded codes (..., 12 D) of the cells `NEAR` -> (..., D)."""
        return self.outer(mx.maximum(self.inner(near), 0))
