"""Second stage: the vocoder, on true and on coded spectrograms of the same sounds."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from distill.audio.spectrogram import AudioSpectrogram
from distill.audio.stft import hann
from distill.audio.torchaudio_ops import mel_filterbank
from distill.config import VocoderConfig
from distill.evaluation.metrics import log_spectral_distance, mel_distance
from distill.models.quantizer import NULL_CODE
from distill.models.vocoder import Vocoder
from distill.models.vqvae import ConvVQVAE
from distill.training.banks import WaveBank
from distill.training.distributed import Processes
from distill.training.optimizer import cosine_optimizer, optimizer_step

_BATCH = 8
_CROP_HOPS = 96  # about half a second
_CONTEXT_HOPS = 8  # on each side, so that the autoencoder sees no false edges
_CODED_SHARE = 0.75
_THINNED_SHARE = 0.5  # of the coded crops
_WINDOWS = ((256, 20), (512, 40), (1024, 80), (2048, 128))  # n_fft, mel bands
_FLOOR = 1e-5
_ENVELOPE_SAMPLES = 240  # 5 ms
_ENVELOPE_WEIGHT = 2.0
_LOUDNESS_WEIGHT = 2.0


class VocoderStage:
    """Trains a `Vocoder`: multi-resolution STFT and mel losses, no adversary.

    Three crops in four go through the frozen autoencoder first, so that the vocoder learns to
    mend what coding does to a spectrogram; the rest keep it true to real spectrograms. Half of
    the coded ones lack some of the finest levels: coding is coarser for new sounds than for those
    it learnt from, and rows are heard level by level.
    """

    name = "vocoder"
    batch = _BATCH
    crop_hops = _CROP_HOPS + 2 * _CONTEXT_HOPS

    def __init__(
        self,
        config: VocoderConfig,
        spectrogram: AudioSpectrogram,
        autoencoder: ConvVQVAE,
        bank: WaveBank,
        held_out: tuple[Tensor, ...],
        generator: torch.Generator,
        peers: Processes,
    ) -> None:
        self.module = Vocoder(spectrogram, config)
        self.optimizer = cosine_optimizer(self.module)
        rate = spectrogram.config.sample_rate
        self._objective = peers.replicate(_Objective(self.module, rate))
        self._peers = peers
        self._spectrogram = spectrogram
        self._autoencoder, self._bank, self.generator = autoencoder, bank, generator
        self._held_out = held_out
        self._by_griffin_lim: dict[str, float] | None = None  # never changes: codes are settled

    def start(self) -> None:
        """Nothing to prepare: the pseudo-inverse is the start."""

    def step(self, progress: float) -> Mapping[str, float]:
        """One optimiser step at `progress` in [0, 1] of the stage."""
        hop = self._spectrogram.config.hop_length
        waves = self._bank.draw(_BATCH, self.crop_hops * hop, self.generator)
        waves = waves[self._peers.share(_BATCH)]
        mel = self._mels(waves)  # (B, n_mels, hops)
        inner = slice(_CONTEXT_HOPS * hop, (_CONTEXT_HOPS + _CROP_HOPS) * hop)
        loss = self._objective(mel, waves, inner)
        norm = optimizer_step(self.optimizer, self.module, loss, progress)
        return {"loss": loss.item(), "gradient_norm": norm}

    @torch.no_grad()
    def _mels(self, waves: Tensor) -> Tensor:
        mel = self._spectrogram.waveform_to_mel(waves[:, None])  # (B, 1, n_mels, T)
        coded, kept = self._treatment()
        if not coded:
            return mel[:, 0]
        encoded = self._autoencoder.encode(mel[:coded])
        _, indices, _ = self._autoencoder.quantize(encoded)  # (coded, W, L)
        thinned, level = kept.shape[0], torch.arange(indices.shape[-1])
        indices[:thinned] = torch.where(level < kept, indices[:thinned], NULL_CODE)
        z_q = self._autoencoder.codes_to_embeddings(indices, encoded.spatial_shape)
        decoded = self._autoencoder.decode(z_q, mel.shape)
        return torch.cat([decoded, mel[coded:]])[:, 0]

    def _treatment(self) -> tuple[int, Tensor]:
        """How many crops of this process's share are coded, and how many levels the first of
        them keep (thinned, 1, 1)."""
        mine, coded = self._peers.share(_BATCH), int(_BATCH * _CODED_SHARE)
        thinned, levels = int(coded * _THINNED_SHARE), self._autoencoder.num_quantizers
        kept = torch.randint(levels // 2, levels, (thinned, 1, 1), generator=self.generator)
        return max(0, min(coded, mine.stop) - mine.start), kept[mine]

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        """Held-out coded sounds by the vocoder and by Griffin-Lim, medians of both distances."""
        if self._by_griffin_lim is None:
            plain = AudioSpectrogram(self._spectrogram.config)
            self._by_griffin_lim = self._judge("griffin_lim", plain)
        ours = AudioSpectrogram(self._spectrogram.config, synthesizer=self.module)
        return self._judge("vocoder", ours) | self._by_griffin_lim

    def _judge(self, name: str, spectrogram: AudioSpectrogram) -> dict[str, float]:
        rows = []
        for wave in self._held_out:
            mel = spectrogram.waveform_to_mel(wave[None, None])
            z_q, _, _ = self._autoencoder.quantize(self._autoencoder.encode(mel))
            coded = self._autoencoder.decode(z_q, mel.shape)
            sound = spectrogram.mel_to_waveform(coded, wave.shape[0])[0, 0]
            rows.append((mel_distance(wave, sound), log_spectral_distance(wave, sound)))
        mel, lsd = torch.tensor(rows).median(0).values.tolist()
        return {f"{name}_mel": mel, f"{name}_lsd": lsd}


class _Objective(nn.Module):
    """What is minimised, as one call: what DistributedDataParallel can wrap."""

    def __init__(self, vocoder: Vocoder, sample_rate: int) -> None:
        super().__init__()
        self.vocoder, self.sample_rate = vocoder, sample_rate

    def forward(self, mel: Tensor, waves: Tensor, inner: slice) -> Tensor:
        """Loss of mel (B, n_mels, hops) against waves (B, samples), judged on `inner` alone."""
        decoded, target = self.vocoder(mel, waves.shape[-1])[:, inner], waves[:, inner]
        loss = spectral_loss(decoded, target, self.sample_rate)
        return loss + loudness_loss(decoded, target)


def vocoder_wins(figures: Mapping[str, float]) -> bool:
    """The gate: better than Griffin-Lim on held-out coded sounds, both distances weighed
    equally."""
    ratios = [figures[f"vocoder_{m}"] / figures[f"griffin_lim_{m}"] for m in ("mel", "lsd")]
    return sum(ratios) < len(ratios)


def spectral_loss(decoded: Tensor, target: Tensor, sample_rate: int) -> Tensor:
    """Spectral convergence, log STFT and log mel distances over several windows.

    After Yamamoto, Song and Kim 2020, "Parallel WaveGAN", equations 4 to 6.

    Args:
        decoded, target: (B, samples).
        sample_rate: Hz.
    """
    loss = decoded.new_zeros(())
    for n_fft, bands in _WINDOWS:
        ours, theirs = _magnitude(decoded, n_fft), _magnitude(target, n_fft)
        # Per crop, or the loud ones of a batch would drown the quiet.
        gap = (theirs - ours).square().sum((1, 2)).clamp_min(1e-12).sqrt()
        size = theirs.square().sum((1, 2)).clamp_min(1e-6).sqrt()
        filters = mel_filterbank(sample_rate, n_fft, bands)
        loss = loss + 0.5 * (gap / size).clamp_max(10.0).mean()
        loss = loss + _log_distance(ours, theirs)
        loss = loss + 2.0 * _log_distance(filters @ ours, filters @ theirs)
    return loss


def loudness_loss(decoded: Tensor, target: Tensor) -> Tensor:
    """How far loudness is off, over 5 ms and over the whole crop.

    The distances of logarithms alone are least for the median of what a code may stand for, and
    that is quieter than its mean energy by 3 dB.

    Args:
        decoded, target: (B, samples).
    """
    ours, theirs = (
        x.unflatten(1, (-1, _ENVELOPE_SAMPLES)).square().mean(2).clamp_min(1e-12)
        for x in (
            decoded[:, : decoded.shape[1] // _ENVELOPE_SAMPLES * _ENVELOPE_SAMPLES],
            target[:, : target.shape[1] // _ENVELOPE_SAMPLES * _ENVELOPE_SAMPLES],
        )
    )  # (B, blocks), of power
    gap = (ours.sqrt() - theirs.sqrt()).abs().sum(1) / theirs.sqrt().sum(1).clamp_min(1e-2)
    whole = (ours.mean(1).clamp_min(1e-10).log10() - theirs.mean(1).clamp_min(1e-10).log10()) / 2
    return _ENVELOPE_WEIGHT * gap.clamp_max(10.0).mean() + _LOUDNESS_WEIGHT * whole.abs().mean()


def _log_distance(ours: Tensor, theirs: Tensor) -> Tensor:
    return (ours.clamp_min(_FLOOR).log10() - theirs.clamp_min(_FLOOR).log10()).abs().mean()


def _magnitude(x: Tensor, n_fft: int) -> Tensor:
    padded = pad(x, (n_fft // 2, n_fft // 2))
    spectrum = torch.stft(
        padded, n_fft, n_fft // 4, window=hann(n_fft), center=False, return_complex=True
    )
    # The root of a plain |z| has no gradient at 0.
    return torch.view_as_real(spectrum).square().sum(-1).clamp_min(1e-14).sqrt()
