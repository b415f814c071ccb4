"""Parts of the page that stand alone."""

from distill.ui.components.code_grid import (
    DEFAULT_LEVEL_LABELS,
    get_level_labels,
    render_code_grid,
)

__all__ = ["DEFAULT_LEVEL_LABELS", "get_level_labels", "render_code_grid"]
