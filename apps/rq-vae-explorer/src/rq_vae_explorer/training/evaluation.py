"""Held-out figures of a trained model: reconstruction error and codebook health on a whole set."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.training.codebook import DEAD_SHARE
from rq_vae_explorer.training.engine import Engine
from vq_common.health import codebook_health, joint_entropy_bits, usage_counts

_BLOCK = 500


@dataclass(frozen=True)
class LevelFigures:
    """One level on one set of images."""

    level: int  # 1-based
    active: int
    dead: int  # below a tenth of the fair share 1/K of the assignments
    perplexity: float
    error: float  # E|r_l|^2 / var(z) after this level
    recon_mse: float  # decoded from levels 1..l


@dataclass(frozen=True)
class Evaluation:
    """A model on one set of images; MSE per pixel of images in [0, 1]."""

    images: int
    recon_mse: float
    unquantised_mse: float
    levels: tuple[LevelFigures, ...]
    pairs_used: int  # distinct code tuples
    pairs: int  # K^L
    joint_entropy_bits: float
    nominal_bits: float
    latent_variance: float

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers."""
        return asdict(self)


def evaluate(engine: Engine, images: NDArray[np.uint8]) -> Evaluation:
    """Figures over all of `images` (N, 28, 28)."""
    config = engine.config
    latents, indices, sums = [], [], []
    squares = np.zeros(config.num_levels + 1)
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        # One shape for all blocks, so that the last one compiles nothing.
        padded = np.zeros((_BLOCK, 28, 28), np.uint8)
        padded[: len(block)] = block
        z = engine.encode(padded)
        coded = engine.quantize(z)
        partial = np.asarray(coded.partial_sums)[:, : len(block)]
        z = z[: len(block)]
        pixels = block.astype(np.float32) / 255
        for row, decoded_from in enumerate([*partial, z]):
            difference = engine.decode(decoded_from) - pixels
            squares[row] += np.sum(difference.astype(np.float64) ** 2)
        latents.append(z)
        indices.append(np.asarray(coded.indices)[: len(block)])
        sums.append(partial)
    mse = squares / images.size
    return _figures(
        np.concatenate(latents), np.concatenate(indices), np.concatenate(sums, axis=1), mse, config
    )


def _figures(
    z: NDArray[np.float32],
    indices: NDArray[np.int32],
    sums: NDArray[np.float32],
    mse: NDArray[np.float64],
    config: Any,
) -> Evaluation:
    variance = float(z.var(axis=0).sum()) + 1e-12
    errors = ((z - sums) ** 2).sum(axis=2).mean(axis=1) / variance  # (L,)
    health = codebook_health(usage_counts(indices, config.num_codes), DEAD_SHARE)
    levels = tuple(
        LevelFigures(
            level=n + 1,
            active=level.active,
            dead=level.dead,
            perplexity=level.perplexity,
            error=float(errors[n]),
            recon_mse=float(mse[n]),
        )
        for n, level in enumerate(health)
    )
    return Evaluation(
        images=len(z),
        recon_mse=float(mse[-2]),
        unquantised_mse=float(mse[-1]),
        levels=levels,
        pairs_used=len(np.unique(indices, axis=0)),
        pairs=config.num_codes**config.num_levels,
        joint_entropy_bits=joint_entropy_bits(indices),
        nominal_bits=config.num_levels * float(np.log2(config.num_codes)),
        latent_variance=variance,
    )
