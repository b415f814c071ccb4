"""The code grid as static HTML: for exports, reports and small grids.

The page itself draws on a canvas (assets/codes); this is the same grid for places without
scripts, on `vq_common.grid_html`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from distill.labels import DEFAULT_LEVEL_LABELS, get_level_labels
from vq_common.grid_html import render_grid

__all__ = ["DEFAULT_LEVEL_LABELS", "get_level_labels", "render_code_grid"]

PLACEHOLDER = "Upload an audio file and click Encode to see codes here."
_MARKER_EVERY = 10  # columns


def render_code_grid(
    indices: npt.ArrayLike | None,
    num_quantizers: int,
    codebook_size: int,
    spatial_shape: tuple[int, int],
    level_labels: Sequence[str] | None = None,
    selected_cell: tuple[int, int] | None = None,
    duration_s: float | None = None,
) -> str:
    """HTML of the codes of one sound.

    - `indices`: integers `(1, H*W, L)` or `(H*W, L)` in [-1, K), -1 for nothing; a tensor will
      do; `None` gives the placeholder.
    - `num_quantizers`, `codebook_size`: L and K.
    - `spatial_shape`: `(H, W)` with H*W positions, drawn in time order.
    - `level_labels`: names of the rows; the default is `get_level_labels`.
    - `selected_cell`: `(level, position)`.
    - `duration_s`: length of the sound, for the time markers; without it they count columns.

    Cells carry the class ``code-cell`` and ``data-event="cell,LEVEL,POS"``, column headers
    ``col,POS``, play buttons ``row,LEVEL``. Raises `ValueError` where the shapes disagree or a
    code is out of range.
    """
    if indices is None or np.size(indices) == 0:
        return render_grid(None, placeholder=PLACEHOLDER)
    table = np.asarray(indices)
    if table.ndim == 3 and table.shape[0] == 1:
        table = table[0]
    height, width = spatial_shape
    if table.shape != (height * width, num_quantizers):
        raise ValueError(
            f"{height} x {width} positions of {num_quantizers} levels need indices "
            f"({height * width}, {num_quantizers}), not {table.shape}"
        )
    if table.min() < -1 or table.max() >= codebook_size:
        raise ValueError(f"codes lie in [-1, {codebook_size})")
    labels = get_level_labels(num_quantizers, level_labels)
    positions = len(table)

    def time_of(position: int) -> str:
        if duration_s is None:
            return str(position)
        return f"{position * duration_s / positions:.2f}s"

    def title(level: int, position: int) -> str:
        code = int(table[position, level])
        return (
            f"{labels[level]} · {time_of(position)} · {'nothing' if code < 0 else f'code {code}'}"
        )

    return render_grid(
        table.T,
        labels,
        column_headers={i: time_of(i) for i in range(0, positions, _MARKER_EVERY)},
        cell_title=title,
        selected=selected_cell,
        play_buttons=True,
        playhead=True,
        grid_label="Codes: rows are levels, columns are time",
    )
