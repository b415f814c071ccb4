"""Measures a model on sound files: distances, rate, codebook usage, speed, Opus beside it."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distill.audio.io import load_audio, to_mono
from distill.errors import AudioFileError, CorpusError
from distill.evaluation.metrics import (
    envelope_correlation,
    level_difference_db,
    log_spectral_distance,
    mel_distance,
    scale_invariant_sdr_db,
    spectral_flatness,
)
from distill.evaluation.opus import OPUS_KBITS, opus_installed, through_opus
from distill.inference.codes import column_samples, decode_code_grid, encode_waves
from distill.inference.previews import masked_levels
from distill.models.persistence import LoadedVQModel
from distill.training.corpus import file_sha256, find_audio
from vq_common.health import CodebookHealth, bitrate, codebook_health, usage_counts

TONAL_BELOW = 0.003  # spectral flatness


@dataclass(frozen=True)
class Figures:
    """Distances of one decoded sound; see `distill.evaluation.metrics`. None: not defined."""

    mel: float
    lsd_db: float
    envelope: float | None
    level_db: float | None
    si_sdr_db: float


@dataclass(frozen=True)
class FileReport:
    """One file. seen: the model was trained on it; by_levels: mel distance with levels 0..k."""

    name: str
    seconds: float
    seen: bool
    tonal: bool
    figures: Figures
    by_levels: list[float]
    encode_s: float
    decode_s: float
    opus: dict[int, Figures]


@dataclass(frozen=True)
class Report:
    """A whole evaluation. `health` is of the codes of the judged files, `columns` of them."""

    files: list[FileReport]
    skipped: list[str]
    bits_per_second: float
    columns: int
    health: list[CodebookHealth]
    synthesis: str

    @property
    def judged(self) -> list[FileReport]:
        """Files the model was not trained on; all of them where there are none."""
        return [f for f in self.files if not f.seen] or self.files

    def median(self, pick: Callable[[FileReport], float | None], tonal: bool = False) -> float:
        """Median over the judged files (the tonal ones), leaving out what is not defined; NaN
        where nothing is left."""
        values = [pick(f) for f in self.judged if f.tonal or not tonal]
        return statistics.median([v for v in values if v is not None] or [float("nan")])

    def to_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        names = ("mel", "lsd_db", "envelope", "level_db", "si_sdr_db")
        return {
            "judged_files": len(self.judged),
            "bits_per_second": self.bits_per_second,
            "columns": self.columns,
            "synthesis": self.synthesis,
            "medians": {n: self.median(lambda f, n=n: getattr(f.figures, n)) for n in names},
            "real_time_factor": self.real_time_factors(),
            "health": [asdict(level) for level in self.health],
            "skipped": self.skipped,
            "files": [asdict(f) for f in self.files],
        }

    def real_time_factors(self) -> dict[str, float]:
        """Seconds of work per second of sound, over all files."""
        seconds = sum(f.seconds for f in self.files)
        return {
            "encode": sum(f.encode_s for f in self.files) / seconds,
            "decode": sum(f.decode_s for f in self.files) / seconds,
        }


def evaluate(
    folder: Path,
    loaded: LoadedVQModel,
    held_out_only: bool = False,
    progress: Callable[[Sequence[Path]], Iterable[Path]] = lambda paths: paths,
) -> Report:
    """Measure every sound file in a folder.

    Args:
        folder: searched with its subfolders.
        loaded: the model.
        held_out_only: only files that the model's own training held out.
        progress: wraps the list of files.

    Raises:
        CorpusError: no sound files, or none that can be judged.
    """
    trained = set(loaded.metadata.trained_on.values())
    held_out = set(loaded.metadata.held_out.values())
    files, tables, skipped = [], [], []
    for path in progress(find_audio(folder)):
        digest = file_sha256(path)
        if held_out_only and digest not in held_out:
            continue
        try:
            sound = to_mono(load_audio(path).waveform, path.name)
        except AudioFileError as error:
            skipped.append(str(error))
            continue
        report, table = _measure(path.name, sound, digest in trained, loaded)
        files.append(report)
        tables.append((report.seen, table))
    if not files:
        raise CorpusError(f"{folder}: none of its files can be judged" + _hint(held_out_only))
    unseen = [table for seen, table in tables if not seen] or [table for _, table in tables]
    judged = np.concatenate(unseen)  # (columns, L)
    counts = usage_counts(judged, loaded.model.codebook_size)
    rate = loaded.spectrogram.config.sample_rate / column_samples(loaded)
    bits = bitrate(rate, loaded.model.codebook_size, loaded.model.num_quantizers)
    health = codebook_health(counts)
    return Report(files, skipped, bits, len(judged), health, loaded.metadata.synthesis)


def _measure(
    name: str, sound: Tensor, seen: bool, loaded: LoadedVQModel
) -> tuple[FileReport, np.ndarray]:
    began = time.perf_counter()
    encoded = encode_waves(iter([sound]), loaded)
    coded = time.perf_counter()
    shapes = (encoded["spatial_shape"], encoded["mel_shape"])
    decoded = torch.from_numpy(decode_code_grid(encoded["indices"], *shapes, loaded))
    done = time.perf_counter()
    by_levels = [
        mel_distance(
            sound,
            torch.from_numpy(
                decode_code_grid(masked_levels(encoded["indices"], level), *shapes, loaded)
            ),
        )
        for level in range(encoded["num_quantizers"] - 1)
    ]
    figures = compare(sound, decoded)
    report = FileReport(
        name=name,
        seconds=encoded["duration_s"],
        seen=seen,
        tonal=spectral_flatness(sound) < TONAL_BELOW,
        figures=figures,
        by_levels=[*by_levels, figures.mel],
        encode_s=coded - began,
        decode_s=done - coded,
        opus={} if seen else _opus(sound),
    )
    return report, encoded["indices"][0].numpy()


def compare(sound: Tensor, decoded: Tensor) -> Figures:
    """All distances of `decoded` from `sound`, both (samples,) at 48 kHz."""
    return Figures(
        mel=mel_distance(sound, decoded),
        lsd_db=log_spectral_distance(sound, decoded),
        envelope=envelope_correlation(sound, decoded),
        level_db=level_difference_db(sound, decoded),
        si_sdr_db=scale_invariant_sdr_db(sound, decoded),
    )


def _opus(sound: Tensor) -> dict[int, Figures]:
    if not opus_installed():
        return {}
    decoded = {kbits: through_opus(sound, kbits) for kbits in OPUS_KBITS}
    return {kbits: compare(sound, back) for kbits, back in decoded.items() if back is not None}


def _hint(held_out_only: bool) -> str:
    return "; none is among those the model held out" if held_out_only else ""
