"""Colours of codes, and the text colour that stays readable on them.

Every view that draws a code asks here, so that code 7 looks the same in a scatter, a heat map
and a grid. Colours are ``"#rrggbb"`` strings, which HTML, canvas and matplotlib all read.
"""

from functools import lru_cache

import matplotlib
from matplotlib.colors import ListedColormap, to_hex, to_rgb

# Matplotlib's qualitative maps have at most 20 colours and its continuous ones 256:
# the first are cycled, the second are stretched over the codes.
_MOST_QUALITATIVE_COLORS = 32


@lru_cache(maxsize=32)
def _colors_of(cmap: str) -> tuple[str, ...]:
    """All colours of a matplotlib map, in its order."""
    try:
        colormap = matplotlib.colormaps[cmap]
    except KeyError:
        raise ValueError(
            f"unknown colormap {cmap!r}: use a matplotlib name such as 'tab20' or 'viridis'"
        ) from None
    return tuple(to_hex(colormap(i)) for i in range(colormap.N))


def _is_qualitative(cmap: str) -> bool:
    colormap = matplotlib.colormaps[cmap]
    return isinstance(colormap, ListedColormap) and colormap.N <= _MOST_QUALITATIVE_COLORS


def code_color(index: int, cmap: str = "tab20") -> str:
    """Return the colour of a code as ``"#rrggbb"``.

    - `index`: the code, 0 or greater; past the end of the map its colours repeat.
    - `cmap`: name of a matplotlib colormap.

    Raises `ValueError` for a negative index (a null code has no colour) or an unknown map.
    """
    if index < 0:
        raise ValueError(f"a code is 0 or greater, not {index}: a null code has no colour")
    colors = _colors_of(cmap)
    return colors[index % len(colors)]


def code_palette(n: int, cmap: str = "tab20") -> list[str]:
    """Return `n` colours, one per code, as ``"#rrggbb"`` strings.

    A qualitative map (tab20) is cycled; a continuous one (viridis) is sampled evenly from end
    to end. Raises `ValueError` for a negative `n` or an unknown map.
    """
    if n < 0:
        raise ValueError(f"the number of codes is 0 or greater, not {n}")
    colors = _colors_of(cmap)
    if _is_qualitative(cmap):
        return [colors[i % len(colors)] for i in range(n)]
    last = len(colors) - 1
    return [colors[round(i * last / max(n - 1, 1))] for i in range(n)]


def _relative_luminance(color: str) -> float:
    """WCAG 2.2 relative luminance in [0, 1] of an sRGB colour."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_color(background: str) -> str:
    """Return ``"#000000"`` or ``"#ffffff"``, whichever reads better on `background`.

    The better of the two has a WCAG 2.2 contrast ratio of at least 4.58 on every sRGB colour
    (the square root of 21), which is above the 4.5 that level AA asks for.
    Raises `ValueError` if `background` is not a colour.
    """
    luminance = _relative_luminance(background)
    contrast_with_black = (luminance + 0.05) / 0.05
    contrast_with_white = 1.05 / (luminance + 0.05)
    return "#000000" if contrast_with_black >= contrast_with_white else "#ffffff"
