"""ConvVQVAE: log mel spectrogram <-> residual codes, one column per `stride` frames.

Third step of the flow: audio/spectrogram -> **models/vqvae** -> codes. Mel bands are channels
and only time is downsampled, so H is always 1 and column i is time i. The encoder sees `context`
frames on each side of a column and no more: a click changes the codes of its own column and of
the neighbours, by construction.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, mse_loss, pad

from distill.config import VQVAEConfig
from distill.models.blocks import ConvNeXtBlock
from distill.models.quantizer import QuantizerConfig, ResidualQuantizer
from distill.models.selection import best_candidate

_DECODER_KERNEL = 7
_BEAMS = 16
_ROWS_AT_ONCE = 512  # of which the candidates' spectrograms fill 16 MB


@dataclass(frozen=True)
class EncodeResult:
    """Latents of a batch of spectrograms, before quantising.

    z: (B, D, 1, W) float32; spatial_shape: (1, W); mel_shape: (n_mels, T) of the input.
    """

    z: Tensor
    spatial_shape: tuple[int, int]
    mel_shape: tuple[int, int]


class ConvVQVAE(nn.Module):
    """Residual vector-quantised autoencoder over time.

    Holds no state of a call: two threads may encode with one model. Spectrograms are
    (B, 1, n_mels, T) log10 mels as `AudioSpectrogram` gives them.
    """

    def __init__(self, config: VQVAEConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or VQVAEConfig()
        self.quantizer = ResidualQuantizer(
            QuantizerConfig(c.num_quantizers, c.codebook_size, c.codebook_dim)
        )
        kernel = c.stride + 2 * c.context
        self.project = nn.Conv1d(c.n_mels, c.codebook_dim, kernel, c.stride)
        self.patch = nn.Conv1d(c.n_mels, c.width, kernel, c.stride)
        self.encoder = nn.Sequential(
            *(ConvNeXtBlock(c.width, kernel=1) for _ in range(c.encoder_blocks)),
            _silent_at_first(nn.Conv1d(c.width, c.codebook_dim, 1)),
        )
        self.expand = nn.Conv1d(c.codebook_dim, c.n_mels * c.stride, 1)
        self.enter = nn.Conv1d(c.codebook_dim, c.width, 3, padding=1)
        self.columns = nn.Sequential(
            *(ConvNeXtBlock(c.width, _DECODER_KERNEL) for _ in range(c.column_blocks))
        )
        self.unpatch = nn.Conv1d(c.width, c.frame_width * c.stride, 1)
        self.frames = nn.Sequential(
            *(ConvNeXtBlock(c.frame_width, _DECODER_KERNEL) for _ in range(c.frame_blocks))
        )
        self.leave = _silent_at_first(nn.Conv1d(c.frame_width, c.n_mels, 1))

    @torch.no_grad()
    def start_linear(self, patches: Tensor) -> None:
        """Begin as principal component analysis of the data, the best linear autoencoder.

        The networks beside the linear path start at zero and learn what it leaves.

        Args:
            patches: (N, n_mels, stride) log mels of single columns.
        """
        c = self.config
        flat = ((patches - c.mel_mean) / c.mel_scale).reshape(patches.shape[0], -1)  # (N, M*S)
        mean = flat.mean(0)
        covariance = (flat - mean).T @ (flat - mean) / flat.shape[0]
        basis = (
            torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, : c.codebook_dim].T
        )  # (D, M*S)
        taps = basis.reshape(-1, c.n_mels, c.stride)
        weight = torch.zeros_like(self.project.weight)
        weight[..., c.context : c.context + c.stride] = taps
        self.project.load_state_dict({"weight": weight, "bias": -basis @ mean})
        rows = taps.permute(2, 1, 0).reshape(c.stride * c.n_mels, -1)  # frame-major
        bias = mean.reshape(c.n_mels, c.stride).T.reshape(-1)
        self.expand.load_state_dict({"weight": rows[..., None], "bias": bias})

    @property
    def num_quantizers(self) -> int:
        """Levels L."""
        return self.config.num_quantizers

    @property
    def codebook_size(self) -> int:
        """Codes per level K."""
        return self.config.codebook_size

    @property
    def codebook_dim(self) -> int:
        """Numbers per code D."""
        return self.config.codebook_dim

    @property
    def decoder_reach(self) -> int:
        """Columns on each side that a decoded column depends on."""
        c = self.config
        half = _DECODER_KERNEL // 2
        return 1 + half * c.column_blocks + -(-half * c.frame_blocks // c.stride)

    def num_columns(self, frames: int) -> int:
        """Columns that cover `frames`."""
        return -(-frames // self.config.stride)

    def encode(self, x: Tensor) -> EncodeResult:
        """Latents of spectrograms (B, 1, n_mels, T); a last part of a column is filled up with
        silence."""
        c = self.config
        columns = self.num_columns(x.shape[-1])
        fill = columns * c.stride - x.shape[-1]
        mel = pad(x[:, 0], (c.context, c.context + fill), value=c.mel_floor)
        z = self.encode_padded(mel)  # (B, D, W)
        return EncodeResult(z[:, :, None], (1, columns), (x.shape[-2], x.shape[-1]))

    def encode_padded(self, mel: Tensor) -> Tensor:
        """Latents of a span whose context is given: (B, n_mels, W * stride + 2 * context) ->
        (B, D, W). The way to encode in chunks."""
        x = (mel - self.config.mel_mean) / self.config.mel_scale
        return self.project(x) + self.encoder(self.patch(x))

    def quantize(self, z: Tensor | EncodeResult) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise latents (B, D, H, W) as well as the codebooks allow; see `choose`.

        Returns:
            z_q (B, D, H, W) with straight-through gradient, indices (B, H * W, L) int64,
            commitment loss (scalar).
        """
        latents = z.z if isinstance(z, EncodeResult) else z
        b, d, h, w = latents.shape
        rows = latents.permute(0, 2, 3, 1).reshape(-1, d)  # (B * H * W, D)
        indices = self.choose(rows.detach()).reshape(b, h * w, -1)
        z_q = self.codes_to_embeddings(indices, (h, w))
        return latents + (z_q - latents).detach(), indices, mse_loss(latents, z_q)

    def choose(self, latents: Tensor) -> Tensor:
        """Codes (N, L) of columns' latents (N, D), each column judged alone.

        Of sixteen near sums of codes the one that sounds nearest by the linear path.
        """
        return torch.cat([self._choose(part) for part in latents.split(_ROWS_AT_ONCE)])

    def _choose(self, latents: Tensor) -> Tensor:
        candidates = self.quantizer.candidates(latents, _BEAMS)  # (N, P, L)
        frames = self._linear_frames(self.quantizer.embed(candidates))
        best = best_candidate(self._linear_frames(latents), frames)  # (N,)
        return candidates[torch.arange(len(latents)), best]

    def _linear_frames(self, latents: Tensor) -> Tensor:
        """Log mels that the linear path alone makes: (..., D) -> (..., stride, n_mels).

        The networks beside it look at the neighbours too, which an encoded column must not.
        """
        c = self.config
        frames = linear(latents, self.expand.weight[:, :, 0], self.expand.bias)
        frames = frames.unflatten(-1, (c.stride, c.n_mels)) * c.mel_scale + c.mel_mean
        return frames.clamp_min(c.mel_floor)

    def codes_to_embeddings(self, indices: Tensor, spatial_shape: tuple[int, int]) -> Tensor:
        """Code vectors of indices (B, H * W, L), -1 for nothing -> (B, D, H, W)."""
        h, w = spatial_shape
        embedded = self.quantizer.embed(indices)  # (B, H*W, D)
        return embedded.transpose(1, 2).reshape(indices.shape[0], -1, h, w)

    def decode(self, quantized: Tensor, target_shape: tuple[int, ...] | None = None) -> Tensor:
        """Spectrogram of code vectors.

        Args:
            quantized: (B, D, 1, W) float32.
            target_shape: (..., T): crop to T frames; None for all W * stride.

        Returns:
            (B, 1, n_mels, T) float32, never below the floor.
        """
        mel = self.decode_unclamped(quantized[:, :, 0])[:, None]  # (B, 1, n_mels, T)
        frames = mel.shape[-1] if target_shape is None else target_shape[-1]
        return mel[..., :frames].clamp_min(self.config.mel_floor)

    def decode_unclamped(self, quantized: Tensor) -> Tensor:
        """(B, D, W) -> (B, n_mels, W * stride), free to fall below the floor: a clamp would
        leave the loss no gradient there."""
        c = self.config
        x = self.columns(self.enter(quantized))  # (B, width, W)
        x = self.frames(_to_frames(self.unpatch(x), c.stride))  # (B, frame_width, T)
        x = self.leave(x) + _to_frames(self.expand(quantized), c.stride)  # (B, n_mels, T)
        return x * c.mel_scale + c.mel_mean

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Spectrograms (B, 1, n_mels, T) -> reconstruction of that shape, indices (B, W, L),
        commitment loss."""
        encoded = self.encode(x)
        z_q, indices, loss = self.quantize(encoded)
        return self.decode(z_q, encoded.mel_shape), indices, loss


def _silent_at_first(convolution: nn.Conv1d) -> nn.Conv1d:
    for parameter in convolution.parameters():
        nn.init.zeros_(parameter)
    return convolution


def _to_frames(x: Tensor, stride: int) -> Tensor:
    """(B, stride * C, W), frame-major channels -> (B, C, W * stride)."""
    b, channels, w = x.shape
    x = x.reshape(b, stride, channels // stride, w).permute(0, 2, 3, 1)  # (B, C, W, stride)
    return x.reshape(b, channels // stride, w * stride)
