"""What the three apps share: colours of codes, codebook health, the code grid in HTML.

NumPy level only: no framework and no page library is imported from here.
Shape vocabulary: ``L`` quantiser levels, ``K`` codes per level, ``N`` positions.
"""

from vq_common.colormaps import code_color, code_palette, text_color
from vq_common.grid_html import render_grid
from vq_common.health import (
    CodebookHealth,
    bitrate,
    codebook_health,
    joint_entropy_bits,
    usage_counts,
)

__all__ = [
    "CodebookHealth",
    "bitrate",
    "code_color",
    "code_palette",
    "codebook_health",
    "joint_entropy_bits",
    "render_grid",
    "text_color",
    "usage_counts",
]
