"""The latent planes: what each level sees, its codes and their cells."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from rq_vae_explorer.training.views import find_projection
from rq_vae_explorer.ui.palette import DIGIT_COLORS
from rq_vae_explorer.ui.plots.blank import plot_nothing

_CELL_PIXELS = 400  # side of the picture of the cells
_TINT, _BORDER = 0.16, (0.76, 0.78, 0.83)


def plot_codebook_2d(
    codebook: ArrayLike | None,
    encoder_outputs: ArrayLike | None,
    labels: ArrayLike | None,
    assignment_counts: ArrayLike | None = None,
    threshold_pct: float = 0.01,
) -> Figure:
    """One plane per level: the vectors that the level sees, coloured by digit, its codes and cells.

    - `codebook`: `(L, K, D)`; `encoder_outputs`: `(N, D)`; `labels`: `(N,)` digits;
      `assignment_counts`: `(L, K)`, codes below `threshold_pct` of them are drawn hollow.

    Each level is drawn to its own scale, and says so. A cell is tinted with the digit that its code
    codes most. With D > 2 the first two principal axes of the encoder outputs are drawn.
    """
    if codebook is None or encoder_outputs is None or np.size(encoder_outputs) == 0:
        return plot_nothing()
    codes = np.asarray(codebook, np.float32)
    vectors = np.asarray(encoder_outputs, np.float32)
    digits = np.zeros(len(vectors), int) if labels is None else np.asarray(labels, int)
    alive = _alive(assignment_counts, codes.shape[:2], threshold_pct)
    plane = find_projection(vectors)
    figure = Figure(figsize=(5 * len(codes), 5.4), layout="constrained")
    panels = np.atleast_1d(np.asarray(figure.subplots(1, len(codes)), dtype=object))
    limits = []
    for level, (panel, seen) in enumerate(zip(panels, _coded(vectors, codes), strict=True)):
        shift = plane.mean if level == 0 else np.float32(0)
        points, sites = (seen.vectors - shift) @ plane.basis, (codes[level] - shift) @ plane.basis
        limits.append(1.12 * float(np.abs(points).max() or 1.0))
        _draw_cells(panel, sites, _most_coded(seen.indices, digits, len(sites)), limits[-1])
        _draw_points(panel, points, digits)
        draw_codes(panel, sites, alive[level])
        title = "Level 1: encoder outputs" if level == 0 else f"Level {level + 1}: residuals"
        zoom = f", drawn {limits[0] / limits[-1]:.1f}× larger" if level else ""
        panel.set(
            title=title + zoom,
            xlim=(-limits[-1], limits[-1]),
            ylim=(-limits[-1], limits[-1]),
            aspect="equal",
        )
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=12, frameon=False, fontsize=8)
    return figure


def _alive(counts: ArrayLike | None, shape: tuple[int, ...], threshold: float) -> NDArray[np.bool_]:
    table = np.atleast_2d(np.asarray(() if counts is None else counts))
    if table.shape != shape:
        return np.ones(shape, bool)
    totals = table.sum(axis=1, keepdims=True)
    return (table >= threshold * totals) | (totals == 0)


class _Coded(NamedTuple):
    """What a level sees, and which code each of it chooses."""

    vectors: NDArray[np.float32]  # (N, D)
    indices: NDArray[np.int64]  # (N,)


def _coded(vectors: NDArray[np.float32], codes: NDArray[np.float32]) -> list[_Coded]:
    """Per level the vectors that it sees, each time without the nearest codes of those before."""
    levels = []
    for level in codes:
        distances = ((vectors[:, None, :] - level) ** 2).sum(axis=-1)  # (N, K)
        levels.append(_Coded(vectors, distances.argmin(axis=1)))
        vectors = vectors - level[levels[-1].indices]
    return levels


def _most_coded(
    indices: NDArray[np.int64], digits: NDArray[np.int_], codes: int
) -> NDArray[np.int64]:
    """The digit that each code codes most (K,), -1 for a code that nothing chooses."""
    table = np.zeros((codes, len(DIGIT_COLORS)), np.int64)
    np.add.at(table, (indices, digits), 1)
    return np.where(table.any(axis=1), table.argmax(axis=1), -1)


def _draw_cells(
    panel: Axes, sites: NDArray[np.floating], owners: NDArray[np.int64], limit: float
) -> None:
    """Which code is nearest to each point, as a tinted picture with borders, below all else."""
    middle = (np.arange(_CELL_PIXELS) + 0.5) / _CELL_PIXELS * 2 * limit - limit
    x, y = np.meshgrid(middle, middle)
    distances = (x[..., None] - sites[:, 0]) ** 2 + (y[..., None] - sites[:, 1]) ** 2
    nearest = distances.argmin(axis=-1)
    colors = np.array([(1.0, 1.0, 1.0), *map(to_rgb, DIGIT_COLORS)])[owners + 1]  # (K, 3)
    picture = 1 - _TINT * (1 - colors[nearest])
    border = np.zeros(nearest.shape, bool)
    border[:, 1:] |= nearest[:, 1:] != nearest[:, :-1]
    border[1:] |= nearest[1:] != nearest[:-1]
    picture[border] = _BORDER
    panel.imshow(picture, extent=(-limit, limit, -limit, limit), origin="lower", zorder=-1)


def _draw_points(panel: Axes, points: NDArray[np.floating], digits: NDArray[np.int_]) -> None:
    panel.axhline(0, color="#c3c7d4", linewidth=0.8, zorder=0)
    panel.axvline(0, color="#c3c7d4", linewidth=0.8, zorder=0)
    for digit, color in enumerate(DIGIT_COLORS):
        chosen = points[digits == digit]
        if len(chosen):
            panel.scatter(
                *chosen.T, s=7, color=color, marker="s", linewidths=0, alpha=0.8, label=str(digit)
            )


def draw_codes(panel: Axes, codes: NDArray[np.floating], alive: NDArray[np.bool_]) -> None:
    """Numbered codes (K, 2): filled discs for those in use, hollow ones for the dead."""
    for mask, face, name in ((alive, "#14161f", "active code"), (~alive, "none", "dead code")):
        if mask.any():
            panel.scatter(
                *codes[mask].T, s=90, facecolor=face, edgecolor="#14161f", label=name, zorder=3
            )
    for number, (x, y) in enumerate(codes):
        color = "white" if alive[number] else "#14161f"
        panel.annotate(
            str(number), (x, y), color=color, fontsize=6, ha="center", va="center", zorder=4
        )
