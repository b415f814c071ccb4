"""The picture under construction: colour indices, and which object each pixel belongs to.

All patterns are locked to the 16-pixel grid of the tokens: the 192 rows that a model sees start
at row 4, so a pattern's phase is counted from there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

HEIGHT, WIDTH, TOP = 200, 320, 4
CLEAR = 255  # shade of a transparent stamp pixel

OBJECTS = (
    "trees",
    "buildings",
    "windows",
    "sun_moon",
    "crystals",
    "fire",
    "lightning",
    "props",
    "water",
)
_OWNER = {name: number for number, name in enumerate(OBJECTS, start=1)}
# What the land behind the objects is made of; a tree is a single one or a woods' or a dark frame's.
PARTS = (
    "sky",
    "clouds",
    "peaks",
    "hills",
    "ground",
    "walls",
    "water",
    "rug",
    "hearth",
    "woods",
    "silhouettes",
    "trees",
)

ROWS = np.arange(HEIGHT)[:, None] - TOP
COLUMNS = np.arange(WIDTH)[None, :]
Y = ROWS + TOP + 0 * COLUMNS  # (200, 320) row numbers
X = COLUMNS + 0 * ROWS  # (200, 320) column numbers
# Rows, not a two-dimensional Bayer matrix: whole lines repeat in every column, as on a CRT, and
# leave the tokens few patterns to learn.
THRESHOLD = (np.array([0, 2, 1, 3])[ROWS % 4] + 0.5) / 4 + 0.0 * COLUMNS  # (200, 320) in 0..1


@dataclass
class Canvas:
    """Colour indices (200, 320) uint8, the object that each pixel shows (0 = none), its place in
    ``PARTS``, and whether it was painted as part of the thing in front."""

    pixels: np.ndarray = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH), np.uint8))
    owner: np.ndarray = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH), np.uint8))
    part: np.ndarray = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH), np.uint8))
    front: np.ndarray = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH), bool))

    @contextmanager
    def in_front(self) -> Iterator[None]:
        """What is painted meanwhile is the thing in front that the caption may name."""
        before = self.pixels.copy()
        yield
        self.front |= self.pixels != before

    def shows(self, of: str) -> np.ndarray:
        """The pixels (200, 320) bool that show an object."""
        return self.owner == _OWNER[of]

    def stamp(
        self,
        shades: np.ndarray,
        x: int,
        y: int,
        ramp: np.ndarray,
        of: str | None = None,
        part: str | None = None,
    ) -> None:
        """Paint ``shades`` (h, w) with its left top at (x, y); shade s gets colour ``ramp[s]``.

        Without a ``part`` what lies there stays of the part that it was.
        """
        height, width = shades.shape
        top, left = max(0, -y), max(0, -x)
        bottom, right = min(height, HEIGHT - y), min(width, WIDTH - x)
        if top >= bottom or left >= right:
            return
        shown = shades[top:bottom, left:right]
        area = np.s_[y + top : y + bottom, x + left : x + right]
        solid = shown != CLEAR
        self.pixels[area][solid] = ramp[np.minimum(shown[solid], len(ramp) - 1)]
        self.owner[area][solid] = _OWNER[of] if of else 0
        if part:
            self.part[area][solid] = PARTS.index(part)

    def paint(
        self,
        where: np.ndarray,
        colour: np.ndarray | int,
        of: str | None = None,
        part: str | None = None,
    ) -> None:
        """Set the pixels ``where`` (200, 320) bool to one colour or to an image of colours.

        Without a ``part`` what lies there stays of the part that it was.
        """
        if isinstance(colour, np.ndarray):
            self.pixels[where] = colour[where]
        else:
            self.pixels[where] = colour
        self.owner[where] = _OWNER[of] if of else 0
        if part:
            self.part[where] = PARTS.index(part)

    def recolour(self, where: np.ndarray, table: np.ndarray) -> None:
        """Send the colours of the pixels ``where`` through a table (64,)."""
        self.pixels[where] = table[self.pixels[where]]

    def masks(self) -> dict[str, np.ndarray]:
        """For each kind of object, the pixels (200, 320) bool that show it."""
        return {name: self.shows(name) for name in OBJECTS}


def gradient(position: np.ndarray, ramp: np.ndarray) -> np.ndarray:
    """Colours for ``position`` (200, 320) or (200, 1) in 0..len(ramp)-1, with ordered dither.

    Between two colours there are only the patterns 1/4, 1/2 and 3/4, so tiles repeat.
    """
    quarter = np.round(np.clip(position, 0, len(ramp) - 1) * 4) / 4
    base = np.floor(quarter).astype(int)
    step = (quarter - base) > THRESHOLD
    return ramp[np.minimum(base + step, len(ramp) - 1)]
