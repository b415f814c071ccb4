"""The canvas dashboard: one `gr.HTML` whose drawing code ships in `static/` and polls the feed."""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi import Response

from rq_vae_explorer.ui.assets import dashboard_script, dashboard_style, read_asset
from rq_vae_explorer.ui.endpoints import answer_act, answer_part
from rq_vae_explorer.ui.runs import Runs


def create_dashboard(runs: Runs) -> gr.HTML:
    """The component for these runs; must be called inside a `gr.Blocks`."""

    async def fetch_part(request: object) -> Response:
        return answer_part(runs, request)

    def act(request: object) -> dict[str, Any]:  # not async: it waits for the trainer
        return answer_act(runs, request)

    return gr.HTML(
        html_template=read_asset("dashboard.html"),
        css_template=dashboard_style(),
        js_on_load=dashboard_script(),
        server_functions=[fetch_part, act],
        apply_default_css=False,
        elem_id="dashboard",
    )
