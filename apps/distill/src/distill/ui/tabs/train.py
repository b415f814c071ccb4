"""The Train tab. Its front end is assets/train, its server side `handlers.training`."""

import gradio as gr

from distill.ui.assets_loader import join_scripts, join_styles, read_asset
from distill.ui.handlers import training
from distill.ui.workshop import Workshop

_SCRIPTS = ("shared/api.js", "shared/bytes.js", "shared/slider.js", "train/main.js")
_STYLES = ("shared/base.css", "shared/forms.css", "train/train.css")


def build_train_tab(workshop: Workshop) -> gr.HTML:
    """The tab as one component."""
    return gr.HTML(
        html_template=read_asset("train/train.html"),
        css_template=join_styles(_STYLES),
        js_on_load=join_scripts("train", _SCRIPTS),
        apply_default_css=False,
        elem_id="distill-train",
        server_functions=training.handlers(workshop),
    )
