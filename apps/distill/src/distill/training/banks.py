"""Random crops of the training sounds, varied in speed, colour, company and loudness.

A corpus of minutes is learnt by heart unless it is varied: without colouring and mixing, held-out
error stood still after a third of the training while that of the training sounds went on falling.
Speed (and with it pitch) is varied once, by resampling; the rest at every draw.

Sounds are drawn by the square root of their length. By length alone a few long ones would be
most of what is learnt, and codes of theirs say little of the many others.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from distill.audio.spectrogram import AudioSpectrogram
from distill.audio.torchaudio_ops import resample
from distill.training.corpus import Corpus

_SPEEDS = ((1, 2), (2, 3), (3, 4), (8, 9), (9, 8), (4, 3), (3, 2))
_VARIED_SHARE = 0.6
_VARIED_UP_TO_S = 600.0
_GAP_FRAMES = 8
_QUIET_SHARE = 0.15  # of crops that are turned down by as much as 40 dB
_QUIET_BELS = -2.0  # log10 of amplitude
_GAIN_BELS = (-0.5, 0.15)
_COLOURED_SHARE = 0.7
_COLOUR_KNOTS = 6  # of a smooth curve over the bands
_COLOUR_BELS = 0.25  # 5 dB
_WAVE_COLOUR_HZ = (0.0, 200.0, 600.0, 1500.0, 4000.0, 10_000.0, 24_000.0)
_MIXED_SHARE = 0.25
_LN10 = math.log(10.0)


@dataclass(frozen=True)
class Row:
    """Sounds one after the other: values (..., n), and where each begins and ends, (sounds, 2)."""

    values: Tensor
    spans: Tensor

    def crop(self, length: int, generator: torch.Generator) -> Tensor:
        """(..., length) of the values around a moment of one of the sounds."""
        sizes = self.spans[:, 1] - self.spans[:, 0]
        sound = int(torch.multinomial(sizes.sqrt(), 1, generator=generator))
        middle = int(self.spans[sound, 0]) + _randint(int(sizes[sound]), generator)
        start = min(max(0, middle - length // 2), self.values.shape[-1] - length)
        return self.values[..., start : start + length]


@dataclass(frozen=True)
class WaveBank:
    """Sounds as they are and sounds varied in speed, each kind as a row of waves (samples,)."""

    plain: Row
    varied: Row

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
        """Random crops, coloured, sometimes mixed in pairs, of random loudness: (count, n)."""
        crops = []
        for _ in range(count):
            crop = self._coloured(samples, generator)
            if _chance(_MIXED_SHARE, generator):
                quieter = 10.0 ** -float(torch.rand((), generator=generator))
                crop = crop + quieter * self._coloured(samples, generator)
            crops.append(crop * 10.0 ** draw_gain(generator))
        return torch.stack(crops)

    def _coloured(self, samples: int, generator: torch.Generator) -> Tensor:
        crop = _choose(self.plain, self.varied, generator).crop(samples, generator)
        if not _chance(_COLOURED_SHARE, generator):
            return crop
        spectrum = torch.fft.rfft(crop)
        at = torch.linspace(0.0, _WAVE_COLOUR_HZ[-1], spectrum.shape[-1])
        bels = _COLOUR_BELS * torch.randn(len(_WAVE_COLOUR_HZ), generator=generator)
        return torch.fft.irfft(spectrum * 10.0 ** _between(at, bels), n=samples)


@dataclass(frozen=True)
class MelBank:
    """As `WaveBank`, as log mel spectrograms (n_mels, T)."""

    plain: Row
    varied: Row
    floor: float

    @classmethod
    def of(cls, waves: WaveBank, spectrogram: AudioSpectrogram) -> "MelBank":
        """Spectrograms of a whole wave bank."""
        plain = _spectrograms(waves.plain, spectrogram)
        same = waves.varied is waves.plain
        varied = plain if same else _spectrograms(waves.varied, spectrogram)
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
        crop = _choose(self.plain, self.varied, generator).crop(frames, generator)
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


def _between(at: Tensor, bels: Tensor) -> Tensor:
    """The curve through `bels` at `_WAVE_COLOUR_HZ`, by straight lines, at the frequencies `at`."""
    knots = torch.tensor(_WAVE_COLOUR_HZ)
    right = torch.searchsorted(knots, at).clamp(1, len(knots) - 1)
    share = (at - knots[right - 1]) / (knots[right] - knots[right - 1])
    return torch.lerp(bels[right - 1], bels[right], share)


def _join(waves: list[Tensor], hop: int, at_least: int) -> Row:
    # Clips begin anywhere in a frame: new sounds will, too. Steps by the golden ratio spread them.
    edges = [_GAP_FRAMES * hop + int(i * 0.618034 * hop) % hop for i in range(len(waves))]
    gapped = [pad(w, (e, _GAP_FRAMES * hop)) for w, e in zip(waves, edges, strict=True)]
    row = torch.cat(gapped)
    ends = torch.tensor([len(g) for g in gapped]).cumsum(0) - _GAP_FRAMES * hop
    begins = ends - torch.tensor([len(w) for w in waves])
    return Row(pad(row, (0, max(0, at_least * hop - len(row)))), torch.stack([begins, ends], 1))


def _spectrograms(row: Row, spectrogram: AudioSpectrogram) -> Row:
    hop = spectrogram.config.hop_length
    frames = torch.stack([row.spans[:, 0] // hop, -(-row.spans[:, 1] // hop)], 1)
    return Row(spectrogram.waveform_to_mel(row.values[None, None])[0, 0], frames)


def _choose(plain: Row, varied: Row, generator: torch.Generator) -> Row:
    return varied if _chance(_VARIED_SHARE, generator) else plain


def _chance(share: float, generator: torch.Generator) -> bool:
    return float(torch.rand((), generator=generator)) < share


def _randint(end: int, generator: torch.Generator) -> int:
    return int(torch.randint(end, (), generator=generator))
