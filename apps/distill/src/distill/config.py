"""Configuration of every part: frozen, typed, and strict about unknown keys.

The resolved configuration travels inside each `.distill` file, so that a model is decoded with
the very numbers it was trained with.
"""

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
_Count = Annotated[int, Field(ge=1, le=4096)]
_Depth = Annotated[int, Field(ge=1, le=32)]


@dataclass(frozen=True, config=_STRICT)
class SpectrogramConfig:
    """Log mel spectrogram: log10 of slaney mels of STFT amplitude, in hops of `hop_length`.

    Against a 2048/512 window of the same bands, 1024/256 keeps transients sharper and the
    inverse closer (docs/distill.md has the figures).
    """

    sample_rate: Annotated[int, Field(ge=8000, le=192_000)] = 48_000
    n_fft: Annotated[int, Field(ge=64, le=8192)] = 1024
    hop_length: Annotated[int, Field(ge=16, le=4096)] = 256
    n_mels: Annotated[int, Field(ge=8, le=512)] = 128
    floor: Annotated[float, Field(gt=0, lt=1)] = 1e-5

    @model_validator(mode="after")
    def _overlap(self) -> "SpectrogramConfig":
        if self.n_fft % self.hop_length or self.n_fft < 2 * self.hop_length:
            raise ValueError("n_fft must be a multiple of hop_length, at least twice it")
        return self


@dataclass(frozen=True, config=_STRICT)
class VQVAEConfig:
    """Shape of the autoencoder and of its residual quantiser.

    One column of codes is `stride` spectrogram frames: 4 x 256 samples = 21.3 ms at 48 kHz.
    """

    n_mels: Annotated[int, Field(ge=8, le=512)] = 128
    num_quantizers: Annotated[int, Field(ge=1, le=8)] = 4
    codebook_size: Annotated[int, Field(ge=2, le=4096)] = 256
    codebook_dim: Annotated[int, Field(ge=2, le=512)] = 64
    stride: Annotated[int, Field(ge=1, le=64)] = 4
    context: Annotated[int, Field(ge=0, le=64)] = 2
    width: _Count = 192
    frame_width: _Count = 96
    encoder_blocks: _Depth = 3
    column_blocks: _Depth = 3
    frame_blocks: _Depth = 2
    mel_floor: Annotated[float, Field(ge=-20, le=0)] = -5.0
    mel_mean: float = -2.5
    mel_scale: Annotated[float, Field(gt=0)] = 1.5


@dataclass(frozen=True, config=_STRICT)
class VocoderConfig:
    """Shape of the network that gives the mel spectrogram its phase.

    `refinements`, rounds of Griffin-Lim behind it, is 0 in models older than they, whose headers
    do not know the word.
    """

    width: _Count = 224
    blocks: _Depth = 5
    max_log_gain: Annotated[float, Field(gt=0, le=8)] = 4.0
    refinements: Annotated[int, Field(ge=0, le=16, exclude_if=lambda n: n == 0)] = 0


@dataclass(frozen=True, config=_STRICT)
class PriorConfig:
    """Shape of the model that writes codes."""

    width: _Count = 160
    heads: _Count = 4
    layers: _Depth = 3
    window: _Count = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2

    @model_validator(mode="after")
    def _whole_heads(self) -> "PriorConfig":
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError("width must be an even number of channels per head")
        return self
