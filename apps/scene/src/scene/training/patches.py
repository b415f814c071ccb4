"""Learning a patch tree: count the patches of pictures, keep the commonest, put them in order.

A tree that is there can grow: its branches stay what they are, and each gets twice as many patches.
What a transformer has learned of its codes then holds for the new ones.
"""

from collections.abc import Iterable

import numpy as np
from tqdm import trange

from scene.checkpoints import fingerprint
from scene.errors import SceneError
from scene.patches.cutting import PIXELS, cut, keys
from scene.patches.latents import Latents
from scene.patches.tree import MOST_PER_BRANCH, PatchTree
from scene.training.meaning import learn_meaning

SMALLEST = 4
_AT_A_TIME = 4096


def learn_patches(
    pictures: Iterable[np.ndarray],
    palette: np.ndarray,
    codebook_size: int,
    captions: list[str] | None = None,
) -> tuple[PatchTree, float]:
    """The tree of the commonest patches, and the share of all patches that it holds.

    Args:
        pictures: chunks of palette entries, uint8 (B, H, W).
        palette: uint8 (C, 3).
        codebook_size: K, a power of two; halved until K * K different patches are there.
        captions: a text per picture, for a tree that knows what words its patches go with.

    Raises:
        SceneError: too few different patches for even the smallest tree.
    """
    patches, counts, seen = count_patches(pictures)
    size = codebook_size
    while size * size > len(patches):
        size //= 2
    if size < SMALLEST:
        raise SceneError(
            f"only {len(patches)} different patches: the smallest tree has {SMALLEST**2}; give "
            "more pictures"
        )
    commonest = np.argsort(-counts, kind="stable")[: size * size]
    held = float(counts[commonest].sum() / counts.sum())
    tree = PatchTree.of(palette, arrange(patches[commonest], palette, size))
    if captions is None:
        return tree, held
    kept = tree.patches.reshape(-1, PIXELS)
    number = np.full(len(patches), -1)
    number[np.searchsorted(keys(patches), keys(kept))] = np.arange(len(kept))
    meaning = learn_meaning(tree.latents(kept), number[seen], captions)
    return PatchTree(palette, tree.patches, tree.latents, meaning), held


def grow_patches(tree: PatchTree, pictures: Iterable[np.ndarray]) -> tuple[PatchTree, float]:
    """A tree of the same branches with twice as many patches each, and the share of all patches
    that it holds.

    Every patch of the pictures belongs to the branch in which `tree` has the one nearest to it;
    the commonest of each branch are kept.

    Args:
        tree: whose palette, branches and axes stay.
        pictures: chunks of entries of its palette, uint8 (B, H, W).

    Raises:
        SceneError: too few different patches for some branch, or branches as large as they get.
    """
    branches, size = tree.codebook_sizes
    if 2 * size > MOST_PER_BRANCH:
        raise SceneError(f"a branch has {MOST_PER_BRANCH} patches at most: this tree is grown up")
    patches, counts, _ = count_patches(pictures)
    homes = np.concatenate(
        [
            tree.find(patches[start : start + _AT_A_TIME]) // size
            for start in trange(0, len(patches), _AT_A_TIME, desc="finding their branches")
        ]
    )
    order = np.lexsort((-counts, homes))  # branch by branch, the commonest first
    begin = np.searchsorted(homes[order], np.arange(branches + 1))
    if (fewest := int(np.diff(begin).min())) < 2 * size:
        raise SceneError(
            f"{len(patches)} different patches leave a branch with {fewest}, which is to have "
            f"{2 * size}: give more pictures"
        )
    kept = order[begin[:-1, None] + np.arange(2 * size)]  # (K, 2 J)
    held = float(counts[kept].sum() / counts.sum())
    own = tree.points
    axes = _turned_as(own, _common_axes(own))
    points = tree.latents(patches[kept].reshape(-1, PIXELS)).reshape(branches, 2 * size, -1)
    grown = _in_order(patches[kept], points, axes)
    return PatchTree(tree.palette, grown, tree.latents, tree.meaning, fingerprint(tree)), held


def count_patches(
    pictures: Iterable[np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Different patches uint8 (N, 256) in the order of their keys, how often each was seen, and
    their numbers in each picture, int (B, P)."""
    patches, counts = np.empty((0, PIXELS), dtype=np.uint8), np.empty(0, dtype=np.int64)
    known, met = np.empty(0, dtype=np.uint64), []
    for chunk in pictures:
        fresh = cut(chunk).reshape(-1, PIXELS)
        named = keys(fresh)
        met.append(named.reshape(len(chunk), -1))
        patches = np.concatenate([patches, fresh])
        counts = np.concatenate([counts, np.ones(len(fresh), dtype=np.int64)])
        known, first, number = np.unique(
            np.concatenate([known, named]), return_index=True, return_inverse=True
        )
        counts = np.bincount(number, weights=counts).astype(np.int64)
        patches = patches[first]
    return patches, counts, np.searchsorted(known, np.concatenate(met))


def arrange(patches: np.ndarray, palette: np.ndarray, size: int) -> np.ndarray:
    """Order uint8 (K * K, 256) patches as a tree (K, K, 256).

    First codes: the set is halved at the median of its own widest direction, and so on. Second
    codes: every branch is halved along the same few directions, the widest within branches, so
    that a second code means a like departure from its branch in all of them. A transformer can
    then learn of one branch what holds for the others.
    """
    points = Latents.of(patches, palette)(patches)  # (K * K, D)
    groups = [np.arange(len(patches))]
    while len(groups) < size:
        groups = [half for group in groups for half in _halves(group, _widest(points[group]))]
    branches = np.stack(groups)  # (K, K)
    return _in_order(patches[branches], points[branches], _common_axes(points[branches]))


def _common_axes(points: np.ndarray) -> np.ndarray:
    """Directions (D, D) in which points (K, J, D) depart from the mean of their branch, the widest
    first."""
    rest = points - points.mean(axis=1, keepdims=True)
    flat = rest.reshape(-1, rest.shape[-1])
    _, axes = np.linalg.eigh(flat.T @ flat)
    return axes[:, ::-1]


def _turned_as(points: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Axes (D, D) with the signs by which points (K, J, D) are in order: another machine finds the
    same axes turned around."""
    axes, size, axis = axes.copy(), points.shape[1], 0
    while size > 1:
        size //= 2
        along = (points @ axes[:, axis]).reshape(-1, 2, size).mean(axis=(0, 2))  # of both halves
        axes[:, axis] *= 1 if along[1] >= along[0] else -1
        axis += 1
    return axes


def _in_order(patches: np.ndarray, points: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Patches (K, J, 256) with those of every branch halved along one axis after the other, by
    their points (K, J, D)."""
    size = patches.shape[1]
    ordered = []
    for branch, departures in zip(
        patches, points - points.mean(axis=1, keepdims=True), strict=True
    ):
        groups, axis = [np.arange(size)], 0
        while len(groups) < size:
            along = departures @ axes[:, axis]
            groups = [half for group in groups for half in _halves(group, along[group])]
            axis += 1
        ordered.append(branch[np.concatenate(groups)])
    return np.stack(ordered)


def _widest(points: np.ndarray) -> np.ndarray:
    """Where points (N, D) lie along their first principal component: (N,)."""
    centred = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axis = axes[:, -1]
    # A sign of its own for each run of eigh would turn the tree around.
    return centred @ (axis * np.sign(axis[np.abs(axis).argmax()]))


def _halves(members: np.ndarray, along: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(along, kind="stable")
    return [members[half] for half in np.array_split(order, 2)]
