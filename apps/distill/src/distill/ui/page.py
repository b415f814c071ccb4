"""Theme and tabs of the page."""

import gradio as gr

from distill.ui.assets_loader import read_asset
from distill.ui.tabs import TABS
from distill.ui.workshop import Workshop


def theme() -> gr.themes.Base:
    """Warm paper by day, warm black by night; the fonts come with gradio."""
    text = gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700))
    mono = gr.themes.LocalFont("IBM Plex Mono", weights=(400, 600))
    return gr.themes.Base(
        primary_hue="orange",
        neutral_hue="stone",
        font=[text, "system-ui", "sans-serif"],
        font_mono=[mono, "ui-monospace", "monospace"],
    ).set(
        body_background_fill="#f6f2ea",
        body_background_fill_dark="#100d0b",
        body_text_color="#1e1a15",
        body_text_color_dark="#f6f0e7",
        block_background_fill="transparent",
        block_border_width="0px",
    )


def build_page(workshop: Workshop) -> gr.Blocks:
    """The page: a masthead and one tab per subject."""
    with gr.Blocks(title="distill", analytics_enabled=False, fill_width=True) as demo:
        gr.HTML(read_asset("shared/masthead.html"), apply_default_css=False, js_on_load=None)
        with gr.Tabs(elem_id="distill-tabs"):
            for name, build in TABS.items():
                with gr.Tab(name):
                    build(workshop)
    return demo
