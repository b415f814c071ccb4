"""Third stage: the prior, on the codes of the training sounds."""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import PriorConfig
from distill.models.prior import CodePrior
from distill.models.prior_sampling import SamplingSettings, write_codes
from distill.models.vqvae import ConvVQVAE
from distill.training.baselines import bigram_nll, longest_copied_run, unigram_nll
from distill.training.corpus import Clip, Corpus
from distill.training.optimizer import cosine_optimizer, optimizer_step

_BATCH = 16
_COLUMNS = 128
_FILL_SHARE = 0.35
_BLANKED_CONTEXT = 0.1  # of the codes that are looked at: the remedy against learning by heart
_GAIN_BELS = (0.0, -0.3, 0.15)
_PROBE_COLUMNS = 256


class PriorStage:
    """Trains a `CodePrior` to predict the next column and to fill what is masked.

    Weights with the lowest held-out loss are what it keeps: on minutes of sound a transformer
    starts to learn by heart long before its budget ends.

    Args:
        config: size of the prior.
        autoencoder: trained; makes the codes.
        corpus: the sounds.
        spectrogram: of the autoencoder.
        generator: the only source of chance.
    """

    name = "prior"

    def __init__(
        self,
        config: PriorConfig,
        autoencoder: ConvVQVAE,
        corpus: Corpus,
        spectrogram: AudioSpectrogram,
        generator: torch.Generator,
    ) -> None:
        self.module = CodePrior(config, autoencoder.config)
        self.optimizer = cosine_optimizer(self.module)
        self.generator = generator
        self._train = [
            encode_clip(autoencoder, spectrogram, replace(clip, waveform=clip.waveform * 10**gain))
            for gain in _GAIN_BELS
            for clip in corpus.train
        ]
        self._plain = self._train[: len(corpus.train)]
        self._held_out = [encode_clip(autoencoder, spectrogram, clip) for clip in corpus.held_out]

    def start(self) -> None:
        """Nothing to prepare."""

    def step(self, progress: float) -> Mapping[str, float]:
        """One optimiser step at `progress` in [0, 1] of the stage."""
        sounds = [self._draw() for _ in range(_BATCH)]
        indices = torch.stack([table for table, _ in sounds])  # (B, T, L)
        begins = torch.tensor([begin for _, begin in sounds])
        filling = int(_BATCH * _FILL_SHARE)
        fill = self._fill_loss(indices[:filling])
        write = self._write_loss(indices[filling:], begins[filling:])
        loss = _FILL_SHARE * fill + (1 - _FILL_SHARE) * write
        norm = optimizer_step(self.optimizer, self.module, loss, progress)
        return {
            "loss": loss.item(),
            "write": write.item(),
            "fill": fill.item(),
            "gradient_norm": norm,
        }

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        """Held-out negative log-likelihood per code in nats beside the baselines, and the
        longest run that the prior writes verbatim from training."""
        total, count = 0.0, 0
        for table in self._held_out:
            nll = self._nll(self.module.causal_states(table[None]), table[None])  # (1, T, L)
            total, count = total + float(nll.sum()), count + nll.numel()
        generator = torch.Generator().manual_seed(0)
        written = write_codes(self.module, _PROBE_COLUMNS, generator, SamplingSettings())
        codes = self.module.codes
        return {
            "held_out_nll": total / max(1, count),
            "unigram_nll": unigram_nll(self._plain, self._held_out, codes),
            "bigram_nll": bigram_nll(self._plain, self._held_out, codes),
            "longest_copied_columns": float(longest_copied_run(written, self._plain)),
        }

    def _write_loss(self, indices: Tensor, begins: Tensor) -> Tensor:
        states = self.module.causal_states(self._blank(indices, _BLANKED_CONTEXT), begins)
        nll = self._nll(states, indices)  # (B, T, L)
        nll = torch.cat([nll[:, :1] * begins[:, None, None], nll[:, 1:]], dim=1)
        return nll.mean()

    def _fill_loss(self, indices: Tensor) -> Tensor:
        b, t, levels = indices.shape
        share = torch.rand(b, 1, 1, generator=self.generator)
        # Half of the masks are whole columns, half single cells: both are asked for in use.
        cells = torch.rand(b, t, levels, generator=self.generator) < share
        columns = torch.rand(b, t, 1, generator=self.generator) < share
        whole = torch.rand(b, 1, 1, generator=self.generator) < 0.5
        masked = torch.where(whole, columns, cells)
        states = self.module.fill_states(torch.where(masked, -1, indices))
        nll = self._nll(states, indices)
        return (nll * masked).sum() / masked.sum().clamp_min(1)

    def _nll(self, states: Tensor, indices: Tensor) -> Tensor:
        losses = [
            cross_entropy(
                self.module.logits(states, indices, level).transpose(1, 2),
                indices[..., level],
                reduction="none",
            )
            for level in range(self.module.levels)
        ]
        return torch.stack(losses, dim=-1)  # (B, T, L)

    def _blank(self, indices: Tensor, share: float) -> Tensor:
        blank = torch.rand(indices.shape, generator=self.generator) < share
        return torch.where(blank, -1, indices)

    def _draw(self) -> tuple[Tensor, bool]:
        """Columns of one sound after another (T, L), and whether they begin with a beginning."""
        first = self._pick()
        begin = float(torch.rand((), generator=self.generator)) < 0.25
        offset = 0 if begin else int(torch.randint(len(first), (), generator=self.generator))
        row, length = [first[offset:]], len(first) - offset
        while length < _COLUMNS:
            row.append(self._pick())
            length += len(row[-1])
        return torch.cat(row)[:_COLUMNS], offset == 0

    def _pick(self) -> Tensor:
        return self._train[int(torch.randint(len(self._train), (), generator=self.generator))]


@torch.no_grad()
def encode_clip(model: ConvVQVAE, spectrogram: AudioSpectrogram, clip: Clip) -> Tensor:
    """Codes (W, L) of a whole clip."""
    mel = spectrogram.waveform_to_mel(clip.waveform[None, None])
    return model.quantize(model.encode(mel))[1][0]


def nats_to_bits(nats: float) -> float:
    """A negative log-likelihood in bits."""
    return nats / math.log(2)
