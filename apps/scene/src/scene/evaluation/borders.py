"""Does a picture show the grid of its codes? Seams, as a figure."""

import numpy as np

CELL = 16  # pixels of a position, across and down


def border_figures(pixels: np.ndarray) -> dict[str, float]:
    """How many times more often neighbouring pixels differ over the borders of positions than
    within them, from left to right ("columns") and from above to below ("rows"): 1 for pictures
    that know nothing of the grid. `pixels` uint8 (N, H, W, 3)."""
    return {
        "columns": _ratio((pixels[:, :, 1:] != pixels[:, :, :-1]).any(axis=-1).mean(axis=(0, 1))),
        "rows": _ratio((pixels[:, 1:] != pixels[:, :-1]).any(axis=-1).mean(axis=(0, 2))),
    }


def _ratio(steps: np.ndarray) -> float:
    """Of the mean at borders to the mean within; `steps` (n,), the step from pixel i to i + 1."""
    border = np.arange(1, len(steps) + 1) % CELL == 0
    return float(steps[border].mean() / max(steps[~border].mean(), 1e-12))
