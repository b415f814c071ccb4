"""What a run looks like at one step: pure functions from an engine to `View` and `Gallery`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.config import Hyper
from rq_vae_explorer.training.codebook import DEAD_SHARE
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.snapshot import (
    F32,
    U8,
    Encoding,
    EvaluationSet,
    Gallery,
    LevelHealth,
    Projection,
    View,
    freeze,
)
from vq_common.health import codebook_health, joint_entropy_bits, usage_counts

_MAX_PAIR_CODES = 16  # 256 pictures of pairs at most
_PLANE_CELLS = 16
_ARROWS = 64
_TEST_IMAGES = 500


@dataclass(frozen=True)
class Sample:
    """Where the shown reconstructions sit in the evaluation set: one image per class present."""

    rows: NDArray[np.int64]  # (C,) ascending by class


def first_of_class(dataset: EvaluationSet) -> Sample:
    """The first image of each class."""
    _, rows = np.unique(dataset.labels, return_index=True)
    return Sample(rows)


def to_bytes(images: NDArray[np.floating]) -> U8:
    """Images in [0, 1] as bytes, rounded."""
    return np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)


def find_projection(z: F32) -> Projection:
    """The plane to draw latents (N, D) in: itself for D = 2, else the two first principal axes."""
    dim = z.shape[1]
    if dim == 2:
        return Projection(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    mean = z.mean(axis=0)
    axes = np.linalg.svd(z - mean, full_matrices=False)[2][:2]
    # The sign of an axis is arbitrary; a fixed rule keeps the picture from flipping.
    axes *= np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    return Projection(mean.astype(np.float32), np.ascontiguousarray(axes.T, np.float32))


def make_view(
    engine: Engine, dataset: EvaluationSet, sample: Sample, motion: F32 | None = None
) -> View:
    """Encode the evaluation set and describe the codes. `motion` (L, K, D) per step, if known."""
    config = engine.config
    z = engine.encode(dataset.images)
    coded = engine.quantize(z)
    indices = np.asarray(coded.indices)
    usage = usage_counts(indices, config.num_codes)
    variance = float(z.var(axis=0).sum()) + 1e-12
    share = np.array(engine.state.codebook.usage)
    # A level whose codes were all killed has no usage to share.
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    sums = np.asarray(coded.partial_sums)  # (L, N, D)
    sample_z = np.concatenate([sums[:, sample.rows], z[None, sample.rows]])  # (L + 1, C, D)
    pictures = to_bytes(engine.decode(sample_z.reshape(-1, config.latent_dim)))
    pictures = pictures.reshape(config.num_levels + 1, -1, 28, 28)
    errors = ((z - sums) ** 2).sum(axis=2).mean(axis=1) / variance
    codebook = engine.codebook
    dead = np.array(engine.state.codebook.dead_since) >= 0
    return freeze(
        View(
            step=engine.step,
            codebook=codebook,
            z_e=z,
            residuals=np.array(coded.residuals),
            indices=indices,
            usage_window=engine.window_counts(),
            usage_ema=share.astype(np.float32),
            usage_eval=usage,
            usage_by_class=_usage_by_class(indices, dataset.labels, config.num_codes),
            dead=dead,
            codebook_motion=np.zeros_like(codebook) if motion is None else motion,
            codebook_gradient=np.array(engine.state.codebook_gradient),
            levels=level_health(dead, usage, errors),
            latent_variance=variance,
            pairs_used=len(np.unique(indices, axis=0)),
            joint_entropy_bits=joint_entropy_bits(indices),
            nominal_bits=config.num_levels * float(np.log2(config.num_codes)),
            projection=find_projection(z),
            sample_inputs=dataset.images[sample.rows],
            sample_recons=pictures[:-1],
            sample_unquantised=pictures[-1],
            sample_indices=indices[sample.rows],
        )
    )


def _usage_by_class(
    indices: NDArray[np.int32], labels: NDArray[np.integer], num_codes: int
) -> NDArray[np.int64]:
    by_class = [usage_counts(indices[labels == digit], num_codes) for digit in range(10)]
    return np.stack(by_class, axis=-1)  # (L, K, 10)


def level_health(
    dead: NDArray[np.bool_], test_usage: NDArray[np.int64], errors: F32
) -> tuple[LevelHealth, ...]:
    """Health per level: the codes (L, K) that are dead, perplexity by test usage (L, K)."""
    used = codebook_health(test_usage, DEAD_SHARE)
    return tuple(
        LevelHealth(
            level=level + 1,
            active=int((~dead[level]).sum()),
            dead=int(dead[level].sum()),
            perplexity=test.perplexity,
            entropy_bits=test.entropy_bits,
            error=float(errors[level]),
        )
        for level, test in enumerate(used)
    )


def make_gallery(engine: Engine, dataset: EvaluationSet, view: View, hyper: Hyper) -> Gallery:
    """Decode the codes, their pairs and the plane, and find the gradients of some latents."""
    config = engine.config
    codebook = view.codebook
    codes, dim = config.num_codes, config.latent_dim
    latents = [codebook[0]]
    with_pairs = config.num_levels > 1 and codes <= _MAX_PAIR_CODES
    if with_pairs:
        latents.append((codebook[0][:, None] + codebook[1][None]).reshape(-1, dim))
    points, extent = _plane_points(view)
    latents.append(points)
    pictures = to_bytes(engine.decode(np.concatenate(latents)))
    plane = pictures[-len(points) :].reshape(_PLANE_CELLS, _PLANE_CELLS, 28, 28)
    pairs = None
    if with_pairs:
        pairs = pictures[codes : codes + codes * codes].reshape(codes, codes, 28, 28)
    some_z = view.z_e[:_ARROWS]
    return freeze(
        Gallery(
            step=view.step,
            level1_images=pictures[:codes],
            pair_images=pairs,
            plane_images=plane,
            plane_extent=extent,
            gradient_points=some_z,
            gradient_arrows=-engine.latent_gradient(some_z, dataset.images[:_ARROWS], hyper),
        )
    )


def _plane_points(view: View) -> tuple[F32, tuple[float, float, float, float]]:
    """Latents of the cell centres of the decoded map, top row first, and the map's extent."""
    plane = (view.z_e - view.projection.mean) @ view.projection.basis
    low, high = np.percentile(plane, [1, 99], axis=0)
    margin = 0.1 * (high - low) + 1e-6
    (x0, y0), (x1, y1) = low - margin, high + margin
    centres = (np.arange(_PLANE_CELLS) + 0.5) / _PLANE_CELLS
    x, y = np.meshgrid(x0 + centres * (x1 - x0), y1 - centres * (y1 - y0))
    grid = np.stack([x, y], axis=-1).reshape(-1, 2)
    points = grid @ view.projection.basis.T + view.projection.mean
    return points.astype(np.float32), (float(x0), float(x1), float(y0), float(y1))


