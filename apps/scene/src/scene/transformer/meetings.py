"""Which edges of patches have met in training, for a transformer whose codes name patches.

An unseen scene is hardly new by what touches what: 96% of the borders between its patches join two
edges, 16 pixels each, that met in training as well. The transformer sees edges as vectors and, left
to itself, draws four times as many that never met: there a tower ends in the shadow of another's
roof. So what has met is remembered, pixel by pixel; 3% of what has not is taken for known.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from scene.patches.cutting import PATCH, edge_keys
from scene.transformer.edges import NOTHING

# Nats that a patch loses for each neighbour that its edge never met: by this much less likely than
# the transformer thinks are such patches in unseen scenes (docs/scene.md has the figures).
NEVER_MET = 2.5
_SLOT_BITS = 24
_SLOTS = 1 << _SLOT_BITS
# Where the bits of a pair's two slots begin in its key.
_SLOT_PLACES = (64 - _SLOT_BITS, 64 - 2 * _SLOT_BITS)
_PICTURES = 1000  # recorded at a time


class Meetings(nn.Module):
    """`met` uint8 (2^21,): a Bloom filter (Bloom 1970, "Space/time trade-offs in hash coding with
    allowable errors") of pairs of edges with two slots for each, counted and not trained.

    `look_at` comes first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.met = mx.zeros((_SLOTS // 8,), dtype=mx.uint8)
        self.freeze()

    def look_at(self, near_keys: np.ndarray, far: np.ndarray) -> None:
        """Of all patches, as `Looks` has them: keys uint64 (K, J, 2) of the edges that touch what
        is left and above, and the edges uint8 (K, J, 32) that touch what is right and below."""
        self._near = near_keys
        self._far = far

    def record(self, codes: np.ndarray, exact: np.ndarray, grid_width: int) -> None:
        """Begin anew with the borders of pictures of codes int (N, P, 2), those between patches
        that are the pictures' own, bool (N, P)."""
        far_keys = edge_keys(self._far, far=True)  # (K, J, 2)
        met = np.zeros(_SLOTS, dtype=bool)
        for start in range(0, len(codes), _PICTURES):
            part = codes[start : start + _PICTURES]
            grid = part.reshape(len(part), -1, grid_width, 2)  # (N, h, w, 2)
            own = exact[start : start + _PICTURES].reshape(grid.shape[:-1])
            before = far_keys[grid[..., 0], grid[..., 1]]
            after = self._near[grid[..., 0], grid[..., 1]]
            beside = before[:, :, :-1, 0] + after[:, :, 1:, 0]
            below = before[:, :-1, :, 1] + after[:, 1:, :, 1]
            for pairs, real in (
                (beside, own[:, :, :-1] & own[:, :, 1:]),
                (below, own[:, :-1] & own[:, 1:]),
            ):
                for slots in _slots(pairs[real]):
                    met[slots] = True
        self.met = mx.array(np.packbits(met, bitorder="little"))

    def lost(self, branch: np.ndarray, touching: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Nats that patches of branches int (A,) lose between the edges uint8 (A, 32) of their
        neighbours: float32 (A, J), NEVER_MET times 0 to 2, and 0 for those that are not `asked`
        about, bool (A, J)."""
        row, patch = np.nonzero(asked)
        far_keys = edge_keys(touching, far=True)  # (A, 2)
        pairs = self._near[branch[row], patch] + far_keys[row]  # (asked, 2)
        met = np.asarray(self.met)
        strange = np.zeros(pairs.shape, dtype=bool)
        for slots in _slots(pairs):
            strange |= (met[slots >> 3] >> (slots & 7).astype(np.uint8)) & 1 == 0
        strange &= touching[row, ::PATCH] != NOTHING
        lost = np.zeros(asked.shape, dtype=np.float32)
        lost[row, patch] = NEVER_MET * strange.sum(axis=-1)
        return lost


def _slots(pairs: np.ndarray) -> list[np.ndarray]:
    """The two slots of each pair, int64, by its key uint64."""
    return [
        ((pairs >> np.uint64(place)) & np.uint64(_SLOTS - 1)).astype(np.int64)
        for place in _SLOT_PLACES
    ]
