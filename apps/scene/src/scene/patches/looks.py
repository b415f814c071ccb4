"""What a transformer sees of the patches that its codes name."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from scene.patches.cutting import PATCH, PIXELS, edge_keys
from scene.patches.tree import PatchTree

_CHUNK = 512  # patches whose colours stay in a processor's cache
_SAMPLE = 50_000
_DEVIATION = 0.5  # of a point's numbers, on average


@dataclass(frozen=True)
class Looks:
    """Of patches (K, J): `views` float16 (K, J, V) for their neighbours, `picks` float32 (K, J, P)
    to choose by, both the first numbers of their points, of half a unit of deviation on average.

    `near` and `far` uint8 (K, J, 32) are the palette entries at their edges: left column and top
    row, which touch the neighbours before a patch in raster order; right column and bottom row,
    which touch those after it; `near_keys` uint64 (K, J, 2) are the `edge_keys` of `near`;
    `patches` uint8 (K, J, 256) are all their entries. `palette` is float32 (C, 3) in [-1, 1].
    `meanings` float32 (K, J, M), if it is known what words they go with.
    """

    views: np.ndarray
    picks: np.ndarray
    near: np.ndarray
    far: np.ndarray
    near_keys: np.ndarray
    patches: np.ndarray
    palette: np.ndarray
    meanings: np.ndarray | None


def look(tree: PatchTree, view_dims: int, pick_dims: int) -> Looks:
    """Looks of a tree's patches, worked out on all cores; `view_dims` and `pick_dims` are at most
    D."""
    latents, meaning = tree.latents, tree.meaning
    flat = tree.patches.reshape(-1, PIXELS)
    sample = latents(flat[:: max(1, len(flat) // _SAMPLE)])
    scale = np.float32(_DEVIATION) / np.sqrt(sample.var(axis=0).mean())
    views = np.empty((len(flat), view_dims), np.float16)
    picks = np.empty((len(flat), pick_dims), np.float32)
    meanings = None if meaning is None else np.empty((len(flat), meaning.dims), np.float32)
    square = flat.reshape(-1, PATCH, PATCH)
    near = np.concatenate([square[..., 0], square[..., 0, :]], axis=-1)
    far = np.concatenate([square[..., -1], square[..., -1, :]], axis=-1)
    near_keys = np.empty((len(flat), 2), np.uint64)

    def work_out(start: int) -> None:
        part = slice(start, start + _CHUNK)
        points = latents(flat[part])
        views[part] = scale * points[:, :view_dims]
        picks[part] = scale * points[:, :pick_dims]
        near_keys[part] = edge_keys(near[part], far=False)
        if meaning is not None and meanings is not None:
            meanings[part] = meaning(points)

    # As many small products at a time as there are cores: a BLAS that splits each is half as fast.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as cores:
        list(cores.map(work_out, range(0, len(flat), _CHUNK)))
    shape = tree.codebook_sizes
    return Looks(
        views.reshape(*shape, -1),
        picks.reshape(*shape, -1),
        near.reshape(*shape, -1),
        far.reshape(*shape, -1),
        near_keys.reshape(*shape, -1),
        tree.patches,
        latents.palette,
        None if meanings is None else meanings.reshape(*shape, -1),
    )
