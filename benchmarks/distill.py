"""How fast distill is, against the slow way to do the same thing, in one run on one thread.

    uv run python benchmarks/distill.py [--seconds 10] [--model MODEL.distill]

Encode and decode of a synthetic sound (real-time factor: seconds of work per second of sound),
Griffin-Lim against the vocoder, a row by one masked decode against one decode per position, and
the previews of all codebooks.
"""

import sys
import time
from collections.abc import Callable

# This file has the package's name: `import distill` must find the app.
sys.path.append(sys.path.pop(0))

import numpy as np
import report
import torch

from distill.audio.spectrogram import AudioSpectrogram
from distill.inference import decode_code_grid, play_row_audio, preview_codebook
from distill.inference.codes import encode_waves
from distill.models.persistence import LoadedVQModel, load_model
from distill.shipped import SHIPPED_MODEL

RATE = 48_000
PROBED_POSITIONS = 4


def sound(seconds: float) -> torch.Tensor:
    """Plucked notes and soft noise, (samples,)."""
    t = np.arange(round(seconds * RATE)) / RATE
    beat = t % 0.5
    notes = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6)) * np.exp(-6 * beat)
    hiss = np.random.default_rng(0).standard_normal(len(t)) * 0.01
    return torch.from_numpy((0.2 * notes + hiss).astype(np.float32))


def best_of(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of some runs, after one to warm up."""
    run()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return min(taken)


def slow_row(loaded: LoadedVQModel, encoded: dict, positions: int) -> None:
    """A row the way a first draft would do it: one decode of the whole clip per position."""
    columns = encoded["spatial_shape"][1]
    for position in range(positions):
        alone = torch.full_like(encoded["indices"], -1)
        alone[0, position % columns, 0] = encoded["indices"][0, position % columns, 0]
        decode_code_grid(alone, encoded["spatial_shape"], encoded["mel_shape"], loaded)


def main() -> None:
    """Measure and print."""
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--model", default=str(SHIPPED_MODEL))
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load_model(args.model)
    wave = sound(args.seconds)
    encoded = encode_waves(iter([wave]), loaded)
    shapes = (encoded["spatial_shape"], encoded["mel_shape"])
    columns = encoded["spatial_shape"][1]
    mel = loaded.spectrogram.waveform_to_mel(wave[None, None])
    plain = AudioSpectrogram(loaded.spectrogram.config)

    encode = best_of(lambda: encode_waves(iter([wave]), loaded))
    decode = best_of(lambda: decode_code_grid(encoded["indices"], *shapes, loaded))
    griffin_lim = best_of(lambda: plain.mel_to_waveform(mel, len(wave)), times=1)
    synthesis = best_of(lambda: loaded.spectrogram.mel_to_waveform(mel, len(wave)))
    row = best_of(lambda: play_row_audio(0, encoded["indices"], loaded, *shapes))
    probe = best_of(lambda: slow_row(loaded, encoded, PROBED_POSITIONS), times=1)
    per_position = probe / PROBED_POSITIONS * columns
    levels = range(loaded.model.num_quantizers)
    book = best_of(lambda: [preview_codebook(level, loaded) for level in levels], times=1)
    codes = loaded.model.num_quantizers * loaded.model.codebook_size

    about = report.machine(("torch", "torchaudio"))
    about += f" One thread, {args.seconds:g} s of sound, {columns} columns."
    print(about)
    row_of = "a row preview: one masked decode against one per position"
    rows = (
        ("encode", encode, None),
        (f"decode with the {loaded.metadata.synthesis}", decode, None),
        ("synthesis alone, against 32 rounds of Griffin-Lim", synthesis, griffin_lim),
        (f"{row_of} ({PROBED_POSITIONS} of {columns} measured)", row, per_position),
        (f"previews of all {codes:,} codes", book, None),
    )
    lines = report.table(
        ("what", "seconds", "of real time", "baseline, s", "times as fast"),
        (
            (
                name,
                f"{seconds:.3g}",
                f"{seconds / args.seconds:.4f}" if seconds is not book else None,
                f"{slow:.3g}" if slow else None,
                f"{slow / seconds:.3g}" if slow else None,
            )
            for name, seconds, slow in rows
        ),
    )
    if args.publish:
        report.publish("distill", about, lines)


if __name__ == "__main__":
    main()
