"""A vector quantiser whose codes are whole patches: K branches with J patches each.

Tree-structured vector quantisation (Buzo, Gray, Gray and Markel 1980, "Speech coding based upon
vector quantization"; Gersho and Gray 1992, chapter 12) without a network: two codes name one of
K * J patches that were seen in training, pixel by pixel. Where pictures are made of patterns that
repeat on the grid of patches, as tiles and ordered dithering do, most patches come back exactly.
"""

from functools import cached_property

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np

from scene.colours import PaletteIndex
from scene.images import to_float, to_uint8
from scene.patches.cutting import PIXELS, cut, join, keys
from scene.patches.latents import Latents
from scene.patches.meaning import Meaning
from scene.patches.seams import distances, fit_together

MOST_PER_BRANCH = 2048
MOST_COLOURS = 255  # leaves an entry of a byte that is no colour
_BRANCHES = 32  # nearest branches that are searched
_CANDIDATES = 512  # patches of them, nearest as points, that are compared pixel by pixel
_OTHERS = 16  # of these, with most equal pixels, that are weighed beside their neighbours
_ROWS = 512  # patches encoded at a time


class PatchTree:
    """`encode` and `decode` as a two-level `VQGAN` has them.

    Args:
        palette: uint8 (C, 3), C at most 255.
        patches: uint8 (K, J, 256), palette entries of patch [first code, second code].
        latents: how patches become points, by the same palette.
        meaning: what words points go with, if the tree was learned with captions.
        grown_from: fingerprint of the tree whose branches these are, with half as many patches.

    Raises:
        ValueError: arrays that do not fit together.
    """

    num_levels = 2

    def __init__(
        self,
        palette: np.ndarray,
        patches: np.ndarray,
        latents: Latents,
        meaning: Meaning | None = None,
        grown_from: str | None = None,
    ) -> None:
        if patches.ndim != 3 or patches.shape[2] != PIXELS:
            raise ValueError(f"want patches (K, J, {PIXELS}), not {patches.shape}")
        if len(palette) > MOST_COLOURS:
            raise ValueError(f"a palette of {len(palette)} colours, at most {MOST_COLOURS}")
        if int(patches.max(initial=0)) >= len(palette):
            raise ValueError(f"patches name colours beyond the palette of {len(palette)}")
        if latents.mean.shape != (3 * PIXELS,) or latents.axes.shape[:-1] != (3 * PIXELS,):
            raise ValueError(f"axes {latents.axes.shape} and mean {latents.mean.shape} do not fit")
        if meaning is not None and len(meaning.inner) != latents.axes.shape[1]:
            raise ValueError(f"the meaning of {len(meaning.inner)} numbers does not fit the axes")
        self.palette = palette
        self.patches = patches
        self.latents = latents
        self.meaning = meaning
        self.grown_from = grown_from

    @classmethod
    def of(cls, palette: np.ndarray, patches: np.ndarray) -> "PatchTree":
        """A tree whose points are principal components of its own patches."""
        return cls(palette, patches, Latents.of(patches.reshape(-1, PIXELS), palette))

    @property
    def codebook_sizes(self) -> tuple[int, int]:
        """Branches K, and patches of each, J."""
        return self.patches.shape[0], self.patches.shape[1]

    @property
    def colours(self) -> np.ndarray:
        """The palette, uint8 (C, 3)."""
        return self.palette

    def decode(self, indices: mx.array) -> mx.array:
        """Codes int (B, h, w, 2) -> pictures (B, 16h, 16w, 3) in [-1, 1], palette colours all."""
        codes = np.asarray(indices)
        pictures = join(self.patches[codes[..., 0], codes[..., 1]])  # (B, H, W)
        return mx.array(to_float(self.palette[pictures]))

    def encode(self, x: mx.array) -> mx.array:
        """Pictures (B, H, W, 3) in [-1, 1] -> codes int32 (B, H/16, W/16, 2)."""
        wanted = self.entries(to_uint8(np.asarray(x)))  # (B, h, w, 256)
        numbers, held = (
            a.reshape(wanted.shape[:3]) for a in self._held(wanted.reshape(-1, PIXELS))
        )
        where = np.argwhere(~held)  # (N, 3)
        others = self._alike(wanted[~held])  # (N, n)
        patches = self.patches.reshape(-1, PIXELS)
        numbers = fit_together(wanted, numbers, where, others, patches, self._distances)
        codes = np.stack(np.divmod(numbers, self.patches.shape[1]), axis=-1)
        return mx.array(codes.astype(np.int32))

    def exact(self, x: mx.array, indices: mx.array) -> np.ndarray:
        """Where codes int (B, h, w, 2) stand for the very patches of pictures (B, H, W, 3), which
        are a tree's own colours or the nearest of them: bool (B, h, w)."""
        codes = np.asarray(indices)
        wanted = self.entries(to_uint8(np.asarray(x)))  # (B, h, w, 256)
        return (self.patches[codes[..., 0], codes[..., 1]] == wanted).all(axis=-1)

    def entries(self, pixels: np.ndarray) -> np.ndarray:
        """Pictures uint8 (B, H, W, 3) cut into patches of the nearest palette entries: uint8
        (B, H/16, W/16, 256)."""
        return cut(self._index.classes(pixels))

    def codebooks(self) -> list[mx.array]:
        """(K, D) and (J, D): the mean of each branch, and how far each second code lies from it on
        average: their sums stand near the patches."""
        departures = self.points - self._branches[:, None]
        return [mx.array(self._branches), mx.array(departures.mean(axis=0))]

    @cached_property
    def _index(self) -> PaletteIndex:
        return PaletteIndex(self.palette)

    @cached_property
    def points(self) -> np.ndarray:
        """The patches as points float32 (K, J, D), the widest directions first."""
        flat = self.latents(self.patches.reshape(-1, PIXELS))
        return flat.reshape(*self.patches.shape[:2], -1)  # (K, J, D)

    @cached_property
    def _branches(self) -> np.ndarray:
        """Means of the branches, (K, D)."""
        return self.points.mean(axis=1)

    @cached_property
    def _norms(self) -> np.ndarray:
        """Squared lengths of all points, (K, J)."""
        return np.square(self.points).sum(-1)

    @cached_property
    def _keys(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys of all patches in rising order, and the number of the patch of each."""
        unsorted = keys(self.patches.reshape(-1, PIXELS))
        order = np.argsort(unsorted, kind="stable")
        return unsorted[order], order

    @cached_property
    def _distances(self) -> np.ndarray:
        return distances(self.palette)

    def find(self, wanted: np.ndarray) -> np.ndarray:
        """Numbers (N,), first code * J + second code, of the patches that are most like uint8
        (N, 256), each by itself."""
        numbers, held = self._held(wanted)
        numbers[~held] = self._alike(wanted[~held])[:, 0]
        return numbers

    def _held(self, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (N,) of patches uint8 (N, 256), and whether the tree holds them, bool (N,)."""
        ordered, order = self._keys
        place = np.searchsorted(ordered, keys(wanted)).clip(0, len(order) - 1)
        numbers = order[place]
        return numbers, (self.patches.reshape(-1, PIXELS)[numbers] == wanted).all(axis=1)

    def _alike(self, wanted: np.ndarray) -> np.ndarray:
        """Numbers int (N, n) of patches for uint8 (N, 256): those with most equal pixels, the most
        first, among those that are nearest as points."""
        starts = range(0, len(wanted), _ROWS)
        found = [self._alike_of(wanted[start : start + _ROWS]) for start in starts]
        return np.concatenate(found) if found else np.empty((0, 1), dtype=np.int64)

    def _alike_of(self, wanted: np.ndarray) -> np.ndarray:
        (k, j), branches = self.codebook_sizes, self._branches
        queries = self.latents(wanted)  # (N, D)
        near = min(_BRANCHES, k)
        distance = np.square(branches).sum(1) - 2 * queries @ branches.T  # (N, K)
        chosen = np.argpartition(distance, near - 1, axis=1)[:, :near]  # (N, near)
        distances = np.empty((len(wanted), near, j), dtype=np.float32)
        for branch in np.unique(chosen):
            rows, slots = np.nonzero(chosen == branch)
            products = queries[rows] @ self.points[branch].T  # (rows, J)
            distances[rows, slots] = self._norms[branch] - 2 * products
        flat = distances.reshape(len(wanted), -1)
        count = min(_CANDIDATES, flat.shape[1])
        best = np.argpartition(flat, count - 1, axis=1)[:, :count]  # (N, count)
        best = np.take_along_axis(best, np.take_along_axis(flat, best, 1).argsort(1), 1)
        numbers = np.take_along_axis(chosen, best // j, 1) * j + best % j
        wrong = self.patches.reshape(-1, PIXELS)[numbers] != wanted[:, None]
        order = np.count_nonzero(wrong, axis=-1).argsort(axis=1, kind="stable")[:, :_OTHERS]
        return np.take_along_axis(numbers, order, 1)
