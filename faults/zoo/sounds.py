"""Sound files: odd ones, and thousands with damaged headers."""

from __future__ import annotations

import io
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import soundfile

from distill.audio.io import load_audio
from distill.audio.streaming import mono_blocks
from distill.cli import main
from distill.errors import DistillError
from faults import commands
from faults.outcome import Tried
from faults.zoo.keeper import show

_RATE = 48_000
_FORMATS = (
    ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"),
    ("W64", "PCM_16"), ("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"), ("AIFF", "FLOAT"),
)  # fmt: skip
_HEADER = 200  # bytes


def _wave(samples: int = 9600, channels: int = 1) -> np.ndarray:
    tone = 0.3 * np.sin(np.arange(samples)[:, None] * (0.05 + 0.01 * np.arange(channels)))
    return tone.astype(np.float32)


def _sound(
    data: np.ndarray, rate: int = _RATE, kind: str = "WAV", subtype: str = "PCM_16"
) -> bytes:
    packed = io.BytesIO()
    soundfile.write(packed, data, rate, format=kind, subtype=subtype)
    return packed.getvalue()


def _with_value(value: float) -> bytes:
    data = _wave()
    data[100] = value
    return _sound(data, subtype="FLOAT")


def _constant(value: float) -> bytes:
    return _sound(np.full((9600, 1), value, np.float32), subtype="FLOAT")


def _odd(patch: Callable[[bytearray], None]) -> bytes:
    content = bytearray(_sound(_wave()))
    patch(content)
    return bytes(content)


def _put(offset: int, value: int, size: int = 4) -> Callable[[bytearray], None]:
    def patch(content: bytearray) -> None:
        content[offset : offset + size] = value.to_bytes(size, "little")

    return patch


ZOO: dict[str, Callable[[], bytes]] = {
    "empty file": lambda: b"",
    "one byte": lambda: b"R",
    "text": lambda: b"no sound\n" * 1000,
    "html": lambda: b"<!doctype html><title>404</title>",
    "zip": lambda: b"PK\x03\x04" + bytes(500),
    "png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(500),
    "random bytes": lambda: random.Random(0).randbytes(10_000),
    "zeros": lambda: bytes(10_000),
    "RIFF alone": lambda: b"RIFF\x24\x00\x00\x00WAVE",
    "no samples": lambda: _sound(np.zeros((0, 1), np.float32)),
    "one sample": lambda: _sound(_wave(1)),
    "99 samples": lambda: _sound(_wave(99)),
    "silence": lambda: _sound(np.zeros((9600, 1), np.float32)),
    "constant 1": lambda: _constant(1.0),
    "full scale times 1000": lambda: _constant(1000.0),
    "denormals": lambda: _constant(1e-40),
    "NaN": lambda: _with_value(float("nan")),
    "infinity": lambda: _with_value(float("inf")),
    "huge sample": lambda: _with_value(3e38),
    "opposite phase": lambda: _sound(np.hstack([_wave(), -_wave()])),
    "8 channels": lambda: _sound(_wave(4800, 8)),
    "200 channels": lambda: _sound(_wave(480, 200)),
    "1 Hz": lambda: _sound(_wave(20), 1),
    "999 Hz": lambda: _sound(_wave(500), 999),
    "8 kHz": lambda: _sound(_wave(), 8000),
    "44,099 Hz": lambda: _sound(_wave(), 44_099),
    "768 kHz": lambda: _sound(_wave(20_000), 768_000),
    "2 GHz": lambda: _odd(_put(24, 2_000_000_000)),
    "no channels": lambda: _odd(_put(22, 0, 2)),
    "65,535 channels": lambda: _odd(_put(22, 65535, 2)),
    "rate 0": lambda: _odd(_put(24, 0)),
    "0 bits": lambda: _odd(_put(34, 0, 2)),
    "unknown codec": lambda: _odd(_put(20, 0x4242, 2)),
    "claims 4 GiB": lambda: _odd(_put(40, 0xFFFFFFFF)),
    "claims no data": lambda: _odd(_put(40, 0)),
    "cut in the header": lambda: _sound(_wave())[:30],
    "cut in the data": lambda: _sound(_wave())[:5000],
    "cut FLAC": lambda: _sound(_wave(), kind="FLAC")[:3000],
    "cut MP3": lambda: _sound(_wave(), kind="MP3", subtype="MPEG_LAYER_III")[:1000],
    "cut Vorbis": lambda: _sound(_wave(), kind="OGG", subtype="VORBIS")[:4200],
    "garbage behind": lambda: _sound(_wave()) + b"x" * 5000,
    "ID3 alone": lambda: b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100),
}  # fmt: skip


def sounds(subject: ModuleType, count: int) -> Tried:
    """Each specimen as a file to encode, and a folder of it alone to train on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject.save(folder, subject.prepare(0))
        (folder / "sounds").mkdir()
        path, model = folder / "sounds" / "sound.wav", str(folder / "model.distill")

        def take(specimen: str) -> str:
            path.write_bytes(ZOO[specimen]())
            encode = ["encode", str(path), "-m", model, "-o", str(folder / "codes.json")]
            problem = commands.run(main, encode).problem((0, 1)) or _loaded(path)
            evaluated = commands.run(main, ["evaluate", str(path.parent), "-m", model])
            return problem or evaluated.problem((0, 1))

        return show(ZOO, count, take)


def _loaded(path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sound = load_audio(path)
    except DistillError as error:
        return "" if "\n" not in str(error) else f"more than a line: {error}"
    except Exception as error:  # anything else is the finding
        return f"{type(error).__name__}: {error}"[:200]
    return "" if bool(np.isfinite(sound.waveform.numpy()).all()) else "not finite"


def headers(subject: ModuleType, count: int) -> Tried:
    """Flipped, overwritten, cut and doubled headers of thirteen kinds; whole and as a stream."""
    failures, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as name, _mute_libraries():
        path = Path(name) / "sound"
        for number, (kind, content) in enumerate(_damaged(count)):
            path.write_bytes(content)
            started = time.process_time()
            problem = _streamed(path) if number % 2 else _loaded(path)
            seconds = time.process_time() - started
            slowest = max(slowest, seconds)
            if seconds > 10:
                problem = problem or f"took {seconds:.0f} s"
            if problem:
                failures.append(f"{kind} {number}: {problem}")
    result = f"read or refused in one line, no crash; the slowest took {slowest:.1f} s"
    return Tried(count, tuple(failures), result)


@contextmanager
def _mute_libraries() -> Iterator[None]:
    """libsndfile's MP3 reader (mpg123) writes its remarks to the terminal itself."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _streamed(path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in mono_blocks(path, _RATE):
                pass
    except DistillError as error:
        return "" if "\n" not in str(error) else f"more than a line: {error}"
    except Exception as error:  # anything else is the finding
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def _damaged(count: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(0)
    whole = [(f"{k} {s}", _sound(_wave(4800), kind=k, subtype=s)) for k, s in _FORMATS]
    for number in range(count):
        kind, content = whole[number % len(whole)]
        damaged = bytearray(content)
        end = min(_HEADER, len(content))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(end)
            damaged[at] = rng.choice([0, 0xFF, 0x7F, 0x80, damaged[at] ^ (1 << rng.randrange(8))])
        if rng.random() < 0.2:
            del damaged[rng.randrange(end) :]
        elif rng.random() < 0.1:
            at = rng.randrange(end)
            damaged[at:at] = damaged[:at]
        yield kind, bytes(damaged)
