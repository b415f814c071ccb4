"""Log mel spectrogram of a waveform and the way back.

Second step of the flow: audio/io -> **audio/spectrogram** -> models/vqvae. Values are log10 of
slaney mels of the STFT amplitude, never below log10(floor): equal steps are equal loudness
ratios, so quiet sounds count as much as loud ones.
"""

import math
from typing import Protocol

import torch
from torch import Tensor

from distill.audio.griffin_lim import griffin_lim
from distill.audio.stft import hann, num_frames, stft
from distill.audio.torchaudio_ops import mel_filterbank
from distill.config import SpectrogramConfig

_GRIFFIN_LIM_FRAMES = 64  # after which its phases hardly depend on each other


class Synthesizer(Protocol):
    """Turns a log mel spectrogram (B, n_mels, T) into sound (B, num_samples).

    reach: frames on each side that a sample depends on; synthesize_steady: the middle of the
    sound of a spectrogram that repeats itself for ever.
    """

    @property
    def reach(self) -> int: ...

    def synthesize(self, mel: Tensor, num_samples: int) -> Tensor: ...

    def synthesize_steady(self, period: Tensor, num_samples: int) -> Tensor: ...


class AudioSpectrogram:
    """Converter between sound and log mel spectrogram; holds no state but its filters.

    Args:
        config: window, hop and bands.
        synthesizer: a trained vocoder, or None for the pseudo-inverse with Griffin-Lim.
    """

    def __init__(
        self, config: SpectrogramConfig | None = None, synthesizer: Synthesizer | None = None
    ) -> None:
        self.config = config or SpectrogramConfig()
        self.synthesizer = synthesizer
        self.filters = mel_filterbank(
            self.config.sample_rate, self.config.n_fft, self.config.n_mels
        )  # (n_mels, F)
        self.inverse_filters = torch.linalg.pinv(self.filters)  # (F, n_mels)

    @property
    def floor_value(self) -> float:
        """log10 of the floor: the value of silence, and of padding."""
        return math.log10(self.config.floor)

    def num_frames(self, num_samples: int) -> int:
        """Frames that cover `num_samples` samples."""
        return num_frames(num_samples, self.config.hop_length)

    def waveform_to_mel(self, waveform: Tensor) -> Tensor:
        """Log mel spectrogram.

        Args:
            waveform: (B, 1, samples) float32 at the configured rate, full scale 1.0.

        Returns:
            (B, 1, n_mels, T) float32, T = ceil(samples / hop_length).
        """
        spectrum = stft(waveform[:, 0], self.config.n_fft, self.config.hop_length)
        return self.amplitude_to_mel(spectrum.abs())[:, None]  # (B, 1, n_mels, T)

    def span_to_mel(self, samples: Tensor) -> Tensor:
        """Log mel of a span cut out of a longer sound, for chunked work.

        Args:
            samples: (T * hop_length + n_fft - hop_length,): the span with its `edge_samples`
                on each side.

        Returns:
            (n_mels, T) float32, equal to the same frames of the whole.
        """
        c = self.config
        window = hann(c.n_fft)
        spectrum = torch.stft(
            samples, c.n_fft, c.hop_length, window=window, center=False, return_complex=True
        )
        return self.amplitude_to_mel(spectrum.abs()[None])[0]

    @property
    def edge_samples(self) -> int:
        """Samples outside its hop that a frame looks at, on each side."""
        return (self.config.n_fft - self.config.hop_length) // 2

    @property
    def synthesis_reach(self) -> int:
        """Frames on each side that a sample of the way back depends on."""
        return _GRIFFIN_LIM_FRAMES if self.synthesizer is None else self.synthesizer.reach

    def amplitude_to_mel(self, amplitude: Tensor) -> Tensor:
        """(B, F, T) STFT amplitude to (B, n_mels, T) log mel."""
        return (self.filters @ amplitude).clamp_min(self.config.floor).log10()

    def mel_to_amplitude(self, mel: Tensor) -> Tensor:
        """(B, n_mels, T) log mel to (B, F, T) STFT amplitude by the cached pseudo-inverse."""
        return (self.inverse_filters @ torch.pow(10.0, mel)).clamp_min(0.0)

    @torch.no_grad()
    def mel_to_waveform(self, mel: Tensor, num_samples: int | None = None) -> Tensor:
        """Sound from a log mel spectrogram, by the vocoder where there is one. Deterministic.

        Args:
            mel: (B, 1, n_mels, T) float32.
            num_samples: exact length wanted, at most T * hop_length (the default).

        Returns:
            (B, 1, num_samples) float32.
        """
        length = mel.shape[-1] * self.config.hop_length if num_samples is None else num_samples
        if self.synthesizer is not None:
            return self.synthesizer.synthesize(mel[:, 0], length)[:, None]
        amplitude = self.mel_to_amplitude(mel[:, 0])
        return griffin_lim(amplitude, self.config.hop_length, length)[:, None]

    @torch.no_grad()
    def steady_to_waveform(self, period: Tensor, num_samples: int) -> Tensor:
        """Sound of a log mel spectrogram that repeats for ever: nothing starts or stops within.

        Args:
            period: (B, 1, n_mels, S) float32, what is repeated.
            num_samples: length wanted.

        Returns:
            (B, 1, num_samples) float32.
        """
        if self.synthesizer is not None:
            return self.synthesizer.synthesize_steady(period[:, 0], num_samples)[:, None]
        size, hop = period.shape[-1], self.config.hop_length
        margin = -(-self.synthesis_reach // size)
        times = -(-self.num_frames(num_samples) // size) + 2 * margin
        start = margin * size * hop
        return self.mel_to_waveform(period.repeat(1, 1, 1, times))[..., start : start + num_samples]
