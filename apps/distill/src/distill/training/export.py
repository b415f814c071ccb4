"""Puts what the stages leave behind together as a model, with health, origin and figures."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import SpectrogramConfig, VQVAEConfig
from distill.models.persistence import LoadedVQModel
from distill.models.prior import CodePrior
from distill.models.vocoder import Vocoder
from distill.models.vqvae import ConvVQVAE
from distill.training.corpus import Clip, Corpus
from distill.training.job import Job
from distill.training.vocoder import vocoder_wins
from vq_common.health import CodebookHealth, codebook_health, usage_counts

_COLUMNS_PER_CODE = 4  # with fewer, even random codes would leave many unused
_Module = TypeVar("_Module", bound=nn.Module)


def assemble_model(
    job: Job,
    corpus: Corpus,
    spectrogram: SpectrogramConfig,
    vqvae: VQVAEConfig,
    finished: Mapping[str, Mapping[str, Tensor]],
    figures: Mapping[str, Mapping[str, float]],
) -> LoadedVQModel:
    """The model of the finished stages; the vocoder is used only where it won on held-out
    sounds."""
    analysis = AudioSpectrogram(spectrogram)
    model = _filled(ConvVQVAE(vqvae), finished["autoencoder"])
    vocoder = prior = None
    if "vocoder" in finished:
        vocoder = _filled(Vocoder(analysis, job.config.vocoder), finished["vocoder"])
    if "prior" in finished:
        prior = _filled(CodePrior(job.config.prior, vqvae), finished["prior"])
    wins = vocoder is not None and bool(figures.get("vocoder")) and vocoder_wins(figures["vocoder"])
    if wins:
        analysis.synthesizer = vocoder
    clips = (*corpus.train, *corpus.held_out)
    return LoadedVQModel(
        model=model,
        spectrogram=analysis,
        metadata=replace(
            job.metadata,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seed=job.config.seed,
            seconds_of_sound=round(corpus.seconds(spectrogram.sample_rate), 1),
            synthesis="vocoder" if wins else "griffin_lim",
            trained_on={clip.name: clip.sha256 for clip in corpus.train},
            held_out={clip.name: clip.sha256 for clip in corpus.held_out},
            figures={
                f"{stage}_{name}": round(value, 5)
                for stage, values in figures.items()
                for name, value in values.items()
                if math.isfinite(value)
            },
        ),
        device=torch.device("cpu"),
        codebook_health=corpus_health(model, analysis, clips),
        vqvae_config=vqvae,
        prior=prior,
        prior_config=job.config.prior if prior else None,
        prior_metadata=dict(figures["prior"]) if "prior" in figures else None,
        vocoder=vocoder,
    )


@torch.no_grad()
def corpus_health(
    model: ConvVQVAE, spectrogram: AudioSpectrogram, clips: tuple[Clip, ...]
) -> list[CodebookHealth]:
    """Usage of the codes over all sounds as they are."""
    indices = []
    for clip in clips:
        mel = spectrogram.waveform_to_mel(clip.waveform[None, None])
        indices.append(model.quantize(model.encode(mel))[1][0].numpy())  # (W, L)
    return codebook_health(usage_counts(np.concatenate(indices), model.codebook_size))


def health_in_words(health: list[CodebookHealth], columns: int | None = None) -> list[str]:
    """One plain sentence per level.

    Args:
        health: of each level.
        columns: how many were counted, where they may be too few to judge by; None for plenty.
    """
    lines = []
    for level in health:
        verdict = "healthy" if level.usage >= 0.6 else "thin" if level.usage >= 0.3 else "collapsed"
        if columns is not None and columns < _COLUMNS_PER_CODE * level.codes:
            verdict = f"too little sound to judge ({columns} columns)"
        lines.append(
            f"level {level.level + 1}: {verdict}, {level.active} of {level.codes} codes in use, "
            f"as even as {level.perplexity:.0f} codes used alike"
        )
    return lines


def _filled(module: _Module, state: Mapping[str, Tensor]) -> _Module:
    module.load_state_dict(dict(state))
    return module.eval().requires_grad_(False)
