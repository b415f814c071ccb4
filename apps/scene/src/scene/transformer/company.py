"""Which textures have been in one picture, for a transformer whose codes name patches.

A night is blue or green all over, and a wall of red stone stands in no castle of brown. Patches
that touch tell little of it, and branches are too coarse to: what shows it is which colours lie
side by side, and under which label of the layout. Of such textures every picture of training has
some 850, and which of them were ever in one picture together is a rule that unseen pictures keep.
"""

from collections.abc import Iterable

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from scene.patches.cutting import PATCH

# Nats that a patch loses for each pair of its pixels that is looked at, times the share of all
# pairs there that it was never in one picture with, and at most (docs/scene.md has figures).
STRANGER = 1.4
MOST_STRANGE = 4.0
# Pictures of training that a texture has to be in, or it is not known what goes with it.
OFTEN = 200
_COLOURS = 256
# Pairs of pixels across and down, and the lines of them that are looked at before one is drawn.
_PAIRS = (
    (np.s_[..., :, :-1], np.s_[..., :, 1:]),
    (np.s_[..., :-1, :], np.s_[..., 1:, :]),
)
_HALF = (np.s_[..., ::2, :], np.s_[..., :, ::2])


class Company(nn.Module):
    """`names` uint32 (2, T): the textures that are remembered across and down, in rising order,
    each 1 + (label * 256 + colour) * 256 + colour, and 0 where there are fewer; `together` uint8
    (2, T, ceil(T / 8)): for each a bit for every one before it, if both were in one picture.
    Counted and not trained.

    `look_at` comes first.
    """

    def __init__(self, textures: int, labels: int) -> None:
        super().__init__()
        self.names = mx.zeros((2, textures), dtype=mx.uint32)
        self.together = mx.zeros((2, textures, -(-textures // 8)), dtype=mx.uint8)
        self._labels = labels
        self.freeze()

    def look_at(self, patches: np.ndarray) -> None:
        """`patches` uint8 (K, J, 256): the palette entries of what two codes name."""
        self._patches = patches

    def record(self, pictures: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        """Begin anew with pictures of patches uint8 (P, 256), palette entries, under labels int
        (P,): each with its own pixels, whether or not a tree has its patches."""
        found = [_textures(patches, labels) for patches, labels in pictures]
        counted = [self._counted(side) for side in zip(*found, strict=True)]
        self.names = mx.array(np.stack([names for names, _ in counted]))
        self.together = mx.array(np.stack([together for _, together in counted]))

    def _counted(self, pictures: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
        """One row of `names` and one of `together`, from the textures of every picture."""
        size = self.names.shape[1]
        known, counts = np.unique(np.concatenate(pictures), return_counts=True)
        commonest = np.argsort(-counts, kind="stable")[:size]
        kept = np.sort(known[commonest[counts[commonest] >= OFTEN]])
        together = np.zeros((size, size), dtype=bool)
        for textures in pictures:
            there = np.flatnonzero(np.isin(kept, textures, assume_unique=True))
            together[there[:, None], there] = True
        names = np.zeros(size, dtype=np.uint32)
        names[: len(kept)] = kept
        return names, np.packbits(np.tril(together), axis=1, bitorder="little")

    def gathering(self, rows: int) -> "Gathering":
        """Pictures with nothing in them yet."""
        return Gathering(
            np.asarray(self.names), np.asarray(self.together), self._patches, self._labels, rows
        )

    def strangeness(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Nats that the patches of pictures lose in each other's company: codes int (B, N, 2) under
        labels int (B, N) -> float32 (B,)."""
        whole = self.gathering(len(codes))
        whole.fill(codes, labels)
        first, second = codes.reshape(-1, 2).T
        rows = np.repeat(np.arange(len(codes)), codes.shape[1])
        lost = whole.lost(rows, first, second, labels.reshape(-1))
        return lost.reshape(labels.shape).sum(axis=1)


class Gathering:
    """R pictures that are being drawn: how strange every texture is to what is there."""

    def __init__(
        self, names: np.ndarray, together: np.ndarray, patches: np.ndarray, labels: int, rows: int
    ) -> None:
        self._together, self._patches = together, patches
        sides, self._none = names.shape  # a number beyond, for what is not remembered
        self._numbers = np.full((sides, labels * _COLOURS**2 + 1), self._none, dtype=np.uint16)
        for numbers, known in zip(self._numbers, names, strict=True):
            numbers[known] = np.arange(len(known))
            numbers[0] = self._none
        # How many of the pairs of pixels there each texture was never with.
        self._strange = np.zeros((sides, rows, self._none + 1), dtype=np.int32)
        self._pairs = 0
        self._known: dict[tuple[int, int], np.ndarray] = {}

    def join(self, codes: np.ndarray, labels: np.ndarray) -> None:
        """What is drawn next in every picture: codes int (R, 2) under labels int (R,)."""
        self._count(np.arange(len(codes)), codes, labels, 1)
        self._pairs += 2 * PATCH * (PATCH - 1)

    def fill(self, codes: np.ndarray, labels: np.ndarray) -> None:
        """All of pictures that nothing has joined: codes int (R, N, 2) under labels int (R, N)."""
        for side, numbers in enumerate(self._numbers):
            for row, (each, under) in enumerate(zip(codes, labels, strict=True)):
                textures = numbers[_names(self._patches[each[:, 0], each[:, 1]], under, side)]
                strange = self._never_with(side, *np.unique(textures, return_counts=True))
                self._strange[side, row, : self._none] = strange
        self._pairs = codes.shape[1] * 2 * PATCH * (PATCH - 1)

    def replace(
        self, rows: np.ndarray, old: np.ndarray, new: np.ndarray, labels: np.ndarray
    ) -> None:
        """Put patches in the place of others: codes int (N, 2) of both, under labels int (N,), in
        the pictures `rows` int (N,)."""
        self._count(rows, old, labels, -1)
        self._count(rows, new, labels, 1)

    def _count(self, rows: np.ndarray, codes: np.ndarray, labels: np.ndarray, times: int) -> None:
        """Count patches so many times in pictures, which may be the same: `rows` int (N,), codes
        int (N, 2), labels int (N,)."""
        drawn = np.concatenate([codes, labels[:, None]], axis=1)
        different, whose = np.unique(drawn, axis=0, return_inverse=True)
        patches = self._patches[different[:, 0], different[:, 1]]
        for side, numbers in enumerate(self._numbers):
            textures = numbers[_names(patches, different[:, 2], side)]  # (n, pairs)
            for each, pairs in enumerate(textures):
                strange = times * self._never_with(side, *np.unique(pairs, return_counts=True))
                for row in rows[whose == each]:
                    self._strange[side, row, : self._none] += strange

    def go_on_with(self, rows: np.ndarray) -> None:
        """Replace pictures by copies: `rows` int (R,) says of which."""
        self._strange = self._strange[:, rows]

    def lost(
        self, rows: np.ndarray, branch: np.ndarray, patch: np.ndarray, label: np.ndarray
    ) -> np.ndarray:
        """Nats that patches lose in the pictures `rows` int (M,), by their two codes, under labels
        int (M,): float32 (M,) up to MOST_STRANGE."""
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        each = (label * self._patches.shape[0] + branch) * self._patches.shape[1] + patch
        _, first, again = np.unique(each, return_index=True, return_inverse=True)
        patches, under = self._patches[branch[first], patch[first]], label[first]
        strange = np.zeros(len(rows), dtype=np.float32)
        for side, numbers in enumerate(self._numbers):
            looked = numbers[_names(patches, under, side, every_other=True)]  # (m, pairs)
            strange += self._strange[side][rows[:, None], looked[again]].sum(axis=1)
        share = strange / max(self._pairs, 1)
        return np.minimum(MOST_STRANGE, STRANGER * share).astype(np.float32)

    def _never_with(self, side: int, textures: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """How many of these, each of them counted so often, every one was never with: int16
        (T,), int32 if there are many."""
        kind = np.min_scalar_type(-1 - int(counts.sum()))
        strange = np.zeros(self._none, dtype=np.promote_types(kind, np.int16))
        for texture, count in zip(textures.tolist(), counts.tolist(), strict=True):
            if texture < self._none:
                strange += strange.dtype.type(count) * self._never(side, texture)
        return strange

    def _never(self, side: int, texture: int) -> np.ndarray:
        """1 for each texture that one was never in a picture with: int16 (T,)."""
        if (side, texture) not in self._known:
            rows, byte, bit = self._together[side], texture >> 3, np.uint8(texture & 7)
            before = np.unpackbits(rows[texture, : byte + 1], bitorder="little")[:texture]
            after = rows[texture:, byte] >> bit & 1
            self._known[side, texture] = 1 - np.concatenate([before, after]).astype(np.int16)
        return self._known[side, texture]


def _textures(patches: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Different textures across and down of one picture, uint32 (n,) each."""
    return [np.unique(_names(patches, labels, side)) for side in range(len(_PAIRS))]


def _names(
    patches: np.ndarray, labels: np.ndarray, side: int, every_other: bool = False
) -> np.ndarray:
    """Textures uint32 (P, pairs) of patches uint8 (P, 256) under labels int (P,)."""
    squares = patches.reshape(-1, PATCH, PATCH)
    if every_other:
        squares = squares[_HALF[side]]
    one, other = (squares[part].reshape(len(squares), -1) for part in _PAIRS[side])
    pair = np.minimum(one, other).astype(np.uint32) << 8 | np.maximum(one, other)
    return pair + (1 + (labels.astype(np.uint32) << 16))[:, None]
