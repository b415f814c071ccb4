"""Which edges of patches have met in training, for a transformer whose codes name patches.

An unseen scene is hardly new by what touches what: 96% of the borders between its patches join two
edges, 16 pixels each, that met in training as well. The transformer sees edges as vectors and, left
to itself, draws four times as many that never met: there a tower ends in the shadow of another's
roof. So what has met is remembered, pixel by pixel, and apart from that what has met in pictures
that the tree holds there: where a patch stands for another one, it often goes on in nothing.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from scene.patches.cutting import PATCH, edge_keys
from scene.transformer.edges import NOTHING

# Nats that a patch loses for each neighbour whose edge its own met at most where one of the two
# stood for another patch, and how many more if they never met at all (docs/scene.md has figures).
NEVER_MET_SO = 1.5
NEVER_MET = 2.0
_MET_BITS = 24
_MET_SO_BITS = 23
_PICTURES = 1000  # recorded at a time


class Meetings(nn.Module):
    """Bloom filters (Bloom 1970, "Space/time trade-offs in hash coding with allowable errors") of
    pairs of edges with two slots for each, counted and not trained: `met` uint8 (2^21,) of all
    borders, which takes 3% of others for known, and `met_so` uint8 (2^20,) of those between
    patches that are the pictures' own, which takes 1%.

    `look_at` comes first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.met = mx.zeros((1 << _MET_BITS - 3,), dtype=mx.uint8)
        self.met_so = mx.zeros((1 << _MET_SO_BITS - 3,), dtype=mx.uint8)
        self.freeze()

    def look_at(self, near: np.ndarray, near_keys: np.ndarray, far: np.ndarray) -> None:
        """Of all patches, as `Looks` has them: the edges uint8 (K, J, 32) that touch what is left
        and above and their keys uint64 (K, J, 2), and the edges that touch what is right and
        below."""
        self._near_edges, self._near = near, near_keys
        self._far = far

    def record(self, codes: np.ndarray, exact: np.ndarray, grid_width: int) -> None:
        """Begin anew with the borders of pictures of codes int (N, P, 2), which are the pictures'
        own patches where `exact` bool (N, P) says so."""
        far_keys = edge_keys(self._far, far=True)  # (K, J, 2)
        met = np.zeros(1 << _MET_BITS, dtype=bool)
        met_so = np.zeros(1 << _MET_SO_BITS, dtype=bool)
        for start in range(0, len(codes), _PICTURES):
            part = codes[start : start + _PICTURES]
            grid = part.reshape(len(part), -1, grid_width, 2)  # (N, h, w, 2)
            own = exact[start : start + _PICTURES].reshape(grid.shape[:-1])
            before = far_keys[grid[..., 0], grid[..., 1]]
            after = self._near[grid[..., 0], grid[..., 1]]
            beside = before[:, :, :-1, 0] + after[:, :, 1:, 0]
            below = before[:, :-1, :, 1] + after[:, 1:, :, 1]
            for pairs, both in (
                (beside, own[:, :, :-1] & own[:, :, 1:]),
                (below, own[:, :-1] & own[:, 1:]),
            ):
                for slots in _slots(pairs, _MET_BITS):
                    met[slots] = True
                for slots in _slots(pairs[both], _MET_SO_BITS):
                    met_so[slots] = True
        self.met = mx.array(np.packbits(met, bitorder="little"))
        self.met_so = mx.array(np.packbits(met_so, bitorder="little"))

    def lost(self, branch: np.ndarray, touching: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Nats that patches of branches int (A,) lose between the edges uint8 (A, 32) of their
        neighbours: float32 (A, J), NEVER_MET_SO times 0 to 2 and NEVER_MET times 0 to 2, and 0 for
        those that are not `asked` about, bool (A, J)."""
        row, patch = np.nonzero(asked)
        far_keys = edge_keys(touching, far=True)  # (A, 2)
        there = touching[row, ::PATCH] != NOTHING
        nats = np.zeros(there.shape, dtype=np.float32)  # (asked, 2)
        nats[there] = self.nats((self._near[branch[row], patch] + far_keys[row])[there])
        lost = np.zeros(asked.shape, dtype=np.float32)
        lost[row, patch] = nats.sum(axis=-1)
        return lost

    def edges_of(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of patches by their codes int (..., 2), keys uint64 (..., 2) of the edges that touch what
        is left and above, and of those that touch what is right and below."""
        first, second = codes[..., 0], codes[..., 1]
        return self._near[first, second], edge_keys(self._far[first, second], far=True)

    def nats(self, pairs: np.ndarray) -> np.ndarray:
        """What it costs that two edges touch, by the sums uint64 (...) of the key of the one that
        comes first and that of the other: float32 (...), 0 if they met."""
        odd = ~_known(pairs, np.asarray(self.met_so), _MET_SO_BITS)
        nats = np.float32(NEVER_MET_SO) * odd
        nats[odd] += NEVER_MET * ~_known(pairs[odd], np.asarray(self.met), _MET_BITS)
        return nats

    def differing(self, first: np.ndarray, other: np.ndarray, below: bool) -> np.ndarray:
        """How many of the 16 pixels at which patches touch differ, by codes int (n, 2) of both,
        `other` right of the `first` or below it: int (n,)."""
        touching = np.s_[PATCH:] if below else np.s_[:PATCH]
        one = self._far[first[:, 0], first[:, 1], touching]
        return np.count_nonzero(one != self._near_edges[other[:, 0], other[:, 1], touching], axis=1)


def _known(pairs: np.ndarray, packed: np.ndarray, bits: int) -> np.ndarray:
    """Which pairs, by their keys uint64 (...), a filter of 2^bits slots has: bool (...)."""
    known = np.ones(pairs.shape, dtype=bool)
    for slots in _slots(pairs, bits):
        known &= (packed[slots >> 3] >> (slots & 7).astype(np.uint8)) & 1 == 1
    return known


def _slots(pairs: np.ndarray, bits: int) -> list[np.ndarray]:
    """The two slots of each pair, int64, by its key uint64: its first bits and the next ones."""
    return [
        ((pairs >> np.uint64(64 - end)) & np.uint64((1 << bits) - 1)).astype(np.int64)
        for end in (bits, 2 * bits)
    ]
