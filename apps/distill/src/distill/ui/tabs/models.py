"""The Models tab. Its front end is assets/models, its server side `handlers.shelving`."""

import gradio as gr

from distill.ui.assets_loader import join_scripts, join_styles, read_asset
from distill.ui.handlers import shelving
from distill.ui.workshop import Workshop

_SCRIPTS = ("shared/api.js", "shared/bytes.js", "models/main.js")
_STYLES = ("shared/base.css", "shared/forms.css", "models/models.css")


def build_models_tab(workshop: Workshop) -> gr.HTML:
    """The tab as one component."""
    return gr.HTML(
        html_template=read_asset("models/models.html"),
        css_template=join_styles(_STYLES),
        js_on_load=join_scripts("models", _SCRIPTS),
        apply_default_css=False,
        elem_id="distill-models",
        server_functions=shelving.handlers(workshop),
    )
