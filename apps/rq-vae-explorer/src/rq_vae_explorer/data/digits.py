"""The data set in memory: images as bytes, labels, and the fixed images that every view shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 28
DIGIT_NAMES = tuple("0123456789")


class DataError(Exception):
    """A data set that cannot be had or trusted; the message is one line, with the remedy."""


@dataclass(frozen=True)
class Digits:
    """Train and test splits of 28x28 grey images in ten classes."""

    name: str
    train_images: NDArray[np.uint8]  # (N, 28, 28)
    train_labels: NDArray[np.uint8]  # (N,) 0-9
    test_images: NDArray[np.uint8]  # (M, 28, 28)
    test_labels: NDArray[np.uint8]  # (M,)
    classes: tuple[str, ...] = DIGIT_NAMES

    def stratified_test(self, per_class: int = 100) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The first `per_class` test images of each class, interleaved: images (N, 28, 28), labels.

        Interleaved so that any prefix is balanced too. Absent classes are left out.
        """
        ranks = np.zeros(len(self.test_labels), np.int64)
        for label in range(10):
            members = self.test_labels == label
            ranks[members] = np.arange(members.sum())
        order = np.lexsort((self.test_labels, ranks))
        chosen = order[ranks[order] < per_class]
        return self.test_images[chosen], self.test_labels[chosen]
