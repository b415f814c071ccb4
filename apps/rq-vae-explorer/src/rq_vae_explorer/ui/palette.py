"""Colours of the page: one per digit, readable by colour-blind eyes, and the heat of usage.

Petroff's ten-colour sequence (M. A. Petroff, "Accessible Color Sequences for Data Visualization",
arXiv:2107.02270) keeps its colours apart under the common colour-vision deficiencies. The canvas
gets it through the feed and the exported figures use it too.
"""

from matplotlib import color_sequences
from matplotlib.colors import to_hex

from vq_common.colormaps import code_palette

DIGIT_COLORS: tuple[str, ...] = tuple(to_hex(color) for color in color_sequences["petroff10"])

# From nobody to every test digit of a class, on either surface.
USAGE_HEAT: dict[str, list[str]] = {
    "light": code_palette(84, "Purples")[20:],
    "dark": code_palette(80, "magma")[12:76],
}
