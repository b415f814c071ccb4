"""Taking a run away: figures as PNG, the run as a zip, the whole course as one HTML page.

All are made in memory from one snapshot and the run's timeline; `import_run` reads a zip back.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from rq_vae_explorer.training.runs import ARRAYS, SETTINGS
from rq_vae_explorer.training.snapshot import Snapshot, Status, View
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui import wire
from rq_vae_explorer.ui.assets import dashboard_script, dashboard_style, read_asset
from rq_vae_explorer.ui.figures import draw_figure

_REPLAY_VIEWS = 120
_MOST_BYTES = 512 * 1024 * 1024  # of an unpacked run; a run of the largest network has 200 MB
_DPI = 150


def figure_png(snapshot: Snapshot, name: str, past: View | None = None) -> bytes:
    """A view as PNG; `name` is one of `figures.FIGURES`, `past` a view to show instead of now's."""
    sheet = io.BytesIO()
    figure = draw_figure(snapshot, name, past)
    figure.savefig(sheet, format="png", dpi=_DPI, facecolor="white")
    return sheet.getvalue()


def run_zip(run: Trainer) -> bytes:
    """Weights, codes, optimiser and settings as a zip of safetensors and JSON."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        run.save(folder)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in (SETTINGS, ARRAYS):
                archive.write(Path(folder) / name, name)
    return packed.getvalue()


def import_run(run: Trainer, path: str | Path) -> None:
    """Replace the run by one from a zip that `run_zip` made.

    Raises:
        ValueError: it is not such a zip.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in (SETTINGS, ARRAYS):
            (Path(folder) / name).write_bytes(_unpacked(path, name))
        run.load(folder)


def _unpacked(path: str | Path, name: str) -> bytes:
    """One file of a zip, by a known name: never a path out of the archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(name).file_size
            content = archive.read(name) if size <= _MOST_BYTES else None
    except Exception:  # of a damaged or encrypted archive the library raises a dozen kinds
        raise ValueError("that file is not an exported run") from None
    if content is None:
        raise ValueError("that run is too large")
    return content


def replay_html(run: Trainer) -> bytes:
    """The run so far as one page that opens from disk, without Python and without a network."""
    snapshot, views = run.snapshot(), run.timeline()
    if snapshot.view is None or not views:
        raise ValueError("nothing to replay yet: start training first")
    chosen = sorted(set(np.linspace(0, len(views) - 1, _REPLAY_VIEWS).astype(int)))
    course = {
        "parts": _still_parts(snapshot),
        "views": [_slim(views[i]) for i in chosen],
    }
    packed = base64.b64encode(gzip.compress(json.dumps(course).encode(), 6)).decode("ascii")
    page = read_asset("replay.html")
    for mark, text in {
        "/*STYLE*/": dashboard_style(),
        "<!--DASHBOARD-->": read_asset("dashboard.html"),
        "/*SCRIPT*/": dashboard_script(),
        "COURSE": packed,
    }.items():
        page = page.replace(mark, text, 1)
    return page.encode()


def _still_parts(snapshot: Snapshot) -> dict[str, Any]:
    frame = {**wire.pack_frame(snapshot), "status": str(Status.PAUSED), "steps_per_second": 0}
    return {
        "frame": frame,
        "description": wire.pack_description(snapshot),
        "curves": wire.pack_curves(snapshot),
        "pictures": wire.pack_pictures(snapshot),
        "gallery": wire.pack_gallery(snapshot),
        "images": wire.pack_images(snapshot),
    }


def _slim(view: View) -> dict[str, Any]:
    return {"step": view.step, "view": wire.pack_view(view)}
