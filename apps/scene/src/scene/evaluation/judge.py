"""The attribute judge: a small classifier that says what a picture shows.

Trained on procedural scenes, it measures whether generated pictures show what their prompts ask
for. It errs itself, so its figures on real scenes always stand beside those on samples. Fixed
once trained: its seed, data and weights' hash are in its card.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from scene.checkpoints import (
    FORMAT,
    MODEL,
    SETTINGS,
    SettingsFile,
    flat_parameters,
    load_weights,
    read_settings,
    save_checkpoint,
)
from scene.config import Width
from scene.images import to_float
from scene.vqgan.blocks import Downsample, ResidualBlock, leaky_relu, space_to_depth

STEM = 4
BATCH = 16


class _JudgeSettings(SettingsFile):
    attributes: dict[str, list[str]]
    width: Width
    card: dict[str, Any]


class Judge(nn.Module):
    """Pictures (B, H, W, 3) in [-1, 1] -> logits by attribute, {name: (B, values)}."""

    def __init__(self, attributes: Mapping[str, Sequence[str]], width: int = 32) -> None:
        super().__init__()
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.width = width
        self.stem = nn.Linear(3 * STEM * STEM, width)
        self.downs = [Downsample(width, 2 * width), Downsample(2 * width, 4 * width)]
        self.blocks = [ResidualBlock(2 * width), ResidualBlock(4 * width)]
        self.norm = nn.RMSNorm(4 * width)
        self.shared = nn.Linear(8 * width, 4 * width)
        self.heads = {name: nn.Linear(4 * width, len(v)) for name, v in self.attributes.items()}

    def __call__(self, x: mx.array) -> dict[str, mx.array]:
        x = leaky_relu(self.stem(space_to_depth(x, STEM)))  # (B, H/4, W/4, C)
        for down, block in zip(self.downs, self.blocks, strict=True):
            x = block(leaky_relu(down(x)))
        x = leaky_relu(self.norm(x))
        # The mean tells colours and surfaces, the maximum tells a single small object.
        pooled = mx.concatenate([x.mean(axis=(1, 2)), x.max(axis=(1, 2))], axis=-1)  # (B, 8C)
        pooled = leaky_relu(self.shared(pooled))
        return {name: head(pooled) for name, head in self.heads.items()}

    def predict(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Value numbers by attribute for uint8 (N, H, W, 3): {name: int (N,)}."""
        self.eval()
        found: dict[str, list[np.ndarray]] = {name: [] for name in self.attributes}
        for start in range(0, len(pixels), BATCH):
            logits = self(mx.array(to_float(pixels[start : start + BATCH])))
            for name, values in logits.items():
                found[name].append(np.asarray(mx.argmax(values, axis=-1)))
        return {name: np.concatenate(parts) for name, parts in found.items()}


def judge_loss(judge: Judge, x: mx.array, labels: Mapping[str, mx.array]) -> mx.array:
    """Sum over attributes of the mean cross-entropy; `labels` are int (B,)."""
    logits = judge(x)
    terms = [nn.losses.cross_entropy(logits[n], labels[n], reduction="mean") for n in logits]
    return mx.stack(terms).sum()


def accuracy(
    judge: Judge, pixels: np.ndarray, wanted: Sequence[Mapping[str, str]]
) -> dict[str, float]:
    """Share of pictures whose attribute the judge finds as wanted, by attribute, and their mean."""
    found = judge.predict(pixels)
    shares = {}
    for name, values in judge.attributes.items():
        asked = np.array([values.index(attributes[name]) for attributes in wanted])
        shares[name] = float((found[name] == asked).mean())
    every = np.ones(len(wanted), dtype=bool)
    for name, values in judge.attributes.items():
        asked = np.array([values.index(attributes[name]) for attributes in wanted])
        every &= found[name] == asked
    return shares | {"mean": float(np.mean(list(shares.values()))), "all": float(every.mean())}


def save_judge(judge: Judge, folder: Path, card: Mapping[str, object]) -> None:
    """Write the judge in half precision, with the card that says how it was made."""
    document = {
        "format": FORMAT,
        "kind": "judge",
        "attributes": judge.attributes,
        "width": judge.width,
        "card": dict(card),
    }
    save_checkpoint(folder, {MODEL: flat_parameters(judge, half=True)}, {SETTINGS: document})


def load_judge(folder: Path) -> Judge:
    """Rebuild a judge from its folder."""
    settings = read_settings(folder, "judge", _JudgeSettings)
    judge = Judge(settings.attributes, settings.width)
    load_weights(judge, folder)
    judge.eval()
    return judge
