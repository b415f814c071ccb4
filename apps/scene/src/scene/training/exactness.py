"""How much each position counts in training, by how true to the picture its patches are.

Where a tree has not a picture's own patch, the code names one that is like it, and the picture
goes on otherwise over its borders. A transformer that learns from all codes alike draws as many
seams as such pictures have. So positions with a patch of another picture count for less, and
a little less do those with one to the right of them or below: what is learned is to go on with
what the tree has, as filtered behaviour cloning learns from what went well (Chen et al. 2020,
"BAIL: best-action imitation learning for batch deep reinforcement learning").
"""

import numpy as np

# So much of a position's own lack, as exponents, counts against one that leads to it.
_LEADS_THERE = 0.3


def position_weights(exact: np.ndarray, grid_width: int, inexact_weight: float) -> np.ndarray:
    """What positions count: `exact` bool (B, h*w) -> float32 (B, h*w), `inexact_weight` to the
    power of 1 for a patch of another picture, and of 0.3 for each right of it and below."""
    lacks = (~exact).reshape(len(exact), -1, grid_width).astype(np.float32)  # (B, h, w)
    exponents = lacks.copy()
    exponents[:, :, :-1] += _LEADS_THERE * lacks[:, :, 1:]
    exponents[:, :-1] += _LEADS_THERE * lacks[:, 1:]
    return np.float32(inexact_weight) ** exponents.reshape(exact.shape)
