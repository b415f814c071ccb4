"""First stage: the autoencoder and its codebooks, on crops of log mel spectrograms."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from distill.config import VQVAEConfig
from distill.models.selection import frame_loudness
from distill.models.vqvae import ConvVQVAE
from distill.training.banks import MelBank
from distill.training.distributed import Processes
from distill.training.optimizer import cosine_optimizer, optimizer_step

_BATCH = 24
_CROP_S = 1.0
_START_BATCHES = 32
_COMMITMENT = 0.25
_SQUARE_WEIGHT = 0.5
_LOUDNESS_WEIGHT = 0.5
_DROPOUT_SHARE = 0.25
_CONSCIENCE = 0.6  # nine codes in ten then have 0.6 to 1.2 of a fair share; without, 0.2 to 2.5
_BEAMS = 4  # nearly as when it is used: codebooks and decoder learn from codes like those chosen


class AutoencoderStage:
    """Trains a `ConvVQVAE`.

    The loss is L1 plus half the mean square on standardised log mels, plus half the error of
    each frame's loudness, plus 0.25 x commitment loss; a quarter of each batch decodes from a
    random number of levels (quantiser dropout), which is what makes every prefix of the levels
    decodable.

    Args:
        config: shape of the model; `codebook_size` is settled.
        bank: training spectrograms.
        held_out: (n_mels, T) spectrograms to validate with.
        frame_rate: frames per second.
        generator: the only source of chance.
        peers: the processes that share each batch.
    """

    name = "autoencoder"
    batch = _BATCH

    def __init__(
        self,
        config: VQVAEConfig,
        bank: MelBank,
        held_out: tuple[Tensor, ...],
        frame_rate: float,
        generator: torch.Generator,
        peers: Processes,
    ) -> None:
        self.module = ConvVQVAE(config)
        self.optimizer = cosine_optimizer(self.module)
        self._objective = peers.replicate(_Objective(self.module))
        self._peers = peers
        self._bank, self._held_out, self.generator = bank, held_out, generator
        self._frames = crop_frames(config, frame_rate)

    @torch.no_grad()
    def start(self) -> None:
        """Principal components as the first weights, k-means as the first codebooks."""
        c = self.module.config
        crops = self._bank.draw(_BATCH * _START_BATCHES, self._frames, self.generator)
        columns = crops.reshape(crops.shape[0], c.n_mels, -1, c.stride).transpose(1, 2)
        self.module.start_linear(columns.reshape(-1, c.n_mels, c.stride))
        mine = self._peers.share(len(crops))
        z = self.module.encode(crops[mine, None]).z  # (B, D, 1, W)
        self.module.quantizer.start(_rows(z), self.generator, peers=self._peers)

    def step(self, progress: float) -> Mapping[str, float]:
        """One optimiser step at `progress` in [0, 1] of the stage."""
        mine = self._peers.share(_BATCH)
        mel = self._bank.draw(_BATCH, self._frames, self.generator)[mine]  # (B, n_mels, T)
        result = self._objective(mel, self._kept_levels()[mine])
        norm = optimizer_step(self.optimizer, self.module, result.loss, progress)
        if math.isfinite(norm):
            self.module.quantizer.learn(
                result.rows, result.indices, self.generator, peers=self._peers
            )
        return {
            "loss": result.loss.item(),
            "reconstruction": result.reconstruction.item(),
            "commitment": result.commitment.item(),
            "gradient_norm": norm,
        }

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        """Mean absolute error of held-out log mels (log10 units) with levels 0..k, for each k."""
        model, c = self.module, self.module.config
        totals = [0.0] * c.num_quantizers
        for mel in self._held_out:
            x = mel[None, None]
            _, indices, _ = model.quantize(model.encode(x))
            for level in range(c.num_quantizers):
                kept = indices.clone()
                kept[..., level + 1 :] = -1
                embedded = model.codes_to_embeddings(kept, (1, indices.shape[1]))
                totals[level] += float((model.decode(embedded, x.shape) - x).abs().mean())
        count = max(1, len(self._held_out))
        return {f"held_out_level_{k}": total / count for k, total in enumerate(totals)}

    def _kept_levels(self) -> Tensor:
        levels, few = self.module.num_quantizers, int(_BATCH * _DROPOUT_SHARE)
        kept = torch.full((_BATCH,), levels)
        kept[:few] = torch.randint(1, levels + 1, (few,), generator=self.generator)
        return kept


@dataclass(frozen=True)
class _Losses:
    """loss and its parts: scalars; rows (N, D): what was quantised; indices (N, L): as what."""

    loss: Tensor
    reconstruction: Tensor
    commitment: Tensor
    rows: Tensor
    indices: Tensor


class _Objective(nn.Module):
    """What is minimised, as one call: what DistributedDataParallel can wrap."""

    def __init__(self, model: ConvVQVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, mel: Tensor, kept_levels: Tensor) -> _Losses:
        """mel: (B, n_mels, T); kept_levels: (B,), how many levels each crop decodes from."""
        model, c = self.model, self.model.config
        z = model.encode(mel[:, None]).z  # (B, D, 1, W)
        rows = _rows(z)
        result = model.quantizer(
            rows, kept_levels.repeat_interleave(z.shape[-1]), _BEAMS, _CONSCIENCE
        )
        z_q = result.z_q.reshape(z.shape[0], -1, c.codebook_dim).transpose(1, 2)  # (B, D, W)
        decoded = model.decode_unclamped(z_q)
        error = mel_error(decoded, mel, c)
        reconstruction = error.abs().mean() + _SQUARE_WEIGHT * error.square().mean()
        loss = reconstruction + _LOUDNESS_WEIGHT * loudness_error(decoded, mel, c)
        loss = loss + _COMMITMENT * result.commitment
        return _Losses(loss, reconstruction, result.commitment, rows.detach(), result.indices)


def crop_frames(config: VQVAEConfig, frame_rate: float) -> int:
    """Frames of a training crop: about a second, whole columns."""
    return max(1, round(_CROP_S * frame_rate / config.stride)) * config.stride


def mel_error(decoded: Tensor, mel: Tensor, config: VQVAEConfig) -> Tensor:
    """Standardised difference; where the target is silent anything below the floor is right."""
    silent = mel <= config.mel_floor
    clamped = torch.where(silent, decoded.clamp_min(config.mel_floor), decoded)
    return (clamped - mel) / config.mel_scale


def loudness_error(decoded: Tensor, mel: Tensor, config: VQVAEConfig) -> Tensor:
    """Mean absolute standardised difference of the loudness of frames.

    Single bands are right in their median, which is quieter than their mean power; what makes a
    frame loud has to be right as a sum.
    """
    ours, theirs = (frame_loudness(x, bands=1) for x in (decoded, mel))  # (B, T)
    floor = config.mel_floor + 1.0  # the bands of silence add up to a little more than its floor
    return (ours.clamp_min(floor) - theirs.clamp_min(floor)).abs().mean() / config.mel_scale


def _rows(z: Tensor) -> Tensor:
    return z[:, :, 0].transpose(1, 2).reshape(-1, z.shape[1])  # (B * W, D)
