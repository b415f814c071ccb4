"""Pictures of digits: rows, mosaics, and the decoded map of the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from rq_vae_explorer.ui.plots.blank import plot_nothing
from rq_vae_explorer.ui.plots.planes import draw_codes


def plot_reconstructions(
    inputs: ArrayLike | None, recons: ArrayLike | None, num_samples: int = 8
) -> Figure:
    """Images above their reconstructions; both `(B, 28, 28)` or `(B, 28, 28, 1)`, in [0, 1]."""
    if inputs is None or recons is None or np.size(inputs) == 0 or np.size(recons) == 0:
        return plot_nothing()
    rows = [np.asarray(inputs).squeeze(-1) if np.ndim(inputs) == 4 else np.asarray(inputs)]
    rows.append(np.asarray(recons).squeeze(-1) if np.ndim(recons) == 4 else np.asarray(recons))
    count = min(num_samples, len(rows[0]), len(rows[1]))
    return plot_picture_rows(["Input", "Reconstruction"], [row[:count] for row in rows])


def plot_picture_rows(titles: Sequence[str], rows: Sequence[NDArray[Any]]) -> Figure:
    """Rows of equally many pictures `(B, H, W)`, float in [0, 1] or bytes, with a title each."""
    count = len(rows[0])
    figure = Figure(figsize=(count + 1, 1.1 * len(rows)), layout="constrained")
    grid = np.asarray(figure.subplots(len(rows), count, squeeze=False), dtype=object)
    for title, row, panels in zip(titles, rows, grid, strict=True):
        top = 255 if row.dtype == np.uint8 else 1.0
        for picture, panel in zip(row, panels, strict=True):
            panel.imshow(picture, cmap="gray_r", vmin=0, vmax=top)
            panel.set(xticks=[], yticks=[])
        panels[0].set_ylabel(title, rotation=0, ha="right", va="center")
    return figure


def plot_atlas(tiles: NDArray[np.uint8], title: str) -> Figure:
    """Numbered pictures `(n, H, W)` in a square."""
    count, height, width = tiles.shape
    columns = int(np.ceil(np.sqrt(count)))
    padded = np.zeros((-(-count // columns) * columns, height, width), np.uint8)
    padded[:count] = tiles
    figure, axes = _sheet(_joined(padded.reshape(-1, columns, height, width)), title)
    axes.set(xticks=[], yticks=[])
    for code in range(count):
        place = (code % columns * width + 2, code // columns * height + 5)
        axes.annotate(str(code), place, fontsize=7, color="#646a7e")
    return figure


def plot_pairs(tiles: NDArray[np.uint8], title: str) -> Figure:
    """Pictures `(K, K, H, W)`: a row per code of level 1, a column per code of level 2."""
    rows, columns, height, width = tiles.shape
    figure, axes = _sheet(_joined(tiles), title)
    axes.set_xticks((np.arange(columns) + 0.5) * width, [str(code) for code in range(columns)])
    axes.set_yticks((np.arange(rows) + 0.5) * height, [str(code) for code in range(rows)])
    axes.set(xlabel="code of level 2", ylabel="code of level 1")
    axes.tick_params(length=0)
    return figure


def plot_decoded_map(
    tiles: NDArray[np.uint8],
    extent: tuple[float, float, float, float],
    codes: NDArray[np.floating],
    alive: NDArray[np.bool_],
) -> Figure:
    """What the decoder draws across the plane.

    - `tiles`: `(G, G, H, W)`, top row first; `extent`: x0, x1, y0, y1 of the map.
    - `codes`: `(K, 2)` places of the codes of level 1; `alive`: `(K,)`.
    """
    figure, axes = _sheet(_joined(tiles), "Decoded map, with the codes of level 1", extent)
    draw_codes(axes, codes, alive)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return figure


def _joined(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns, height, width = tiles.shape
    return tiles.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def _sheet(
    picture: NDArray[np.uint8], title: str, extent: tuple[float, float, float, float] | None = None
) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    axes = figure.subplots()
    height, width = picture.shape
    edges = extent or (0.0, float(width), float(height), 0.0)
    axes.imshow(picture, cmap="gray_r", vmin=0, vmax=255, extent=edges, aspect="auto")
    axes.set_title(title, fontsize=10)
    return figure, axes
