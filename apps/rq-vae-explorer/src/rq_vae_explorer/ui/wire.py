"""How a snapshot travels to a browser: JSON with base64 arrays, in parts by how fast they change.

snapshot -> **wire** -> feed -> canvas. Each `pack_*` is a pure function of one snapshot. Arrays
are `{"dtype", "shape", "data"}` with `data` base64 of the C-ordered, little-endian bytes. Latent
vectors go out as plane coordinates by the snapshot's own projection.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.training.codebook import DEAD_SHARE
from rq_vae_explorer.training.snapshot import F32, Curves, LevelHealth, Snapshot, View
from rq_vae_explorer.ui.palette import DIGIT_COLORS, USAGE_HEAT
from vq_common.colormaps import text_color

_DTYPES = {"f32": np.dtype("<f4"), "i32": np.dtype("<i4"), "u8": np.dtype("u1")}
_NEWEST_EVENTS = 40


def pack_array(array: NDArray[Any], dtype: str) -> dict[str, Any]:
    """An array as JSON; `dtype` is f32, i32 or u8."""
    data = np.ascontiguousarray(array, _DTYPES[dtype])
    return {
        "dtype": dtype,
        "shape": list(data.shape),
        "data": base64.b64encode(data.tobytes()).decode("ascii"),
    }


def run_key(snapshot: Snapshot) -> str:
    """Changes whenever the description does: with each reset, and when the images are loaded."""
    name = snapshot.dataset.name if snapshot.dataset else ""
    return f"{snapshot.run_id}.{snapshot.generation}.{name}"


def part_keys(snapshot: Snapshot) -> dict[str, str]:
    """A key per part; a browser asks for a part again when its key differs from what it has."""
    run, curves, gallery = run_key(snapshot), snapshot.curves, snapshot.gallery
    drawn = f"{len(curves.marks)}.{curves.test_steps[-1] if len(curves.test_steps) else 0}"
    return {
        "frame": str(snapshot.version),
        "description": run,
        "curves": f"{run}.{snapshot.step}.{drawn}",
        "pictures": f"{run}.{snapshot.version}",
        "gallery": f"{run}.{gallery.step if gallery else -1}",
        "images": run,
    }


def to_plane(view: View, vectors: F32) -> F32:
    """Per-level vectors `(L, n, D)` in plane coordinates `(L, n, 2)`; only level 1 has the mean."""
    plane = vectors @ view.projection.basis  # (L, n, 2)
    plane[0] -= view.projection.mean @ view.projection.basis
    return plane


def pack_frame(snapshot: Snapshot) -> dict[str, Any]:
    """What changes with every chunk of training."""
    frame: dict[str, Any] = {
        "keys": part_keys(snapshot),
        "status": str(snapshot.status),
        "message": snapshot.message or (snapshot.dataset.notice if snapshot.dataset else ""),
        "step": snapshot.step,
        "steps_per_second": snapshot.steps_per_second,
        "hyper": snapshot.hyper.model_dump(),
        "speed_limit": snapshot.speed_limit,
        "test_mse": _last(snapshot.curves, "recon"),
        "view": None,
        "events": [
            {"step": e.step, "kind": e.kind, "text": e.text}
            for e in snapshot.events[-_NEWEST_EVENTS:]
        ],
    }
    if snapshot.view is not None:
        frame["view"] = _pack_planes(snapshot.view)
    return frame


def pack_view(view: View) -> dict[str, Any]:
    """What depends on the codes at one step of the past: planes, figures and reconstructions."""
    return _pack_planes(view) | _pack_rows(view)


def pack_pictures(snapshot: Snapshot) -> dict[str, Any]:
    """The reconstructions of now: more bytes than all else in a frame, and looked at less often."""
    rows = {"pictures": None} if snapshot.view is None else _pack_rows(snapshot.view)
    return {"key": part_keys(snapshot)["pictures"], **rows}


def _pack_rows(view: View) -> dict[str, Any]:
    pictures = np.concatenate(
        [view.sample_inputs[None], view.sample_recons, view.sample_unquantised[None]]
    )  # (L + 2, 10, 28, 28)
    return {
        "pictures": pack_array(pictures, "u8"),
        "picture_codes": view.sample_indices.tolist(),
    }


def _pack_planes(view: View) -> dict[str, Any]:
    basis = view.projection.basis
    return {
        "vectors": pack_array(to_plane(view, view.residuals), "f32"),
        "codes": pack_array(to_plane(view, view.codebook), "f32"),
        "motion": pack_array(view.codebook_motion @ basis, "f32"),
        "gradient": pack_array(view.codebook_gradient @ basis, "f32"),
        "indices": pack_array(view.indices.T, "u8"),  # (L, N)
        "alive": pack_array(~view.dead, "u8"),
        "share": pack_array(view.usage_ema, "f32"),
        "digit_usage": pack_array(view.usage_by_class, "i32"),
        "health": [_pack_health(level) for level in view.levels],
        "joint_bits": _finite(view.joint_entropy_bits),
        "nominal_bits": view.nominal_bits,
        "pairs_used": view.pairs_used,
    }


def _pack_health(level: LevelHealth) -> dict[str, Any]:
    return {
        "active": level.active,
        "dead": level.dead,
        "perplexity": _finite(level.perplexity),
        "bits": _finite(level.entropy_bits),
        "error": _finite(level.error),
    }


def _last(curves: Curves, name: str) -> float | None:
    if not len(curves.test_steps) or name not in curves.test_names:
        return None
    return _finite(curves.test[-1, curves.test_names.index(name)])


def _finite(value: float | np.floating) -> float | None:
    """JSON has no NaN: a diverged run shows a dash."""
    return float(value) if np.isfinite(value) else None


def pack_description(snapshot: Snapshot) -> dict[str, Any]:
    """What stays the same until the next reset."""
    config, data = snapshot.config, snapshot.dataset
    levels = range(1, config.num_levels + 1)
    return {
        "key": run_key(snapshot),
        "config": config.model_dump(),
        "defaults": {**RunConfig().model_dump(), **Hyper().model_dump(), "speed": 0},
        "levels": config.num_levels,
        "codes": config.num_codes,
        "projected": config.latent_dim > 2,
        "digits": list(DIGIT_COLORS),
        "heat": USAGE_HEAT,
        "heat_inks": {name: [text_color(c) for c in ramp] for name, ramp in USAGE_HEAT.items()},
        "dead_share": DEAD_SHARE,
        "picture_titles": [
            "Input",
            *("Level 1" if n == 1 else f"Levels 1–{n}" for n in levels),
            "Unquantised",
        ],
        "dataset": data.name if data else "",
        "classes": list(data.classes) if data else [str(d) for d in range(10)],
        "labels": pack_array(data.labels if data else np.zeros(0), "u8"),
    }


def pack_curves(snapshot: Snapshot) -> dict[str, Any]:
    """Loss histories, slider marks and the trails of the codes."""
    curves = snapshot.curves
    columns = {name: curves.train[:, i] for i, name in enumerate(curves.train_names)}
    tests = {name: curves.test[:, i] for i, name in enumerate(curves.test_names)}
    recon = curves.train_names.index("recon")
    return {
        "key": part_keys(snapshot)["curves"],
        "train_steps": pack_array(curves.train_steps, "i32"),
        "train": {name: pack_array(values, "f32") for name, values in columns.items()},
        "low": pack_array(curves.train_low[:, recon], "f32"),
        "high": pack_array(curves.train_high[:, recon], "f32"),
        "test_steps": pack_array(curves.test_steps, "i32"),
        "test": {name: pack_array(values, "f32") for name, values in tests.items()},
        "marks": [
            {"step": m.step, "name": m.name, "old": m.old, "new": m.new} for m in curves.marks
        ],
        "trails": pack_array(_trails(snapshot), "f32"),
    }


def _trails(snapshot: Snapshot) -> F32:
    """Code positions over time `(L, T, K, 2)` in today's plane."""
    view, trails = snapshot.view, snapshot.trails
    if view is None or not len(trails.steps):
        return np.zeros((0, 0, 0, 2), np.float32)
    levels, codes = view.codebook.shape[:2]
    past = trails.codes.transpose(1, 0, 2, 3)  # (L, T, K, D)
    flat = to_plane(view, past.reshape(levels, -1, past.shape[-1]))  # (L, T*K, 2)
    return flat.reshape(levels, -1, codes, 2)


