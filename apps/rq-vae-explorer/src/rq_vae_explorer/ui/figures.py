"""Every view of the page as a figure, drawn from a snapshot; a past view may stand in for today's.

snapshot -> **figures** -> plots -> exports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from matplotlib.figure import Figure

from rq_vae_explorer.training.codebook import DEAD_SHARE
from rq_vae_explorer.training.snapshot import Curves, Snapshot, View
from rq_vae_explorer.ui import plots, wire
from rq_vae_explorer.ui.plots.blank import plot_nothing


def draw_figure(snapshot: Snapshot, name: str, past: View | None = None) -> Figure:
    """The view `name` (a key of `FIGURES`), of `past` instead of now where it depends on a view."""
    return FIGURES[name](snapshot if past is None else replace(snapshot, view=past))


def _planes(snapshot: Snapshot) -> Figure:
    view, data = snapshot.view, snapshot.dataset
    if view is None or data is None:
        return plot_nothing()
    dead_share = DEAD_SHARE / view.codebook.shape[1]
    return plots.plot_codebook_2d(view.codebook, view.z_e, data.labels, view.usage_ema, dead_share)


def _losses(snapshot: Snapshot) -> Figure:
    curves = snapshot.curves
    shown = ("recon", "weighted_commit", "weighted_codebook", "weighted_sinkhorn", "total")
    train = {name: values for name, values in _train(curves).items() if name in shown}
    tests = {f"test_{name}": values for name, values in _tests(curves).items()}
    history: dict[str, Any] = {
        "step": curves.train_steps, "test_step": curves.test_steps, **train, **tests,
    }  # fmt: skip
    return plots.plot_loss_curves(history, _marks(curves))


def _motion(snapshot: Snapshot) -> Figure:
    curves = snapshot.curves
    train = _train(curves)
    names = {"code motion per step": "codebook_motion", "gradient norm": "gradient_norm"}
    columns = {title: train[name] for title, name in names.items()}
    return plots.plot_curves(curves.train_steps, columns, "motion", marks=_marks(curves))


def _per_level(
    name: str, title: str, label: str, logarithmic: bool = True
) -> Callable[[Snapshot], Figure]:
    def draw(snapshot: Snapshot) -> Figure:
        curves = snapshot.curves
        start = f"{name}_"
        columns = {
            f"{label} {column.removeprefix(start)}": values
            for column, values in _tests(curves).items()
            if column.startswith(start)
        }
        return plots.plot_curves(curves.test_steps, columns, title, logarithmic, _marks(curves))

    return draw


def _rate(snapshot: Snapshot) -> Figure:
    view, tests = snapshot.view, _tests(snapshot.curves)
    if view is None or not len(snapshot.curves.test_steps):
        return plot_nothing()
    levels = len(view.levels)
    points = {"level 1": (view.levels[0].entropy_bits, float(tests["recon_1"][-1]))}
    if levels > 1:
        points[f"levels 1–{levels}"] = (view.joint_entropy_bits, float(tests["recon"][-1]))
    return plots.plot_rate_distortion(tests["bits"], tests["recon"], points, view.nominal_bits)


def _reconstructions(snapshot: Snapshot) -> Figure:
    view = snapshot.view
    if view is None:
        return plot_nothing()
    titles = wire.pack_description(snapshot)["picture_titles"]
    rows = [view.sample_inputs, *view.sample_recons, view.sample_unquantised]
    return plots.plot_picture_rows(titles, rows)


def _usage(snapshot: Snapshot) -> Figure:
    view, data = snapshot.view, snapshot.dataset
    if view is None or data is None:
        return plot_nothing()
    return plots.plot_usage(view.usage_ema, view.usage_by_class, view.dead, data.classes)


def _map(snapshot: Snapshot) -> Figure:
    gallery, view = snapshot.gallery, snapshot.view
    if gallery is None or view is None:
        return plot_nothing()
    codes = wire.to_plane(view, view.codebook)[0]
    return plots.plot_decoded_map(gallery.plane_images, gallery.plane_extent, codes, ~view.dead[0])


def _atlas(snapshot: Snapshot) -> Figure:
    gallery = snapshot.gallery
    if gallery is None:
        return plot_nothing()
    return plots.plot_atlas(gallery.level1_images, "Each code of level 1 alone")


def _pairs(snapshot: Snapshot) -> Figure:
    gallery = snapshot.gallery
    if gallery is None or gallery.pair_images is None:
        return plot_nothing(
            "Pairs need two levels of at most 16 codes" if gallery else "No data yet"
        )
    return plots.plot_pairs(gallery.pair_images, "Every pair of codes")


def _train(curves: Curves) -> dict[str, Any]:
    return {name: curves.train[:, i] for i, name in enumerate(curves.train_names)}


def _tests(curves: Curves) -> dict[str, Any]:
    return {name: curves.test[:, i] for i, name in enumerate(curves.test_names)}


def _marks(curves: Curves) -> list[tuple[int, str]]:
    return [(mark.step, f"{mark.name} = {mark.new}") for mark in curves.marks]


FIGURES: dict[str, Callable[[Snapshot], Figure]] = {
    "planes": _planes,
    "loss": _losses,
    "error": _per_level("error", "error after each level, part of var(z)", "after level"),
    "recon": _per_level("recon", "test MSE", "levels to"),
    "perplexity": _per_level("perplexity", "perplexity", "level", logarithmic=False),
    "rate": _rate,
    "motion": _motion,
    "reconstructions": _reconstructions,
    "usage": _usage,
    "map": _map,
    "atlas": _atlas,
    "pairs": _pairs,
}
