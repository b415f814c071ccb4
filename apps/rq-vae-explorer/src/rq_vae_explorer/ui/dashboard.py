"""The canvas dashboard: one `gr.HTML` whose drawing code ships in `assets/` and polls the feed."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr
from fastapi import Response

from rq_vae_explorer.ui.feed import Feed
from rq_vae_explorer.ui.hands import Hands

_ASSETS = files("rq_vae_explorer.ui") / "assets"


def read_asset(name: str) -> str:
    """Text of one file of `assets/`."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def dashboard_script() -> str:
    """All `assets/*.js` in the order of their numbers: one function body for the component."""
    names = sorted(entry.name for entry in _ASSETS.iterdir() if entry.name.endswith(".js"))
    return "\n".join(read_asset(name) for name in names)


def create_dashboard(feed: Feed, hands: Hands) -> gr.HTML:
    """The component, fed by `feed` and obeyed by `hands`; must be called inside a `gr.Blocks`."""

    async def fetch_part(request: object) -> Response:
        return feed.answer(request)

    def act(request: object) -> dict[str, Any]:  # not async: it waits for the trainer
        return hands.act(request)

    return gr.HTML(
        html_template=read_asset("dashboard.html"),
        css_template=read_asset("dashboard.css"),
        js_on_load=dashboard_script(),
        server_functions=[fetch_part, act],
        apply_default_css=False,
        elem_id="dashboard",
    )
