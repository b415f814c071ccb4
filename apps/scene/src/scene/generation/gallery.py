"""The classic prompts as one picture: a row per prompt, seeds from 0 on, nothing picked."""

import numpy as np

from scene.generation.pipeline import Generator, Sampling
from scene.training.transformer import SAMPLE_PROMPTS

MARGIN = 4


def draw_gallery(generator: Generator, sampling: Sampling, columns: int) -> np.ndarray:
    """uint8 (rows, columns, 3): each classic prompt with the seeds 0 to `columns` - 1."""
    rows = []
    for prompt in SAMPLE_PROMPTS:
        pictures = generator.draw([prompt] * columns, range(columns), sampling)
        framed = np.pad(pictures, ((0, 0), (0, MARGIN), (0, MARGIN), (0, 0)))
        rows.append(np.concatenate(list(framed), axis=1))
    return np.concatenate(rows)[:-MARGIN, :-MARGIN]
