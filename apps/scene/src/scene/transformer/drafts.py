"""Several drafts of each picture at once: those that have run into a dead end are given up.

A model that writes a picture position by position cannot take anything back. What looks likely at
one position, a dawn behind violet rocks, may be a picture that it knows little of, and then every
further patch is a guess. So a few drafts are written side by side. Each is weighed by how much of
what the model has to say next goes with the layout, and when few of them carry most of the weight,
the light ones are replaced by copies of the heavy ones: sequential Monte Carlo (Gordon et al. 1993;
for text, Lew et al. 2023, arXiv:2306.03081), of the model's distribution sharpened.
"""

import numpy as np

# Weights count to this power.
KEENNESS = 2.0
# Drafts are replaced when the effective number of them falls below this share.
FEW = 0.5


class Drafts:
    """Weights of `count` drafts of each picture; row `b * count + n` of the batch is draft n of
    picture b. No picture's drafts depend on another's."""

    def __init__(self, pictures: int, count: int) -> None:
        self.count = count
        self._weights = np.zeros((pictures, count))  # logarithms

    def weigh(self, promise: np.ndarray) -> np.ndarray | None:
        """Count `promise` (B * N,), logarithms of how much the model has to say next. Returns the
        rows int (B * N,) to go on with, or None if that is every one."""
        self._weights += KEENNESS * promise.reshape(self._weights.shape)
        shares = np.exp(self._weights - self._weights.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        poor = np.flatnonzero((shares**2).sum(axis=1) > 1 / (FEW * self.count))
        if not len(poor):
            return None
        rows = np.arange(self._weights.size).reshape(self._weights.shape)
        places = (np.arange(self.count) + 0.5) / self.count
        for picture in poor:
            drawn = np.searchsorted(np.cumsum(shares[picture]), places)
            rows[picture] = rows[picture, np.minimum(drawn, self.count - 1)]
            self._weights[picture] = 0
        return rows.reshape(-1)

    def best(self) -> np.ndarray:
        """Rows int (B,) of the heaviest draft of each picture."""
        return np.arange(len(self._weights)) * self.count + self._weights.argmax(axis=1)
