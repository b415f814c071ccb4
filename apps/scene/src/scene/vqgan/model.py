"""The VQGAN: encoder, quantiser, decoder and, if a palette is given, a palette head.

Without a palette the decoder writes RGB. With one, every pixel is a class over the palette's
colours: hard pixels by construction, no blur between neighbours.
"""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from scene.images import to_uint8
from scene.vqgan.autoencoder import WIDTHS, Decoder, Encoder
from scene.vqgan.blocks import linear
from scene.vqgan.quantizer import STATISTICS, Lookup, ResidualQuantizer, VectorQuantizer

DOWNSAMPLE_FACTOR = 16


class PaletteHead(nn.Module):
    """Class per pixel over C colours, from pixel features and the decoder's own RGB.

    The score of a colour is its closeness to the RGB value plus a learned term on the features,
    so that the head knows the palette's geometry from the first step instead of learning it.
    """

    def __init__(self, head_channels: int, palette: mx.array) -> None:
        super().__init__()
        self.palette = palette  # (C, 3) in [-1, 1]
        self.sharpness = mx.array(8.0)
        self.linear = linear(head_channels, palette.shape[0])
        self.freeze(keys=["palette"], recurse=False)

    def __call__(self, features: mx.array, rgb: mx.array) -> mx.array:
        """Logits: features (..., F) and rgb (..., 3) -> (..., C)."""
        closeness = 2 * (rgb @ self.palette.T) - mx.square(self.palette).sum(axis=-1)
        return self.linear(features) + self.sharpness * closeness


@dataclass(frozen=True)
class VQGANOutput:
    """What training needs of one forward pass. H, W are pixels; h, w latents.

    - `features` (B, H, W, F) and `rgb` (B, H, W, 3), not clipped;
    - `indices` int32 (B, h, w) or (B, h, w, L); `vq_loss` the weighted commitment loss, scalar.
    """

    features: mx.array
    rgb: mx.array
    indices: mx.array
    vq_loss: mx.array


class VQGAN(nn.Module):
    """`model(x) -> (x_recon, indices, vq_loss)` for x (B, H, W, in_channels) in [-1, 1].

    `num_levels=1` is plain VQ (indices (B, h, w)); more is residual VQ (indices (B, h, w, L)).
    `palette` is float32 (C, 3) in [-1, 1] or None.
    """

    def __init__(
        self,
        in_channels: int = 3,
        hidden_channels: int = 128,
        codebook_size: int = 512,
        codebook_dim: int = 256,
        num_res_blocks: int = 2,
        *,
        num_levels: int = 1,
        channel_multipliers: tuple[int, int, int] = WIDTHS,
        head_channels: int = 24,
        commitment_cost: float = 0.25,
        ema_decay: float = 0.98,
        restart_below: float = 0.05,
        lookup: Lookup = "euclidean",
        palette: mx.array | None = None,
    ) -> None:
        super().__init__()
        widths = channel_multipliers
        self.num_levels = num_levels
        self.encoder = Encoder(in_channels, hidden_channels, codebook_dim, num_res_blocks, widths)
        if num_levels == 1:
            self.quantizer = VectorQuantizer(
                codebook_size,
                codebook_dim,
                commitment_cost,
                decay=ema_decay,
                restart_below=restart_below,
                lookup=lookup,
            )
        else:
            self.quantizer = ResidualQuantizer(
                num_levels,
                codebook_size,
                codebook_dim,
                commitment_cost,
                decay=ema_decay,
                restart_below=restart_below,
            )
        self.decoder = Decoder(
            in_channels, hidden_channels, codebook_dim, num_res_blocks, widths, head_channels
        )
        self.palette_head = None if palette is None else PaletteHead(head_channels, palette)

    def unfreeze(
        self, *, recurse: bool = True, keys: list[str] | str | None = None, strict: bool = False
    ) -> nn.Module:
        """Unfreeze all but codebook statistics and palette, which no gradient may move."""
        super().unfreeze(recurse=recurse, keys=keys, strict=strict)
        for _, module in self.named_modules():
            if isinstance(module, VectorQuantizer):
                module.freeze(keys=STATISTICS, recurse=False)
            if isinstance(module, PaletteHead):
                module.freeze(keys=["palette"], recurse=False)
        return self

    @property
    def codebook_size(self) -> int:
        """Codes per level."""
        return self.quantizer.codebook_size

    @property
    def codebook_sizes(self) -> tuple[int, ...]:
        """Codes of each level."""
        return (self.codebook_size,) * self.num_levels

    @property
    def colours(self) -> np.ndarray | None:
        """The palette, uint8 (C, 3), if there is one."""
        return (
            None if self.palette_head is None else to_uint8(np.asarray(self.palette_head.palette))
        )

    def codebooks(self) -> list[mx.array]:
        """One (K, D) array per level."""
        return self.quantizer.codebooks()

    def encode(self, x: mx.array) -> mx.array:
        """Picture (B, H, W, 3) in [-1, 1] -> codes int32 (B, h, w) or (B, h, w, L)."""
        return self.quantizer.encode(self.encoder(x))

    def decode(self, indices: mx.array) -> mx.array:
        """Codes -> picture (B, H, W, 3) in [-1, 1]; exact palette colours if there is a palette."""
        return self._picture(self.decoder.features(self.quantizer.decode(indices)))

    def run(self, x: mx.array, quantize: bool = True) -> VQGANOutput:
        """Forward pass with everything that the losses start from.

        Without `quantize` the latents pass as they are: a plain autoencoder, indices empty.
        """
        z = self.encoder(x)
        if not quantize:
            features = self.decoder.features(z)
            empty = mx.zeros((0, self.num_levels), dtype=mx.int32)
            return VQGANOutput(features, self.decoder.head(features), empty, mx.zeros(()))
        quantized = self.quantizer(z)
        features = self.decoder.features(quantized.z_q)
        return VQGANOutput(features, self.decoder.head(features), quantized.indices, quantized.loss)

    def __call__(self, x: mx.array) -> tuple[mx.array, mx.array, mx.array]:
        out = self.run(x)
        recon = out.rgb if self.training else self._picture(out.features)
        return recon, out.indices, out.vq_loss

    def _picture(self, features: mx.array) -> mx.array:
        rgb = self.decoder.head(features)
        if self.palette_head is None:
            return mx.clip(rgb, -1.0, 1.0)
        logits = self.palette_head(features, rgb)  # (B, H, W, C)
        return self.palette_head.palette[mx.argmax(logits, axis=-1)]
