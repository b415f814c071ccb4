"""Procedural scenes that no training set holds, with their object masks."""

from dataclasses import dataclass

import numpy as np

from scene.synth import OBJECTS, draw_scene

FIRST_SEED = 4_000_000_000  # far from any seed that training uses
TOP = 4  # rows cut off above and below: 200 -> 192


@dataclass(frozen=True)
class Unseen:
    """`pixels` uint8 (N, 192, 320, 3); `masks` maps a kind of object to bool (N, 192, 320)."""

    pixels: np.ndarray
    masks: dict[str, np.ndarray]


def draw_unseen(count: int) -> Unseen:
    """Draw `count` scenes with fixed seeds of their own."""
    scenes = [draw_scene(FIRST_SEED + number) for number in range(count)]
    return Unseen(
        np.stack([scene.image[TOP:-TOP] for scene in scenes]),
        {name: np.stack([scene.masks[name][TOP:-TOP] for scene in scenes]) for name in OBJECTS},
    )
