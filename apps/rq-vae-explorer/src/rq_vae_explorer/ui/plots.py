"""Figures for export, drawn with matplotlib's object API (no pyplot: handlers run in threads).

They show what the canvas shows and say "No data yet" when there is nothing. `L` levels, `K` codes,
`D` latent width, `N` vectors, `B` images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from rq_vae_explorer.ui.palette import DIGIT_COLORS

_LOSS_STYLES = {
    "recon": ("reconstruction", "#3f90da"),
    "test_recon": ("test reconstruction", "#e76300"),
    "commit": ("commitment", "#832db6"),
    "codebook": ("codebook", "#717581"),
    "total": ("total", "#14161f"),
}


def get_codebook_health(
    counts: ArrayLike | None, threshold_pct: float = 0.01
) -> list[dict[str, int]]:
    """Active and dead codes per level by the simple rule: dead below a fixed share.

    - `counts`: assignments `(L, K)`, or None.
    - `threshold_pct`: share of the level's assignments, in [0, 1], below which a code is dead.

    Returns one dict per level with `level` (from 1), `active`, `dead`, `total`. A level without
    assignments has neither active nor dead codes.
    """
    table = _table(counts)
    health = []
    for level, row in enumerate(table, start=1):
        seen = row.sum() > 0
        dead = int((row < threshold_pct * row.sum()).sum()) if seen else 0
        active = row.size - dead if seen else 0
        health.append({"level": level, "active": active, "dead": dead, "total": row.size})
    return health


def plot_codebook_2d(
    codebook: ArrayLike | None,
    encoder_outputs: ArrayLike | None,
    labels: ArrayLike | None,
    assignment_counts: ArrayLike | None = None,
    threshold_pct: float = 0.01,
) -> Figure:
    """One plane per level: the vectors that the level sees, coloured by digit, and its codes.

    - `codebook`: `(L, K, D)`; `encoder_outputs`: `(N, D)`; `labels`: `(N,)` digits;
      `assignment_counts`: `(L, K)`, codes below `threshold_pct` of them are drawn hollow.

    With D > 2 the first two principal axes of the encoder outputs are drawn.
    """
    if codebook is None or encoder_outputs is None or np.size(encoder_outputs) == 0:
        return _empty()
    codes = np.asarray(codebook, np.float32)
    vectors = np.asarray(encoder_outputs, np.float32)
    digits = np.zeros(len(vectors), int) if labels is None else np.asarray(labels, int)
    alive = _alive(assignment_counts, codes.shape[:2], threshold_pct)
    mean, axes_2d = _plane_of(vectors)
    seen = _vectors_per_level(vectors, codes)
    limit = 1.1 * float(np.abs((seen[0] - mean) @ axes_2d).max() or 1.0)
    figure = Figure(figsize=(5 * len(codes), 5.2), layout="constrained")
    panels = np.atleast_1d(np.asarray(figure.subplots(1, len(codes)), dtype=object))
    for level, panel in enumerate(panels):
        shift = mean if level == 0 else np.float32(0)
        _draw_plane(panel, (seen[level] - shift) @ axes_2d, digits)
        _draw_codes(panel, (codes[level] - shift) @ axes_2d, alive[level])
        panel.set(
            title="Level 1: encoder outputs" if level == 0 else f"Level {level + 1}: residuals",
            xlim=(-limit, limit),
            ylim=(-limit, limit),
            aspect="equal",
        )
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=12, frameon=False, fontsize=8)
    return figure


def plot_loss_curves(
    history: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]] | None,
) -> Figure:
    """Losses over steps on a logarithmic axis.

    - `history`: one sequence per name (`recon`, `commit`, `codebook`, `total`, `test_recon`;
      `step` if there is one), or one record per step.
    """
    columns = _columns(history)
    steps = columns.pop("step", None)
    drawn = {name: np.asarray(columns[name], float) for name in _LOSS_STYLES if name in columns}
    drawn = {name: values for name, values in drawn.items() if values.size}
    if not drawn:
        return _empty()
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, values in drawn.items():
        label, color = _LOSS_STYLES[name]
        x = np.arange(1, values.size + 1) if steps is None else np.asarray(steps)[: values.size]
        axes.plot(x, np.where(values > 0, values, np.nan), label=label, color=color, linewidth=1.5)
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.grid(color="#eceef4")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def plot_reconstructions(
    inputs: ArrayLike | None, recons: ArrayLike | None, num_samples: int = 8
) -> Figure:
    """Images above their reconstructions; both `(B, 28, 28)` or `(B, 28, 28, 1)`, in [0, 1]."""
    if inputs is None or recons is None or np.size(inputs) == 0 or np.size(recons) == 0:
        return _empty()
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


def _empty() -> Figure:
    figure = Figure(figsize=(5, 3))
    figure.text(0.5, 0.5, "No data yet", ha="center", va="center", fontsize=14, color="#646a7e")
    return figure


def _table(counts: ArrayLike | None) -> NDArray[Any]:
    return np.zeros((0, 0)) if counts is None else np.atleast_2d(np.asarray(counts))


def _alive(counts: ArrayLike | None, shape: tuple[int, ...], threshold: float) -> NDArray[np.bool_]:
    table = _table(counts)
    if table.shape != shape:
        return np.ones(shape, bool)
    totals = table.sum(axis=1, keepdims=True)
    return (table >= threshold * totals) | (totals == 0)


def _plane_of(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Origin `(D,)` and basis `(D, 2)` of the plane that is drawn: the latent plane if D = 2."""
    width = vectors.shape[1]
    if width == 2:
        return np.zeros(2, np.float32), np.eye(2, dtype=np.float32)
    mean = vectors.mean(axis=0)
    axes = np.linalg.svd(vectors - mean, full_matrices=False)[2][:2]
    return mean, axes.T


def _vectors_per_level(
    vectors: NDArray[np.float32], codes: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    """What each level sees: the vectors, then what is left after the nearest code of each level."""
    seen = [vectors]
    for level in codes[:-1]:
        distances = ((seen[-1][:, None, :] - level) ** 2).sum(axis=-1)  # (N, K)
        seen.append(seen[-1] - level[distances.argmin(axis=1)])
    return seen


def _draw_plane(panel: Axes, points: NDArray[np.floating], digits: NDArray[np.int_]) -> None:
    panel.axhline(0, color="#c3c7d4", linewidth=0.8, zorder=0)
    panel.axvline(0, color="#c3c7d4", linewidth=0.8, zorder=0)
    for digit, color in enumerate(DIGIT_COLORS):
        chosen = points[digits == digit]
        if len(chosen):
            panel.scatter(
                *chosen.T, s=7, color=color, marker="s", linewidths=0, alpha=0.8, label=str(digit)
            )


def _draw_codes(panel: Axes, codes: NDArray[np.floating], alive: NDArray[np.bool_]) -> None:
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


def _columns(history: Any) -> dict[str, Sequence[float]]:
    if not history:
        return {}
    if isinstance(history, Mapping):
        return dict(history)
    return {name: [record[name] for record in history] for name in history[0]}
