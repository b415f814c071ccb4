"""What a layout says around each position, for a transformer that draws by it."""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn

UNKNOWN = -1  # every label of a picture whose layout nobody gave
_SEEN = 32
_MIXED = 96


class LayoutView(nn.Module):
    """Labels int (B, N) of a grid -> vectors (B, N, D): each position sees the five rows and
    columns around it, those to come as well."""

    def __init__(self, labels: int, dims: int, grid_width: int) -> None:
        super().__init__()
        self.grid_width = grid_width
        self.labels = nn.Embedding(labels, _SEEN)
        self.near = nn.Conv2d(_SEEN, _MIXED, 3, padding=1)
        self.far = nn.Conv2d(_MIXED, dims, 3, padding=1, bias=False)
        # Says nothing at first, so that a trained transformer can be taught to look.
        self.far.weight = mx.zeros_like(self.far.weight)

    def __call__(self, layout: mx.array) -> mx.array:
        """UNKNOWN labels say nothing; a layout has all labels or none."""
        b, n = layout.shape
        x = self.labels(mx.maximum(layout, 0)).reshape(b, -1, self.grid_width, _SEEN)
        x = self.far(mx.maximum(self.near(x), 0))  # (B, h, w, D)
        return mx.where(layout[..., None] < 0, 0, x.reshape(b, n, -1))
