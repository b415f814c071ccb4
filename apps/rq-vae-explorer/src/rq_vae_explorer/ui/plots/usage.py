"""How the codes of each level are used, and by which digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from rq_vae_explorer.ui.palette import DIGIT_COLORS, USAGE_HEAT
from vq_common.colormaps import text_color
from vq_common.health import codebook_health


def get_codebook_health(
    counts: ArrayLike | None, threshold_pct: float = 0.01
) -> list[dict[str, int]]:
    """Active and dead codes per level by the simple rule: dead below a fixed share.

    - `counts`: assignments `(L, K)`, or None.
    - `threshold_pct`: share of the level's assignments, in [0, 1], below which a code is dead.

    Returns one dict per level with `level` (from 1), `active`, `dead`, `total`. A level without
    assignments has neither active nor dead codes.
    """
    table = np.zeros((0, 0)) if counts is None else np.atleast_2d(np.asarray(counts))
    # The shared rule counts in fair shares 1/K, this one in shares of all assignments.
    return [
        {"level": h.level + 1, "active": h.active, "dead": h.dead, "total": h.codes}
        for h in codebook_health(table, dead_share=threshold_pct * table.shape[1])
    ]


def plot_usage(
    share: NDArray[np.floating],
    by_class: NDArray[np.integer],
    dead: NDArray[np.bool_],
    classes: Sequence[str],
) -> Figure:
    """Per level: bars of each code's share of training, and of each class how many choose it.

    - `share`, `dead`: `(L, K)`; `by_class`: test assignments `(L, K, 10)`.
    """
    levels = len(share)
    figure = Figure(figsize=(6 * levels, 5.4), layout="constrained")
    grid: Any = figure.subplots(2, levels, squeeze=False, height_ratios=(1, 1.2))
    for level in range(levels):
        _draw_bars(grid[0, level], share[level], by_class[level], dead[level])
        grid[0, level].set_title(f"Level {level + 1}: {int(dead[level].sum())} dead", fontsize=10)
        _draw_heat(grid[1, level], by_class[level], classes)
    return figure


def _draw_bars(
    axes: Axes, share: NDArray[np.floating], by_class: NDArray[np.integer], dead: NDArray[np.bool_]
) -> None:
    codes = np.arange(len(share))
    totals = by_class.sum(axis=1)
    parts = np.divide(
        by_class, totals[:, None], where=totals[:, None] > 0, out=np.zeros((len(share), 10))
    )
    parts[totals == 0, 0] = 1
    base = np.zeros(len(share))
    for digit, color in enumerate(DIGIT_COLORS):
        height = parts[:, digit] * share
        axes.bar(codes, height, bottom=base, color=color, width=0.7)
        base += height
    for code in codes[dead]:
        axes.annotate("dead", (code, share[code]), ha="center", va="bottom", fontsize=6)
    axes.axhline(1 / len(share), color="#646a7e", linestyle="--", linewidth=0.8)
    axes.set(ylabel="share of training", xticks=codes)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_heat(axes: Axes, by_class: NDArray[np.integer], classes: Sequence[str]) -> None:
    totals = np.maximum(by_class.sum(axis=0), 1)
    percent = 100 * by_class / totals  # (K, 10)
    heat, last = USAGE_HEAT["light"], len(USAGE_HEAT["light"]) - 1
    axes.imshow(percent.T, cmap=ListedColormap(heat), vmin=0, vmax=100, aspect="auto")
    for (code, digit), value in np.ndenumerate(percent):
        if value >= 10:
            ink = text_color(heat[round(value / 100 * last)])
            axes.text(code, digit, f"{value:.0f}", ha="center", va="center", fontsize=6, color=ink)
    axes.set_xticks(range(len(by_class)))
    axes.set_yticks(range(10), list(classes))
    axes.set(xlabel="code", ylabel="of each class, percent")
    axes.tick_params(labelsize=7, length=0)
