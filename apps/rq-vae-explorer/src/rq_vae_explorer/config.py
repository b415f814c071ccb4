"""Every setting of a run, validated: what needs a reset (`RunConfig`) and what is live (`Hyper`).

Precedence is defaults < YAML file < flags < page. Both models are frozen; an unknown key, a wrong
type or a value out of range raises `pydantic.ValidationError`, which `explain` turns into one line.
"""

from __future__ import annotations

import reprlib
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Network = Literal["dense", "patch", "conv"]
CodebookInit = Literal["kmeans", "normal", "uniform"]
Quantizer = Literal["gradient", "ema", "adam"]
Estimator = Literal["straight_through", "rotation"]
LossScope = Literal["per_level", "final"]

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Weight = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def replace(self, **changes: Any) -> Self:
        """A validated copy with `changes`; raises `ValidationError` naming a bad key or value."""
        return type(self)(**{**self.model_dump(), **changes})


class RunConfig(_Settings):
    """What defines a run; a change of any of these needs a reset."""

    network: Network = Field("dense", description="encoder and decoder architecture")
    num_levels: int = Field(2, ge=1, le=4, description="residual levels L")
    num_codes: int = Field(16, ge=2, le=64, description="codes per level K")
    latent_dim: int = Field(2, ge=2, le=32, description="latent width D")
    batch_size: int = Field(64, ge=1, le=1024, description="images per step B")
    codebook_init: CodebookInit = Field(
        "kmeans",
        description="k-means on the first latents, N(0, 0.1), or U[0, 1)",
    )
    seed: Seed = Field(0, description="seed of weights, batches and restarts")
    data: str = Field(
        "bundled",
        min_length=1,
        description="bundled, mnist, fashion_mnist, kmnist, or a folder of idx files",
    )


class Hyper(_Settings):
    """The live knobs: traced scalars inside the compiled step, so that none recompiles it."""

    lambda_commit: Weight = Field(0.25, description="weight of the commitment loss")
    lambda_codebook: Weight = Field(1.0, description="weight of the codebook loss")
    learning_rate: float = Field(1e-3, ge=0, le=0.1, description="Adam rate of the networks")
    quantizer: Quantizer = Field(
        "gradient",
        description="codebook update: own gradient descent, EMA, or Adam (which hides the weight)",
    )
    codebook_rate: Share = Field(
        0.06,
        description="gradient codebook: share of the way to its mean that a code of fair share "
        "moves in a step at weight 1",
    )
    ema_decay: float = Field(0.99, ge=0, lt=1, description="decay of the EMA codebook")
    restart: bool = Field(True, description="restart dead codes on residuals of the batch")
    restart_threshold: Share = Field(0.3, description="dead below this share of the fair share 1/K")
    estimator: Estimator = Field("straight_through", description="gradient through the quantiser")
    quantizer_dropout: Share = Field(
        0.0, description="share of images decoded from a random number of levels"
    )
    lambda_sinkhorn: Weight = Field(0.0, description="weight of the Sinkhorn transport loss")
    sinkhorn_epsilon: float = Field(
        0.2, ge=0.01, le=5, description="entropy of the Sinkhorn plan, in units of var(residual)"
    )
    loss_scope: LossScope = Field(
        "per_level", description="commitment and codebook losses of every level, or final sum only"
    )


def split_settings(settings: dict[str, Any]) -> tuple[RunConfig, Hyper]:
    """Validate one flat mapping of settings into its two halves.

    Raises:
        ValueError: one line that names the first bad key, or the bad value and its limits.
    """
    unknown = sorted(set(settings) - set(RunConfig.model_fields) - set(Hyper.model_fields))
    if unknown:
        known = ", ".join([*RunConfig.model_fields, *Hyper.model_fields])
        raise ValueError(f"unknown setting {unknown[0]!r}; known are {known}")
    run = {k: v for k, v in settings.items() if k in RunConfig.model_fields}
    live = {k: v for k, v in settings.items() if k in Hyper.model_fields}
    try:
        return RunConfig(**run), Hyper(**live)
    except ValidationError as error:
        raise ValueError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """The first problem of a validation error as one line: key, what is wrong, what was given."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "settings"
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"{key}: {message} (got {reprlib.repr(first['input'])})"
