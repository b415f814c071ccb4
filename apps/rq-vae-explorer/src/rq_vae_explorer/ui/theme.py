"""Look of the native widgets: one accent, quiet surfaces, fonts that Gradio serves itself."""

import gradio as gr
from gradio.themes.utils.fonts import LocalFont


def page_theme() -> gr.themes.Base:
    """The theme; no font or file comes from another host."""
    return gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        # Gradio's SemiBold file lacks common letters; 600 falls to the complete Bold.
        font=[
            LocalFont("IBM Plex Sans", weights=(400, 700)),
            "ui-sans-serif",
            "system-ui",
            "sans-serif",
        ],
        font_mono=[LocalFont("IBM Plex Mono"), "ui-monospace", "monospace"],
    ).set(
        body_background_fill="#f5f6fa",
        body_background_fill_dark="#0e111a",
        block_background_fill="#ffffff",
        block_background_fill_dark="#161a26",
        block_border_color="#eceef4",
        block_border_color_dark="#262b3a",
        block_border_width="1px",
        block_label_text_weight="500",
        block_title_text_weight="500",
        block_shadow="none",
        block_info_text_color="#646a7e",
        block_info_text_color_dark="#9aa1b5",
        body_text_color="#14161f",
        body_text_color_dark="#eef0f6",
        slider_color="#4f46e5",
        slider_color_dark="#a5a3ff",
        button_primary_background_fill="#4f46e5",
        button_primary_background_fill_hover="#4338ca",
        button_primary_background_fill_dark="#5b54ea",
        button_primary_background_fill_hover_dark="#6d67f0",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#1d2231",
        button_secondary_border_color="#c3c7d4",
        button_secondary_border_color_dark="#4a5065",
        button_transition="none",
    )