def test_columns(num_levels: int) -> tuple[str, ...]:
    """Names of what `test_figures` returns."""
    per_level = [
        f"{name}_{level + 1}"
        for name in ("recon", "error", "perplexity")
        for level in range(num_levels)
    ]
    return ("recon", "unquantised", *per_level, "bits")


def test_figures(engine: Engine, dataset: EvaluationSet, view: View) -> F32:
    """Test losses on the first 500 evaluation images, and the view's own figures, as one row."""
    count = min(_TEST_IMAGES, len(dataset.labels))
    x = dataset.images[:count].astype(np.float32) / 255
    z = view.z_e[:count]
    sums = np.cumsum([view.codebook[n][i[:count]] for n, i in enumerate(view.indices.T)], axis=0)
    recons = [float(np.mean((engine.decode(part) - x) ** 2)) for part in sums]
    unquantised = float(np.mean((engine.decode(z) - x) ** 2))
    errors = [level.error for level in view.levels]
    perplexity = [level.perplexity for level in view.levels]
    row = [recons[-1], unquantised, *recons, *errors, *perplexity, view.joint_entropy_bits]
    return np.array(row, np.float32)


def encode_one(engine: Engine, image: U8) -> Encoding:
    """One image (28, 28) seen through the model."""
    z = engine.encode(image[None])
    coded = engine.quantize(z)
    sums = np.asarray(coded.partial_sums)[:, 0]  # (L, D)
    decoded = engine.decode(np.concatenate([sums, z]))
    errors = ((decoded - image.astype(np.float32) / 255) ** 2).mean(axis=(1, 2))
    left = z - sums[-1:]
    pictures = to_bytes(decoded)
    return freeze(
        Encoding(
            z=z[0].copy(),
            indices=np.array(coded.indices[0]),
            residuals=np.concatenate([np.asarray(coded.residuals)[:, 0], left]),
            recons=pictures[:-1],
            unquantised=pictures[-1],
            errors=errors.astype(np.float32),
        )
    )