def pack_gallery(snapshot: Snapshot) -> dict[str, Any]:
    """Decoded pictures: the map of the plane, each code, each pair of codes; encoder arrows."""
    gallery, view = snapshot.gallery, snapshot.view
    reply: dict[str, Any] = {"key": part_keys(snapshot)["gallery"], "gallery": None}
    if gallery is None or view is None:
        return reply
    points = (gallery.gradient_points - view.projection.mean) @ view.projection.basis
    pairs = gallery.pair_images
    reply["gallery"] = {
        "step": gallery.step,
        "level1": pack_array(gallery.level1_images, "u8"),
        "pairs": None if pairs is None else pack_array(pairs, "u8"),
        "plane": pack_array(gallery.plane_images, "u8"),
        "extent": [_finite(edge) for edge in gallery.plane_extent],
        "arrow_points": pack_array(points, "f32"),
        "arrows": pack_array(gallery.gradient_arrows @ view.projection.basis, "f32"),
    }
    return reply


def pack_images(snapshot: Snapshot) -> dict[str, Any]:
    """The test digits of all views: about a megabyte, fetched by who hovers over them."""
    images = snapshot.dataset.images if snapshot.dataset else np.zeros((0, 28, 28))
    return {"key": run_key(snapshot), "images": pack_array(images, "u8")}
