"""The codes of one picture as an HTML page: one token grid per level."""

import numpy as np
from markupsafe import Markup

from vq_common.grid_html import render_grid

PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>Codes of {name}</title>'
    "<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}}"
    "h2{{margin:1.5rem 0 .5rem}}</style></head><body><h1>Codes of {name}</h1>"
    "<p>{summary}</p>{grids}</body></html>\n"
)


def code_page(codes: np.ndarray, name: str) -> str:
    """HTML for the codes int (h, w) or (h, w, L) of the picture called `name`."""
    levels = codes[..., None] if codes.ndim == 2 else codes
    height, width, count = levels.shape
    parts = []
    for level in range(count):
        grid = render_grid(
            levels[..., level],
            [f"row {row}" for row in range(height)],
            column_headers={column: str(column) for column in range(0, width, 5)},
            grid_label=f"Codes of level {level + 1}",
            label_width=56,
        )
        parts.append(Markup("<h2>Level {}</h2>").format(level + 1) + Markup(grid))
    summary = (
        f"{height} x {width} positions of 16x16 pixels, {count} residual level(s), "
        "the coarsest first; equal numbers have equal colours."
    )
    return str(PAGE.format(name=name, summary=summary, grids=Markup("").join(parts)))
