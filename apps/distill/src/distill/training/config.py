"""What a training run is asked to do; saved with its state, so that a resumed run is the same."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from distill.config import PriorConfig, SpectrogramConfig, VocoderConfig, VQVAEConfig

STAGES = ("autoencoder", "vocoder", "prior")
_Steps = Annotated[int, Field(ge=1, le=10_000_000)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StageSteps:
    """Optimiser steps of each stage, where steps rather than minutes are asked for."""

    autoencoder: _Steps
    vocoder: _Steps
    prior: _Steps


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainingConfig:
    """A whole run.

    minutes: wall time for all stages; steps: instead of minutes; codebook_size: None for the
    size that suits the amount of sound.
    """

    minutes: Annotated[float, Field(gt=0, le=10_000)] = 60.0
    steps: StageSteps | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    levels: Annotated[int, Field(ge=2, le=4)] = 4
    codebook_size: Annotated[int, Field(ge=16, le=1024)] | None = None
    spectrogram: SpectrogramConfig = SpectrogramConfig()
    vqvae: VQVAEConfig = VQVAEConfig()
    vocoder: VocoderConfig = VocoderConfig(refinements=2)
    prior: PriorConfig = PriorConfig()


def automatic_codebook_size(columns: int) -> int:
    """Codes per level for a corpus of so many columns: 64, 128 or 256.

    A code wants about forty columns of its own, or it learns one sound by heart.
    """
    return next((size for size in (256, 128) if columns >= 36 * size), 64)
