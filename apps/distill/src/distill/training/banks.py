"""Random crops of the training sounds, varied in speed, colour, company and loudness.

A corpus of minutes is learnt by heart unless it is varied: without colouring and mixing, held-out
error stood still after a third of the training while that of the training sounds went on falling.
Speed (and with it pitch) is varied once, by resampling; the rest at every draw.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from distill.audio.spectrogram import AudioSpectrogram
from distill.audio.torchaudio_ops import resample
from distill.training.corpus import Corpus

_SPEEDS = ((8, 9), (9, 8), (5, 6), (6, 5), (3, 4), (4, 3))
_VARIED_SHARE = 0.6
_VARIED_UP_TO_S = 900.0
_GAP_FRAMES = 8
_QUIET_SHARE = 0.15  # of crops that are turned down by as much as 40 dB
_QUIET_BELS = -2.0  # log10 of amplitude
_GAIN_BELS = (-0.5, 0.15)
_COLOURED_SHARE = 0.7
_COLOUR_KNOTS = 6  # of a smooth curve over the bands
_COLOUR_BELS = 0.25  # 5 dB
_MIXED_SHARE = 0.25
_LN10 = math.log(10.0)


@dataclass(frozen=True)
class WaveBank:
    """Sounds as they are and sounds varied in speed, each kind as one long wave (samples,)."""

    plain: Tensor
    varied: Tensor

    @classmethod
    def of(cls, corpus: Corpus, spectrogram: AudioSpectrogram, at_least: int) -> "WaveBank":
        """All training clips with a short silence between them, `at_least` frames in all."""
        c = spectrogram.config
        clips = [clip.waveform for clip in corpus.train]
        plain = _join(clips, c.hop_length, at_least)
        if corpus.seconds(c.sample_rate) > _VARIED_UP_TO_S:
            return cls(plain, plain)
        faster = [resample(clip, a * 100, b * 100) for clip in clips for a, b in _SPEEDS]
        return cls(plain, _join(faster, c.hop_length, at_least))

    def draw(self, count: int, samples: int, generator: torch.Generator) -> Tensor:
        """Random crops with random gain: (count, samples)."""
        crops = []
        for _ in range(count):
            source = _choose(self.plain, self.varied, generator)
            start = _randint(source.shape[-1] - samples + 1, generator)
            gain = 10.0 ** draw_gain(generator)
            crops.append(source[start : start + samples] * gain)
        return torch.stack(crops)


@dataclass(frozen=True)
class MelBank:
    """As `WaveBank`, as log mel spectrograms (n_mels, T)."""

    plain: Tensor
    varied: Tensor
    floor: float

    @classmethod
    def of(cls, waves: WaveBank, spectrogram: AudioSpectrogram) -> "MelBank":
        """Spectrograms of a whole wave bank."""
        plain = spectrogram.waveform_to_mel(waves.plain[None, None])[0, 0]
        if waves.varied is waves.plain:
            return cls(plain, plain, spectrogram.floor_value)
        varied = spectrogram.waveform_to_mel(waves.varied[None, None])[0, 0]
        return cls(plain, varied, spectrogram.floor_value)

    def draw(self, count: int, frames: int, generator: torch.Generator) -> Tensor:
        """Random crops, coloured, sometimes mixed in pairs, of random loudness: (count, n_mels,
        frames)."""
        crops = []
        for _ in range(count):
            crop = self._coloured(frames, generator)
            if _chance(_MIXED_SHARE, generator):
                other = self._coloured(frames, generator) - float(
                    torch.rand((), generator=generator)
                )
                # Powers of unrelated sounds add up.
                crop = torch.logaddexp(2 * _LN10 * crop, 2 * _LN10 * other) / (2 * _LN10)
            # Loudness is a sum in log mels.
            crops.append(crop + draw_gain(generator))
        return torch.stack(crops).clamp_min(self.floor)

    def _coloured(self, frames: int, generator: torch.Generator) -> Tensor:
        source = _choose(self.plain, self.varied, generator)
        start = _randint(source.shape[-1] - frames + 1, generator)
        crop = source[:, start : start + frames]
        if not _chance(_COLOURED_SHARE, generator):
            return crop
        knots = _COLOUR_BELS * torch.randn(1, 1, _COLOUR_KNOTS, generator=generator)
        curve = interpolate(knots, crop.shape[0], mode="linear", align_corners=True)[0, 0]
        # Silence has no colour: what lies at the floor stays there.
        return torch.where(crop > self.floor + 0.01, crop + curve[:, None], crop)


def draw_gain(generator: torch.Generator) -> float:
    """log10 of an amplitude factor: mostly within 10 dB, sometimes far down."""
    kind, at = torch.rand(2, generator=generator).tolist()
    low, high = (_QUIET_BELS, 0.0) if kind < _QUIET_SHARE else _GAIN_BELS
    return low + (high - low) * at


def _join(waves: list[Tensor], hop: int, at_least: int) -> Tensor:
    # Whole hops, so that a clip keeps its own frames wherever it stands in the row.
    gapped = [pad(w, (_GAP_FRAMES * hop, _GAP_FRAMES * hop + -w.shape[-1] % hop)) for w in waves]
    row = torch.cat(gapped)
    return pad(row, (0, max(0, at_least * hop - row.shape[-1])))


def _choose(plain: Tensor, varied: Tensor, generator: torch.Generator) -> Tensor:
    return varied if _chance(_VARIED_SHARE, generator) else plain


def _chance(share: float, generator: torch.Generator) -> bool:
    return float(torch.rand((), generator=generator)) < share


def _randint(end: int, generator: torch.Generator) -> int:
    return int(torch.randint(end, (), generator=generator))
