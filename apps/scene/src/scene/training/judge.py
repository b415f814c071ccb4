"""Training of the attribute judge on a folder of procedural scenes."""

import json
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from tqdm import tqdm

from scene.dataset import batch_indices, load_pixels
from scene.errors import SceneError
from scene.evaluation.judge import Judge, judge_loss
from scene.images import to_float
from scene.synth import ATTRIBUTES
from scene.synth.attributes import check_attributes
from scene.training.loop import scalar

BATCH = 16
RATE = 2e-3
WARMUP = 50


def train_judge(pixels: np.ndarray, wanted: list[dict[str, str]], steps: int, seed: int) -> Judge:
    """A judge trained on uint8 (N, H, W, 3) and the attributes of each picture.

    Random left-right flips and small shifts keep it from reading positions. Raises SceneError for
    fewer pictures than a batch.
    """
    if len(pixels) < BATCH:
        raise SceneError(
            f"{len(pixels)} pictures to learn from are fewer than a batch of {BATCH}: draw more "
            "with make-scenes"
        )
    labels = {
        name: np.array([values.index(attributes[name]) for attributes in wanted])
        for name, values in ATTRIBUTES.items()
    }
    mx.random.seed(seed)
    judge = Judge(ATTRIBUTES)
    optimizer = optim.AdamW(RATE, betas=[0.9, 0.99], weight_decay=0.05, bias_correction=True)
    optimizer.init(judge.trainable_parameters())
    bar = tqdm(range(steps), desc="judge", unit="step")
    for step in bar:
        rng = np.random.default_rng((seed, step))
        chosen = batch_indices(len(pixels), BATCH, step, seed)
        x = np.roll(pixels[chosen], int(rng.integers(-8, 9)), axis=2)
        flips = rng.random(BATCH) < 0.5
        x = np.where(flips[:, None, None, None], x[:, :, ::-1], x)
        truth = {name: mx.array(values[chosen]) for name, values in labels.items()}
        judge.train()
        loss, grads = nn.value_and_grad(judge, judge_loss)(judge, mx.array(to_float(x)), truth)
        grads, _ = optim.clip_grad_norm(grads, 1.0)
        warm = min(1.0, (step + 1) / WARMUP)
        optimizer.learning_rate = RATE * warm * 0.5 * (1 + np.cos(np.pi * step / steps))
        optimizer.update(judge, grads)
        mx.eval(judge.state, optimizer.state, loss)
        bar.set_postfix(loss=f"{scalar(loss):.2f}", refresh=False)
    judge.eval()
    return judge


def read_labelled(
    data: Path, image_size: tuple[int, int]
) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Pictures and attributes of a folder that `make-scenes` wrote."""
    path = data / "attributes.jsonl"
    try:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        names = [record["image"] for record in records]
        wanted = [{name: record[name] for name in ATTRIBUTES} for record in records]
        for attributes in wanted:
            check_attributes(attributes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SceneError(f"{path}: want the attributes that make-scenes writes") from error
    return load_pixels([data / "images" / name for name in names], image_size), wanted
