"""The Codes tab: the instrument. Its front end is assets/codes, its server side `handlers`."""

import gradio as gr

from distill.ui.assets_loader import join_scripts, join_styles, read_asset
from distill.ui.handlers import editing, exporting, listening, opening, transforming
from distill.ui.workshop import Workshop

# In order: later files use what earlier ones define.
SCRIPTS = (
    "shared/api.js",
    "shared/bytes.js",
    "codes/sound.js",
    "codes/player.js",
    "codes/timeline.js",
    "codes/canvas.js",
    "codes/wave.js",
    "codes/grid.js",
    "codes/overview.js",
    "codes/view.js",
    "codes/hear.js",
    "codes/edit.js",
    "codes/cells.js",
    "codes/rows.js",
    "codes/shelf.js",
    "codes/inspector.js",
    "codes/book.js",
    "codes/mix.js",
    "codes/export.js",
    "codes/parts.js",
    "codes/drawing.js",
    "codes/actions.js",
    "codes/typing.js",
    "codes/opening.js",
    "codes/pointer.js",
    "codes/keyboard.js",
    "codes/main.js",
)


def build_codes_tab(workshop: Workshop) -> gr.HTML:
    """The instrument as one component."""
    subjects = (opening, listening, editing, transforming, exporting)
    return gr.HTML(
        html_template=read_asset("codes/codes.html"),
        css_template=join_styles(("shared/base.css", "codes/codes.css")),
        js_on_load=join_scripts("codes", SCRIPTS),
        apply_default_css=False,
        elem_id="distill-codes",
        server_functions=[f for subject in subjects for f in subject.handlers(workshop)],
    )
