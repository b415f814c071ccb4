"""Models and clips as the browser reads them."""

from functools import lru_cache
from typing import Any

import numpy as np

from distill.models.persistence import LoadedVQModel
from distill.training.export import health_in_words
from distill.ui.audio_payload import FULL_SCALE, outline, pack
from distill.ui.clips import Change, Clip, Sound
from distill.ui.library import ModelKey, labels_of
from distill.ui.palette import level_colours
from vq_common.colormaps import code_palette, text_color
from vq_common.health import CodebookHealth, bitrate

_HEAT_STEPS = 33
_HEAT_SKIPPED = 11  # the darkest: rare codes must not be the boldest on paper
_OUTLINE_SHORT = 128  # samples per step of the outline of a short clip
_OUTLINE_STEPS = 60_000  # most steps of an outline: 120 kB
_OUTLINE_DECODED_S = 30.0
_DISPLAY_PEAK, _DISPLAY_GAIN = 0.95, 12.0


def _inks(colours: list[str]) -> str:
    """One digit per colour: 1 where white text reads better on it, else 0."""
    return "".join("1" if text_color(c) == "#ffffff" else "0" for c in colours)


@lru_cache(maxsize=8)
def _model_payload(key: ModelKey) -> dict[str, Any]:
    loaded = key.loaded
    books = loaded.model.quantizer.codebooks.cpu().numpy()  # (L, K, D)
    counts = loaded.model.quantizer.ema_counts.cpu().numpy()  # (L, K), in fair shares
    levels = [level_colours(book, counts[level], level) for level, book in enumerate(books)]
    labels = labels_of(loaded)
    tab20 = code_palette(20, "tab20")
    heat = code_palette(_HEAT_STEPS + _HEAT_SKIPPED, "inferno")[_HEAT_SKIPPED:]
    return {
        "id": loaded.model_id,
        "name": loaded.metadata.name,
        "levels": len(books),
        "codes": int(books.shape[1]),
        "labels": labels,
        "order": [level.order for level in levels],
        "palette": [level.colours for level in levels],
        "inks": [_inks(level.colours) for level in levels],
        "near": [level.near for level in levels],
        "tab20": tab20,
        "tab20Inks": _inks(tab20),
        "heatmap": [[colour, text_color(colour)] for colour in heat],
        "usage": np.round(counts / counts.sum(1, keepdims=True), 6).tolist(),
        "health": health_by_label(loaded.codebook_health, labels),
        "hasPrior": loaded.prior is not None,
    }


def model_payload(loaded: LoadedVQModel) -> dict[str, Any]:
    """What the page shows of a model: colours, neighbours, usage, health in words."""
    return _model_payload(ModelKey(loaded.model_id, loaded))


def health_by_label(health: list[CodebookHealth], labels: list[str]) -> list[str]:
    """Codebook health in plain words, one sentence per level, by the levels' own names."""
    words = [sentence.split(": ", 1)[1] for sentence in health_in_words(health)]
    return [f"{label}: {text}." for label, text in zip(labels, words, strict=False)]


def clip_payload(clip: Clip) -> dict[str, Any]:
    """A clip without its sound: codes, outline of the waveform, labels, history."""
    with clip.lock:
        shown = _shown_sound(clip)
        window = max(_OUTLINE_SHORT, -(-len(shown) // _OUTLINE_STEPS))
        peak = float(np.abs(shown.astype(np.int32)).max(initial=0)) / FULL_SCALE
        return {
            "id": clip.id,
            "source": clip.source,
            "name": clip.name,
            "facts": clip_facts(clip),
            "model": clip.loaded.model_id,
            "original": clip.original is not None,
            "columns": clip.columns,
            "levels": clip.levels,
            "samples": clip.samples,
            "column_samples": clip.column_samples,
            "codes": pack(np.ascontiguousarray(clip.codes.T)),
            "outline": pack(outline(shown, window)),
            "outline_samples": window,
            "gain": min(_DISPLAY_GAIN, _DISPLAY_PEAK / peak) if peak else 1.0,
            "labels": clip.labels,
            "revision": clip.revision,
            "can_undo": clip.can_undo,
            "can_redo": clip.can_redo,
        }


def _shown_sound(clip: Clip) -> Sound:
    """What the outline is drawn from; nothing for a long sound that would first be decoded."""
    if clip.original is not None:
        return clip.original
    if clip.samples > _OUTLINE_DECODED_S * clip.loaded.spectrogram.config.sample_rate:
        return np.zeros(0, np.int16)
    return clip.sound(f"m:{2**clip.levels - 1}", 0, clip.samples)


def clip_facts(clip: Clip) -> str:
    """One line of figures: length, size of the table of codes, rate."""
    rate = clip.loaded.spectrogram.config.sample_rate
    seconds = clip.samples / rate
    bits = bitrate(rate / clip.column_samples, clip.loaded.model.codebook_size, clip.levels)
    size = bits * seconds / 8
    weight = f"{size:.0f} bytes" if size < 10_000 else f"{size / 1000:.0f} kB"
    return (
        f"{seconds:.2f} s · {clip.columns} columns × {clip.levels} levels of "
        f"{clip.loaded.model.codebook_size} · {bits / 1000:.1f} kbit/s · {weight} of codes · "
        f"{clip.loaded.metadata.name}"
    )


def change_payload(clip: Clip, change: Change) -> dict[str, Any]:
    """An edit's outcome, with the sound of the span that it touched."""
    start, stop = change.touched
    # A long span is fetched piece by piece as it is played.
    heard = min(stop, start + 20 * clip.loaded.spectrogram.config.sample_rate)
    return {
        "start": change.start,
        "remove": change.remove,
        "rows": change.codes.T.tolist(),
        "touched": [start, stop],
        "pcm": pack(clip.sound(f"m:{2**clip.levels - 1}", start, heard)),
        "samples": clip.samples,
        "revision": clip.revision,
        "can_undo": clip.can_undo,
        "can_redo": clip.can_redo,
    }
