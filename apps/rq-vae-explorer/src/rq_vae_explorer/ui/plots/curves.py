"""Curves over training steps, and rate against distortion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from rq_vae_explorer.ui.plots.blank import plot_nothing

_BLUE, _ORANGE, _PURPLE, _GREY, _INK = "#3f90da", "#e76300", "#832db6", "#717581", "#14161f"
_SERIES = (_BLUE, _ORANGE, _PURPLE, _GREY, _INK)
_Style = tuple[str, str, str, float]  # label, colour, line style, line width
_LOSSES: dict[str, _Style] = {
    "recon": ("reconstruction", _BLUE, "-", 1.5),
    "test_recon": ("test reconstruction", _ORANGE, "-", 2.2),
    "test_unquantised": ("test, unquantised", _ORANGE, ":", 1.5),
    "commit": ("commitment", _PURPLE, "-", 1.5),
    "codebook": ("codebook", _GREY, "--", 1.5),
    "weighted_commit": ("λ × commitment", _PURPLE, "-", 1.5),
    "weighted_codebook": ("λ × codebook", _GREY, "--", 1.5),
    "weighted_sinkhorn": ("λ × Sinkhorn", _PURPLE, ":", 1.5),
    "total": ("total", _INK, "-", 1.0),
}
Marks = Sequence[tuple[int, str]]  # step and what changed there


def plot_loss_curves(
    history: Mapping[str, ArrayLike] | Sequence[Mapping[str, float]] | None, marks: Marks = ()
) -> Figure:
    """Losses over steps on a logarithmic axis.

    - `history`: one sequence per name (`recon`, `commit`, `codebook`, `total`, `weighted_*` over
      `step`; `test_recon`, `test_unquantised` over `test_step`), or one record per step.
    """
    columns = _columns(history)
    drawn = {name: np.asarray(columns[name], float) for name in _LOSSES if name in columns}
    drawn = {name: values for name, values in drawn.items() if values.size}
    if not drawn:
        return plot_nothing()
    figure, axes = _axes("loss", "log")
    for name, values in drawn.items():
        steps = columns.get("test_step" if name.startswith("test_") else "step")
        x = np.arange(1, values.size + 1) if steps is None else np.asarray(steps)[: values.size]
        label, color, style, width = _LOSSES[name]
        positive = np.where(values > 0, values, np.nan)
        axes.plot(x, positive, label=label, color=color, linestyle=style, linewidth=width)
    _finish(figure, axes, marks)
    return figure


def plot_curves(
    steps: ArrayLike,
    columns: Mapping[str, ArrayLike],
    title: str,
    logarithmic: bool = True,
    marks: Marks = (),
) -> Figure:
    """One line per named column (n,) over `steps` (n,)."""
    x = np.asarray(steps)
    if not x.size or not columns:
        return plot_nothing()
    figure, axes = _axes(title, "log" if logarithmic else "linear")
    for (label, values), color in zip(columns.items(), _SERIES, strict=False):
        y = np.asarray(values, float)
        y = np.where(y > 0, y, np.nan) if logarithmic else y
        axes.plot(x, y, label=label, color=color, linewidth=1.8)
    _finish(figure, axes, marks)
    return figure


def plot_rate_distortion(
    bits: ArrayLike, mse: ArrayLike, points: Mapping[str, tuple[float, float]], nominal_bits: float
) -> Figure:
    """Bits that the codes of an image carry against test error.

    - `bits`, `mse`: the path of the run (n,); `points`: (bits, mse) of each number of levels now.
    """
    x, y = np.asarray(bits, float), np.asarray(mse, float)
    if not x.size:
        return plot_nothing()
    figure, axes = _axes("test MSE", "log")
    axes.plot(x, y, color=_ORANGE, alpha=0.45, label="the run so far")
    axes.plot(*zip(*points.values(), strict=True), "o--", color=_ORANGE, label="levels now")
    for name, place in points.items():
        axes.annotate(name, place, xytext=(6, 6), textcoords="offset points", fontsize=8)
    axes.axvline(nominal_bits, color=_PURPLE, linestyle=":", label="nominal rate")
    axes.set(xlabel="bits per image", xlim=(0, nominal_bits * 1.06))
    axes.legend(frameon=False, fontsize=8)
    return figure


def _axes(title: str, scale: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel="step", ylabel=title, yscale=scale)
    axes.grid(color="#eceef4")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _finish(figure: Figure, axes: Axes, marks: Marks) -> None:
    """Dashed lines where a knob moved, and the legend below the axes."""
    for step, text in marks:
        axes.axvline(step, color=_PURPLE, linestyle=":", linewidth=1)
        axes.annotate(
            text, (step, 0.99), xycoords=("data", "axes fraction"), rotation=90, fontsize=6,
            ha="right", va="top", color=_PURPLE,
        )  # fmt: skip
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=8)


def _columns(history: Any) -> dict[str, Any]:
    if not history:
        return {}
    if isinstance(history, Mapping):
        return dict(history)
    return {name: [record[name] for record in history] for name in history[0]}
