"""The page "RQ-VAE Explorer": `create_app()` builds it, `main()` serves it on this machine.

trainer (background thread) -> snapshots -> feed -> **page**. All tabs share one run.
Run it with `rq-vae-explorer`.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.controls import create_step_button, create_training_controls
from rq_vae_explorer.ui.dashboard import create_dashboard
from rq_vae_explorer.ui.feed import Feed
from rq_vae_explorer.ui.hands import Hands
from rq_vae_explorer.ui.knobs import Knobs, create_knobs
from rq_vae_explorer.ui.recipe import Recipe, create_recipe
from rq_vae_explorer.ui.serve import serve

TITLE = "RQ-VAE Explorer"
_QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
_HEADING = (
    f"<h1>{TITLE}</h1><p>Watch a residual-quantised autoencoder learn its codes, and step in.</p>"
)


def create_app(trainer: Trainer | None = None) -> gr.Blocks:
    """Build the page for a run; a new default run if none is given."""
    run = trainer or Trainer()
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="rq-bar"):
            gr.HTML(_HEADING, elem_id="rq-title", apply_default_css=False, min_width=280)
            with gr.Row(elem_id="rq-actions"):
                controls = create_training_controls()
                step = create_step_button()
        with gr.Row(elem_id="rq-body"):
            with gr.Column(scale=0, min_width=300, elem_id="rq-knobs"):
                knobs = create_knobs()
                recipe = create_recipe()
            with gr.Column(scale=1, min_width=300, elem_id="rq-main"):
                dashboard = create_dashboard(Feed(run.snapshot), Hands(run))

        controls.start.click(lambda: run.start(wait=False), **_QUICK)
        controls.stop.click(lambda: run.stop(wait=False), **_QUICK)
        controls.reset.click(lambda: _do(run.reset), **_QUICK)
        step.click(lambda: _do(run.step_once), **_QUICK)
        _connect_settings(run, knobs, recipe, page, dashboard)
    return page


def _connect_settings(
    run: Trainer, knobs: Knobs, recipe: Recipe, page: gr.Blocks, dashboard: gr.HTML
) -> None:
    knobs.connect(lambda name, value: _do(run.set_hyper, **{name: value}))
    knobs.kmeans.click(lambda: _do(run.kmeans_now), **_QUICK)
    knobs.restart_now.click(lambda: _do(run.restart_dead_now), **_QUICK)
    recipe.apply.click(
        lambda *values: _do(run.reset, **recipe.settings(*values)),
        list(recipe.widgets.values()),
        show_progress="hidden",
        api_visibility="private",
    )

    def live_values() -> list[object]:
        now = run.snapshot()
        return [*knobs.values(now.hyper), *recipe.values(now.config)]

    # A new tab, and a tab whose run was changed from another one, shows what the run uses.
    shown = [*knobs.widgets.values(), *recipe.widgets.values()]
    page.load(live_values, outputs=shown, **_QUICK)
    dashboard.sync(live_values, outputs=shown, **_QUICK)


def _do(action: Any, **settings: Any) -> None:
    """Run a command; a refused value becomes a message in the page."""
    try:
        action(**settings)
    except ValueError as problem:
        raise gr.Error(str(problem), print_exception=False) from None


def main(
    host: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
    trainer: Trainer | None = None,
) -> None:
    """Serve the page until Ctrl-C; see `serve.serve` for addresses and exit codes."""
    serve(lambda: trainer or Trainer(), create_app, host, port, open_browser)
