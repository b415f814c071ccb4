"""Third stage: the prior, on the codes of the training sounds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import PriorConfig
from distill.models.prior import CodePrior
from distill.models.prior_sampling import SamplingSettings, write_codes
from distill.models.vqvae import ConvVQVAE
from distill.training.baselines import bigram_nll, longest_copied_run, unigram_nll
from distill.training.corpus import Clip, Corpus
from distill.training.distributed import Processes
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
        peers: the processes that share each batch.
    """

    name = "prior"
    batch = _BATCH

    def __init__(
        self,
        config: PriorConfig,
        autoencoder: ConvVQVAE,
        corpus: Corpus,
        spectrogram: AudioSpectrogram,
        generator: torch.Generator,
        peers: Processes,
    ) -> None:
        self.module = CodePrior(config, autoencoder.config)
        self.optimizer = cosine_optimizer(self.module)
        self._objective = peers.replicate(_Objective(self.module, peers.size))
        self._peers = peers
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
        masked = self._masked(indices[:filling])
        blank = torch.rand(indices[filling:].shape, generator=self.generator) < _BLANKED_CONTEXT
        mine = self._peers.share(_BATCH)
        ours = slice(max(mine.start, filling), max(mine.stop, filling))  # of those to write
        losses = self._objective(
            _Filling(indices[:filling][mine], masked[mine], int(masked.sum())),
            _Writing(
                indices[ours],
                blank[ours.start - filling : ours.stop - filling],
                begins[ours],
                blank.numel(),
            ),
        )
        norm = optimizer_step(self.optimizer, self.module, losses.loss, progress)
        return {
            "loss": losses.loss.item(),
            "write": losses.write.item(),
            "fill": losses.fill.item(),
            "gradient_norm": norm,
        }

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        """Held-out negative log-likelihood per code in nats beside the baselines, and the
        longest run that the prior writes verbatim from training."""
        total, count = 0.0, 0
        for table in self._held_out:
            states = self.module.causal_states(table[None])
            nll = _nll(self.module, states, table[None])  # (1, T, L)
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

    def _masked(self, indices: Tensor) -> Tensor:
        """Which of the codes (B, T, L) are to be filled in."""
        b, t, levels = indices.shape
        share = torch.rand(b, 1, 1, generator=self.generator)
        # Half of the masks are whole columns, half single cells: both are asked for in use.
        cells = torch.rand(b, t, levels, generator=self.generator) < share
        columns = torch.rand(b, t, 1, generator=self.generator) < share
        whole = torch.rand(b, 1, 1, generator=self.generator) < 0.5
        return torch.where(whole, columns, cells)

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


@dataclass(frozen=True)
class _Filling:
    """Codes (B, T, L) and which of them are masked, here; how many are masked in all processes."""

    indices: Tensor
    masked: Tensor
    codes: int


@dataclass(frozen=True)
class _Writing:
    """Codes (B, T, L) to predict, which of them are hidden from what is looked at, and which
    tables (B,) begin a sound, here; how many codes there are in all processes."""

    indices: Tensor
    blank: Tensor
    begins: Tensor
    codes: int


@dataclass(frozen=True)
class _Losses:
    """Scalars; over all processes their means are the losses of the whole batch."""

    loss: Tensor
    write: Tensor
    fill: Tensor


class _Objective(nn.Module):
    """What is minimised, as one call: what DistributedDataParallel can wrap.

    Processes hold different numbers of codes of each kind, so each divides by the number of all
    and multiplies by the processes: the mean over them is then the mean over the codes.
    """

    def __init__(self, prior: CodePrior, processes: int) -> None:
        super().__init__()
        self.prior, self.processes = prior, processes

    def forward(self, filling: _Filling, writing: _Writing) -> _Losses:
        fill, write = self._fill(filling) * self.processes, self._write(writing) * self.processes
        return _Losses(_FILL_SHARE * fill + (1 - _FILL_SHARE) * write, write, fill)

    def _fill(self, part: _Filling) -> Tensor:
        states = self.prior.fill_states(torch.where(part.masked, -1, part.indices))
        nll = _nll(self.prior, states, part.indices)
        return (nll * part.masked).sum() / max(1, part.codes)

    def _write(self, part: _Writing) -> Tensor:
        seen = torch.where(part.blank, -1, part.indices)
        nll = _nll(self.prior, self.prior.causal_states(seen, part.begins), part.indices)
        nll = torch.cat([nll[:, :1] * part.begins[:, None, None], nll[:, 1:]], dim=1)
        return nll.sum() / part.codes


def _nll(prior: CodePrior, states: Tensor, indices: Tensor) -> Tensor:
    losses = [
        cross_entropy(
            prior.logits(states, indices, level).transpose(1, 2),
            indices[..., level],
            reduction="none",
        )
        for level in range(prior.levels)
    ]
    return torch.stack(losses, dim=-1)  # (B, T, L)


@torch.no_grad()
def encode_clip(model: ConvVQVAE, spectrogram: AudioSpectrogram, clip: Clip) -> Tensor:
    """Codes (W, L) of a whole clip."""
    mel = spectrogram.waveform_to_mel(clip.waveform[None, None])
    return model.quantize(model.encode(mel))[1][0]


def nats_to_bits(nats: float) -> float:
    """A negative log-likelihood in bits."""
    return nats / math.log(2)
