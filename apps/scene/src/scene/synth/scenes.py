"""One scene: attributes and a seed become a picture, its caption and its masks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scene.synth.attributes import sample_attributes
from scene.synth.canvas import HEIGHT, ROWS, TOP, Canvas, gradient
from scene.synth.captions import caption
from scene.synth.palette import MASTER_PALETTE, ramp


@dataclass(frozen=True)
class Scene:
    """A drawn scene.

    - ``indices``: (200, 320) uint8 into ``palette``.
    - ``palette``: (64, 3) uint8, the master palette, the same for all scenes.
    - ``caption``: one sentence.
    - ``attributes``: a value for every name in ``ATTRIBUTES``.
    - ``masks``: for every kind of object, (200, 320) bool.
    """

    seed: int
    indices: np.ndarray
    palette: np.ndarray
    caption: str
    attributes: dict[str, str]
    masks: dict[str, np.ndarray]

    @property
    def image(self) -> np.ndarray:
        """(200, 320, 3) uint8 RGB."""
        return self.palette[self.indices]


def draw_scene(seed: int, attributes: Mapping[str, str] | None = None) -> Scene:
    """Draw the scene of ``seed``; what ``attributes`` does not give is drawn from the seed.

    Raises ValueError where an attribute is unknown or no scene has that combination.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    chosen = sample_attributes(rng, held_out=None if attributes else False, fixed=attributes)
    text = caption(chosen, rng)
    canvas = Canvas()
    skies = {
        "dawn": "v1 v2 v3 v4 v5 v6",
        "day": "b0 b1 b2 b3 n8",
        "sunset": "s0 s1 s2 s3 s4 s5 s6",
        "night": "n0 n1 n2 n3 n4",
        "storm": "k0 m0 m1 m2",
    }
    colours = ramp(skies[chosen["time"]])
    horizon = 100 + 8 * int(rng.integers(4))
    canvas.pixels[:] = gradient(
        (ROWS + TOP) / horizon * (len(colours) - 1) + 0 * canvas.pixels, colours
    )
    ground = np.zeros((HEIGHT, 320), bool)
    ground[horizon:] = True
    canvas.paint(ground, int(ramp("g1")[0]))
    return Scene(seed, canvas.pixels, MASTER_PALETTE, text, chosen, canvas.masks())
