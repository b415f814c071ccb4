"""Vocoder: gives a log mel spectrogram its phase and mends its magnitudes.

An inverse-STFT head (Siuzdak 2023, "Vocos") on top of the pseudo-inverse of the mel filters:
the network predicts a phase and a bounded log gain for each bin, so it starts from magnitudes
that are nearly right and needs minutes, not days, of training. Two rounds of Griffin-Lim then make
the phases of neighbouring frames agree; training goes through them.
"""

import math

import torch
from torch import Tensor, nn

from distill.audio.spectrogram import AudioSpectrogram
from distill.audio.stft import istft, num_frames, stft
from distill.config import SpectrogramConfig, VocoderConfig
from distill.models.blocks import ConvNeXtBlock

_KERNEL = 7
_MEL_MEAN, _MEL_SCALE = -2.5, 1.5
_MIN_AMPLITUDE = 1e-5
_CANCELLED = 0.01  # of a bin's power: a phase that less than this is left of is not trusted


class Vocoder(nn.Module):
    """Sound from log mel spectrograms, over ten times faster than Griffin-Lim.

    Args:
        spectrogram: what made the mel spectrograms.
        config: size of the network.
    """

    def __init__(self, spectrogram: AudioSpectrogram, config: VocoderConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or VocoderConfig()
        self._analysis = spectrogram
        s = spectrogram.config
        self.enter = nn.Conv1d(s.n_mels, c.width, _KERNEL, padding=_KERNEL // 2)
        self.blocks = nn.Sequential(*(ConvNeXtBlock(c.width, _KERNEL) for _ in range(c.blocks)))
        self.norm = nn.LayerNorm(c.width)
        self.head = nn.Linear(c.width, s.n_fft + 2)  # log gain and phase of each bin
        nn.init.normal_(self.head.weight, std=0.01)
        gain_bias, phase_bias = self.head.bias.detach().chunk(2)
        nn.init.zeros_(gain_bias)
        # With equal phases all bins would meet in one pulse a window.
        nn.init.uniform_(phase_bias, -math.pi, math.pi)

    @property
    def reach(self) -> int:
        """Frames on each side that a sample depends on."""
        return self._network_reach + self._overlap_reach

    @property
    def _network_reach(self) -> int:
        return _KERNEL // 2 * (1 + self.config.blocks)

    @property
    def _overlap_reach(self) -> int:
        s = self._analysis.config
        return s.n_fft // s.hop_length * (1 + self.config.refinements)

    def spectrum(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n_mels, T) log mel -> magnitude and phase (B, F, T).

        The phase of a bin turns with its own frequency and the network predicts what departs
        from that. A network that sees the same at each step answers the same: without the turning
        a steady tone of any pitch would come back as harmonics of the hop rate (187.5 Hz).
        """
        magnitude, departure = self._answer(mel)
        return magnitude, departure + _turning(self._analysis.config, mel.shape[-1])

    def forward(self, mel: Tensor, num_samples: int) -> Tensor:
        """(B, n_mels, T) log mel -> (B, num_samples) sound, num_samples at most T hops."""
        return self._sound(*self.spectrum(mel), num_samples)

    @torch.no_grad()
    def synthesize(self, mel: Tensor, num_samples: int) -> Tensor:
        """As `forward`, without gradient: what `AudioSpectrogram` calls."""
        return self(mel, num_samples)

    @torch.no_grad()
    def synthesize_steady(self, period: Tensor, num_samples: int) -> Tensor:
        """The middle of `synthesize` of (B, n_mels, S) log mel that repeats for ever: (B,
        num_samples). The network answers each repetition alike, so it is asked about one."""
        s, size = self._analysis.config, period.shape[-1]
        around = -(-self._network_reach // size)
        answers = self._answer(period.repeat(1, 1, 2 * around + 1))
        margin = -(-self._overlap_reach // size)
        times = -(-num_frames(num_samples, s.hop_length) // size) + 2 * margin
        magnitude, departure = (
            x[..., around * size : (around + 1) * size].repeat(1, 1, times) for x in answers
        )  # (B, F, times * S)
        phase = departure + _turning(s, times * size)
        start = margin * size * s.hop_length
        return self._sound(magnitude, phase, start + num_samples)[:, start:]

    def _answer(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Magnitude, and how far the phase departs from the turning, both (B, F, T)."""
        x = self.blocks(self.enter((mel - _MEL_MEAN) / _MEL_SCALE))
        gain, departure = self.head(self.norm(x.transpose(1, 2))).transpose(1, 2).chunk(2, dim=1)
        limit = self.config.max_log_gain
        base = self._analysis.mel_to_amplitude(mel).clamp_min(_MIN_AMPLITUDE)
        return base * gain.clamp(-limit, limit).exp(), departure

    def _sound(self, magnitude: Tensor, phase: Tensor, num_samples: int) -> Tensor:
        s = self._analysis.config
        spectrum = torch.polar(magnitude, phase)
        for _ in range(self.config.refinements):
            spectrum = _refined(spectrum, magnitude, s)
        return istft(spectrum, s.n_fft, s.hop_length, num_samples)


def _refined(spectrum: Tensor, magnitude: Tensor, config: SpectrogramConfig) -> Tensor:
    """A round of Griffin-Lim (1984, section III): the phases that overlapping frames agree on.

    Bins whose frames cancel each other come out weaker than `magnitude` (B, F, T), which also
    bounds the gradient.
    """
    samples = spectrum.shape[-1] * config.hop_length
    sound = istft(spectrum, config.n_fft, config.hop_length, samples)
    agreed = stft(sound, config.n_fft, config.hop_length)
    power = torch.view_as_real(agreed).square().sum(-1) + _CANCELLED * magnitude.square()
    return agreed * (magnitude * (power + _MIN_AMPLITUDE**2).rsqrt())


def _turning(config: SpectrogramConfig, frames: int) -> Tensor:
    """Phase (F, T) of each bin's centre frequency at each frame."""
    bins, steps = torch.arange(config.n_fft // 2 + 1), torch.arange(frames)
    # Whole numbers modulo one turn: late frames are as exact as early ones.
    turned = bins[:, None] * (steps * config.hop_length % config.n_fft) % config.n_fft
    return turned * (2 * math.pi / config.n_fft)
