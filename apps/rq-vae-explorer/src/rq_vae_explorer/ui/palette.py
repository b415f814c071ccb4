"""Colours of the page that are not colours of codes: one per digit, readable by colour-blind eyes.

Petroff's ten-colour sequence (M. A. Petroff, "Accessible Color Sequences for Data Visualization",
arXiv:2107.02270) keeps its colours apart under the common colour-vision deficiencies. The canvas
gets it through the feed and the exported figures use it too.
"""

from matplotlib import color_sequences
from matplotlib.colors import to_hex

DIGIT_COLORS: tuple[str, ...] = tuple(to_hex(color) for color in color_sequences["petroff10"])
