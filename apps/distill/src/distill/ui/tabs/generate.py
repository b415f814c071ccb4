"""The Generate tab. Its front end is assets/generate, its server side `handlers.generating`."""

import gradio as gr

from distill.ui.assets_loader import join_scripts, join_styles, read_asset
from distill.ui.handlers import generating
from distill.ui.workshop import Workshop

_SCRIPTS = ("shared/api.js", "shared/bytes.js", "shared/slider.js", "generate/main.js")
_STYLES = ("shared/base.css", "shared/forms.css")


def build_generate_tab(workshop: Workshop) -> gr.HTML:
    """The tab as one component."""
    return gr.HTML(
        html_template=read_asset("generate/generate.html"),
        css_template=join_styles(_STYLES),
        js_on_load=join_scripts("generate", _SCRIPTS),
        apply_default_css=False,
        elem_id="distill-generate",
        server_functions=generating.handlers(workshop),
    )
