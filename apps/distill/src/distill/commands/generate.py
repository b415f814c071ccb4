"""`distill generate`: new sound from the prior."""

import argparse
import math

import numpy as np
import torch

from distill.audio.io import save_audio
from distill.commands.checks import check_output, open_model
from distill.errors import CodesError, UsageError
from distill.inference.generate import generate_audio
from distill.models.prior_sampling import SamplingSettings

_MAX_SECONDS = 600.0
_PEAK_DB = -1.0  # as loud as a written sound may get: players and converters overshoot


def run(args: argparse.Namespace) -> int:
    """Write a sound file of new sound."""
    torch.set_num_threads(1)
    if not (math.isfinite(args.seconds) and 0 < args.seconds <= _MAX_SECONDS):
        raise UsageError(f"--seconds must be above 0 and at most {_MAX_SECONDS:.0f}")
    settings = _settings(args)
    check_output(args.out)
    loaded = open_model(args.model)
    sound = generate_audio(loaded, args.seconds, args.seed, settings)
    gain = headroom_gain(sound)
    rate = loaded.spectrogram.config.sample_rate
    save_audio(args.out, sound * gain, rate)
    turned = f", turned down by {-20 * math.log10(gain):.1f} dB" if gain < 1.0 else ""
    print(f"{args.out}: {len(sound) / rate:.2f} s, seed {args.seed}{turned}")
    return 0


def _settings(args: argparse.Namespace) -> SamplingSettings:
    try:
        return SamplingSettings(tuple(args.temperature), tuple(args.top_k), tuple(args.top_p))
    except CodesError as error:
        raise UsageError(str(error)) from None


def headroom_gain(sound: np.ndarray) -> float:
    """What to multiply `sound` (samples,) by so that its peak stays below -1 dBFS; 1.0 where it
    does anyway."""
    peak = float(np.abs(sound).max(initial=0.0))
    return min(1.0, 10.0 ** (_PEAK_DB / 20) / max(peak, 1e-9))
