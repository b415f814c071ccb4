"""What the trainer publishes: one immutable `Snapshot` per chunk, from which every page draws.

A snapshot is never changed after it was published (its arrays are read-only) and all of its parts
belong to one run and one step, so a reader needs no lock: read `trainer.snapshot()` once and draw
from that object. `version` grows with every published snapshot, also over resets.
Slowly changing parts (`gallery`, `dataset`) are shared between snapshots by reference.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.config import Hyper, RunConfig

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


class Status(StrEnum):
    """What the worker does. `FAILED` keeps the last good state; `message` says what happened."""

    LOADING = "loading"  # reading data, building the network
    COMPILING = "compiling"  # first dispatch of this shape
    TRAINING = "training"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True)
class EvaluationSet:
    """Fixed, stratified test images that all views use, so that the cloud does not jitter."""

    name: str  # "bundled", "mnist", ...
    images: U8  # (N, 28, 28)
    labels: I32  # (N,) class 0-9
    train_size: int
    test_size: int
    classes: tuple[str, ...]  # 10 names
    notice: str = ""  # e.g. "MNIST could not be downloaded; training on the bundled digits"


@dataclass(frozen=True)
class Projection:
    """The plane that is drawn: the latent plane itself if D = 2, else the two first PCA axes of z.

    A point goes to `(z - mean) @ basis`; residuals and codes of level >= 2 go to `r @ basis`;
    a point of the plane goes back to `plane @ basis.T + mean`.
    """

    mean: F32  # (D,)
    basis: F32  # (D, 2)


@dataclass(frozen=True)
class LevelHealth:
    """Health of one level, from the evaluation set unless said otherwise."""

    level: int  # 1-based
    active: int  # alive in training: usage EMA at least a tenth of the fair share 1/K
    dead: int
    perplexity: float  # exp(entropy) of evaluation usage, 1..K
    entropy_bits: float
    error: float  # E||r_l||^2 / var(z), after this level; 1 = no better than coding the mean


@dataclass(frozen=True)
class View:
    """Everything that depends on the codes at one step. N evaluation images, L levels, K codes."""

    step: int
    codebook: F32  # (L, K, D)
    z_e: F32  # (N, D) encoder outputs; rows belong to `EvaluationSet.labels`
    residuals: F32  # (L, N, D) what each level sees: [0] is z_e, [l] is z_e minus l codes
    indices: I32  # (N, L)
    usage_window: I64  # (L, K) training assignments over the last 100 batches
    usage_ema: F32  # (L, K) share of training assignments, exponential mean over ~100 batches
    usage_eval: I64  # (L, K) assignments of the evaluation set
    usage_by_class: I64  # (L, K, 10) the same by digit
    dead: NDArray[np.bool_]  # (L, K) usage_ema below a tenth of 1/K
    codebook_motion: F32  # (L, K, D) displacement per step over the last chunk
    codebook_gradient: F32  # (L, K, D) gradient of the weighted codebook loss, last batch
    levels: tuple[LevelHealth, ...]
    latent_variance: float  # var(z) summed over D
    pairs_used: int  # distinct full code tuples on the evaluation set
    joint_entropy_bits: float  # entropy of those tuples
    nominal_bits: float  # L * log2(K)
    projection: Projection
    # one fixed test image per class, in class order
    sample_inputs: U8  # (10, 28, 28)
    sample_recons: U8  # (L, 10, 28, 28) decoded from levels 1..l
    sample_unquantised: U8  # (10, 28, 28) decoded from z_e
    sample_indices: I32  # (10, L)


@dataclass(frozen=True)
class Gallery:
    """Decoded pictures and test figures, renewed about once a second."""

    step: int
    level1_images: U8  # (K, 28, 28) the picture of each level-1 code alone
    pair_images: (
        U8 | None
    )  # (K, K, 28, 28) code i of level 1 plus code j of level 2; K <= 16, L >= 2
    plane_images: U8  # (G, G, 28, 28) decoded map, row 0 at the top (largest second coordinate)
    plane_extent: tuple[float, float, float, float]  # x0, x1, y0, y1 of the map, plane coordinates
    gradient_points: F32  # (M, D) some z_e
    gradient_arrows: (
        F32  # (M, D) minus the gradient of their reconstruction loss as the encoder gets it
    )


@dataclass(frozen=True)
class HyperChange:
    """A live knob moved: drawn as a mark on the time axis."""

    step: int
    name: str
    old: float | bool | str
    new: float | bool | str


@dataclass(frozen=True)
class Curves:
    """Decimated histories (at most about 1000 points each, for any length of run).

    `train` holds the mean of each bucket of `stride` steps, columns as in `train_names`: the raw
    losses (`total`, `recon`, `commit`, `codebook`, `sinkhorn`), their weighted contributions
    (`weighted_commit`, `weighted_codebook`, `weighted_sinkhorn`), `gradient_norm`,
    `codebook_motion` and `error_1..L` (relative to the batch variance of z).
    `test` columns as in `test_names`: `recon` (MSE), `unquantised` (MSE), `recon_1..L`,
    `error_1..L`, `perplexity_1..L`, `bits` (joint entropy).
    """

    train_names: tuple[str, ...]
    train_steps: I64  # (n,) last step of each bucket
    train: F32  # (n, M)
    train_low: F32  # (n, M) minimum in the bucket
    train_high: F32  # (n, M) maximum in the bucket
    stride: int
    test_names: tuple[str, ...]
    test_steps: I64  # (m,)
    test: F32  # (m, M')
    marks: tuple[HyperChange, ...]


@dataclass(frozen=True)
class Trails:
    """Past positions of the codes, evenly thinned over the run."""

    steps: I64  # (T,)
    codes: F32  # (T, L, K, D), T <= 200


@dataclass(frozen=True)
class Event:
    """Something worth telling: "level 1 code 7 died at step 420"."""

    step: int
    kind: str  # died, revived, restarted, kmeans, moved, killed, reseeded, nan, error
    text: str
    level: int | None = None  # 1-based
    code: int | None = None  # 0-based


@dataclass(frozen=True)
class Snapshot:
    """One consistent picture of one run."""

    version: int
    generation: int  # grows by one with each reset
    run_id: str
    status: Status
    message: str  # "" or one line (progress while loading, what failed)
    step: int
    steps_per_second: float
    seconds: float  # time spent training since the reset
    config: RunConfig
    hyper: Hyper
    speed_limit: float | None  # slow motion: at most so many steps a second
    dataset: EvaluationSet | None
    view: View | None
    gallery: Gallery | None
    curves: Curves
    trails: Trails
    events: tuple[Event, ...]  # the newest 200, oldest first


@dataclass(frozen=True)
class Encoding:
    """One image seen through the model."""

    z: F32  # (D,)
    indices: I32  # (L,)
    residuals: F32  # (L + 1, D): input of each level, then what is left
    recons: U8  # (L, 28, 28) decoded from levels 1..l
    unquantised: U8  # (28, 28)
    errors: F32  # (L + 1,) MSE of each of `recons`, then of `unquantised`


def freeze(part: Any) -> Any:
    """Make every array of a dataclass read-only (in place) and return it."""
    if isinstance(part, np.ndarray):
        part.setflags(write=False)
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            freeze(getattr(part, field.name))
    return part
