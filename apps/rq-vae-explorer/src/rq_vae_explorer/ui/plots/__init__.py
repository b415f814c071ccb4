"""Figures for export, drawn with matplotlib's object API (no pyplot: handlers run in threads).

They show what the canvas shows and say "No data yet" when there is nothing. `L` levels, `K` codes,
`D` latent width, `N` vectors, `B` images. `figures.py` draws them from a snapshot.
"""

from rq_vae_explorer.ui.plots.curves import plot_curves, plot_loss_curves, plot_rate_distortion
from rq_vae_explorer.ui.plots.pictures import (
    plot_atlas,
    plot_decoded_map,
    plot_pairs,
    plot_picture_rows,
    plot_reconstructions,
)
from rq_vae_explorer.ui.plots.planes import plot_codebook_2d
from rq_vae_explorer.ui.plots.usage import get_codebook_health, plot_usage

__all__ = [
    "get_codebook_health",
    "plot_atlas",
    "plot_codebook_2d",
    "plot_curves",
    "plot_decoded_map",
    "plot_loss_curves",
    "plot_pairs",
    "plot_picture_rows",
    "plot_rate_distortion",
    "plot_reconstructions",
    "plot_usage",
]
