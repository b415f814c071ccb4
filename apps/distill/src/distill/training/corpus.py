"""The sounds to learn from, and the held-out ones to be judged by."""

import hashlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from distill.audio.io import AUDIO_SUFFIXES, AudioWarning, load_audio, to_mono
from distill.errors import AudioFileError, CorpusError

HOLD_OUT_EVERY = 8
_MAX_SECONDS = 4 * 3600
_MIN_SECONDS = 1.0


@dataclass(frozen=True)
class Clip:
    """One sound: file name, SHA-256 of the file, mono waveform (samples,) float32."""

    name: str
    sha256: str
    waveform: Tensor


@dataclass(frozen=True)
class Corpus:
    """Sounds to train on and to validate with; `remarks` has a line for each file left out."""

    train: tuple[Clip, ...]
    held_out: tuple[Clip, ...]
    remarks: tuple[str, ...]

    def seconds(self, sample_rate: int) -> float:
        """Length of the training part."""
        return sum(clip.waveform.shape[0] for clip in self.train) / sample_rate


def find_audio(folder: str | Path) -> list[Path]:
    """Sound files in a folder and below, sorted by name.

    Raises:
        CorpusError: no such folder, or no sound files in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CorpusError(f"{folder}: is not a folder of sound files")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file() and path.name[0] != "."
    )
    if not files:
        raise CorpusError(f"{folder}: holds no sound files (wav, flac, ogg, opus, mp3, aiff)")
    return files


def load_corpus(
    folder: str | Path,
    sample_rate: int,
    progress: Callable[[list[Path]], Iterable[Path]] = lambda files: files,
) -> Corpus:
    """Read a folder; every eighth file, from the first by name, is held out.

    Files that cannot be read, are silent or double another are left out with a remark. Of a
    single file the last eighth is held out.

    Raises:
        CorpusError: no folder, no sound files, or less than a second of sound.
    """
    folder = Path(folder)
    clips: list[Clip] = []
    remarks: list[str] = []
    seen: dict[str, str] = {}
    seconds = 0.0
    for path in progress(find_audio(folder)):
        try:
            clip = _load_clip(path, path.relative_to(folder).as_posix(), sample_rate, remarks)
        except AudioFileError as error:
            remarks.append(f"left out: {error}")
            continue
        if clip.sha256 in seen:
            remarks.append(f"left out: {clip.name}: the same file as {seen[clip.sha256]}")
        elif seconds > _MAX_SECONDS:
            remarks.append(
                f"left out: {clip.name}: more than {_MAX_SECONDS // 3600} hours of sound"
            )
        else:
            seen[clip.sha256] = clip.name
            clips.append(clip)
            seconds += clip.waveform.shape[0] / sample_rate
    if seconds < _MIN_SECONDS:
        raise CorpusError(f"{folder}: holds {seconds:.2f} s of sound; give it at least a second")
    return _split(clips, remarks)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_clip(path: Path, name: str, sample_rate: int, remarks: list[str]) -> Clip:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AudioWarning)
        mono = to_mono(load_audio(path, sample_rate).waveform, name)
    remarks.extend(str(warning.message) for warning in caught)
    if not mono.abs().max() > 0:
        raise AudioFileError(f"{name}: is silent")
    return Clip(name, file_sha256(path), mono)


def _split(clips: list[Clip], remarks: list[str]) -> Corpus:
    if len(clips) > 1:
        held_out = clips[::HOLD_OUT_EVERY]
        train = [clip for i, clip in enumerate(clips) if i % HOLD_OUT_EVERY]
        return Corpus(tuple(train), tuple(held_out), tuple(remarks))
    clip = clips[0]
    cut = clip.waveform.shape[0] * (HOLD_OUT_EVERY - 1) // HOLD_OUT_EVERY
    remarks.append("one file only: its last eighth is held out, so the figures flatter the model")
    return Corpus(
        (Clip(clip.name, clip.sha256, clip.waveform[:cut]),),
        (Clip(f"{clip.name} (end)", clip.sha256, clip.waveform[cut:]),),
        tuple(remarks),
    )
