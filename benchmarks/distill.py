"""How fast distill is, against the slow way to do the same thing, in one run on one thread.

    uv run python benchmarks/distill.py [--seconds 10] [--model MODEL.distill]

Encode and decode of a synthetic sound (real-time factor: seconds of work per second of sound),
Griffin-Lim against the vocoder, a row by one masked decode against one decode per position, and
the previews of all codebooks.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

# This file has the package's name, and its folder comes first in the search.
sys.path[:] = [p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent]

import numpy as np  # noqa: E402
import torch  # noqa: E402

from distill.audio.spectrogram import AudioSpectrogram  # noqa: E402
from distill.inference import decode_code_grid, play_row_audio, preview_codebook  # noqa: E402
from distill.inference.codes import encode_waves  # noqa: E402
from distill.models.persistence import LoadedVQModel, load_model  # noqa: E402
from distill.shipped import SHIPPED_MODEL  # noqa: E402

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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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

    print(f"{args.seconds:g} s of sound, {columns} columns, sound by {loaded.metadata.synthesis}")
    print(f"{'':38}{'seconds':>9}{'real time x':>13}  against the baseline")
    probed = f"baseline ({PROBED_POSITIONS} of {columns} positions measured)"
    rows = (
        ("encode", encode, ""),
        ("decode", decode, ""),
        ("  synthesis alone", synthesis, f"{griffin_lim / synthesis:.1f}x faster"),
        ("  Griffin-Lim, 32 iterations", griffin_lim, "baseline"),
        ("row preview, one masked decode", row, f"{per_position / row:.0f}x faster"),
        ("row preview, one decode per position", per_position, probed),
    )
    for name, seconds, note in rows:
        print(f"{name:38}{seconds:9.3f}{seconds / args.seconds:13.4f}  {note}")
    each = f"{1000 * book / codes:.1f} ms each"
    print(f"{f'previews of all {codes} codes':38}{book:9.3f}{'':13}  {each}")


if __name__ == "__main__":
    main()
