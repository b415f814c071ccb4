"""What words a patch goes with, guessed from its looks."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_CHUNK = 4096  # patches whose hidden layer stays in a processor's cache


@dataclass(frozen=True)
class Meaning:
    """A perceptron with one hidden layer, from points to M numbers that the log-odds of the `words`
    follow from: `inner` float32 (D, H), `bias` (H,), `outer` (H, M), `ratios` (W, M).

    The product of a row of `ratios` with a patch's numbers is, but for a constant of the word,
    log p(word | patch) - log p(not word | patch). Raises ValueError for arrays that do not fit
    together.
    """

    words: tuple[str, ...]
    inner: np.ndarray
    bias: np.ndarray
    outer: np.ndarray
    ratios: np.ndarray

    def __post_init__(self) -> None:
        shapes = [each.shape for each in (self.inner, self.bias, self.outer, self.ratios)]
        if [len(shape) for shape in shapes] != [2, 1, 2, 2] or not (
            shapes[0][1:] == shapes[1] == shapes[2][:1]
            and shapes[3] == (len(self.words), shapes[2][1])
        ):
            raise ValueError(f"{len(self.words)} words and layers {shapes} do not fit")

    @property
    def dims(self) -> int:
        """How many numbers a patch has, M."""
        return self.outer.shape[1]

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """float32 (N, D) -> float32 (N, M)."""
        numbers = np.empty((len(points), self.dims), dtype=np.float32)
        for start in range(0, len(points), _CHUNK):
            part = slice(start, start + _CHUNK)
            hidden = np.maximum(points[part] @ self.inner + self.bias, 0)  # (n, H)
            np.matmul(hidden, self.outer, out=numbers[part])
        return numbers

    def wish(self, said: Iterable[int]) -> np.ndarray:
        """What some words, by their numbers, want of a patch, float32 (M,): its product with a
        patch's numbers is high where they are likely. Each word counts once."""
        return self.ratios[list(set(said))].sum(axis=0, dtype=np.float32)
