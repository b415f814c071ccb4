"""The page "RQ-VAE Explorer": `create_app()` builds it, `main()` serves it on this machine.

trainer (background thread) -> snapshots -> feed -> **page**. All tabs share one run, unless a
visitor forks a private one.
Run it with `rq-vae-explorer`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import escape

from rq_vae_explorer.training.runs import RunError
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.controls import (
    create_speed_choice,
    create_step_button,
    create_training_controls,
    speed_shown,
)
from rq_vae_explorer.ui.dashboard import create_dashboard
from rq_vae_explorer.ui.exports import import_run
from rq_vae_explorer.ui.knobs import Knobs, create_knobs
from rq_vae_explorer.ui.lessons import create_lessons, lesson_settings
from rq_vae_explorer.ui.recipe import Recipe, create_recipe
from rq_vae_explorer.ui.runs import SHARED, Runs
from rq_vae_explorer.ui.serve import serve

TITLE = "RQ-VAE Explorer"
_QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
_HEADING = (
    f"<h1>{TITLE}</h1><p>Watch a residual-quantised autoencoder learn its codes, and step in.</p>"
)

_READ_TOKEN = "() => new URLSearchParams(location.search).get('run') || ''"


def create_app(trainer: Trainer | None = None) -> gr.Blocks:
    """Build the page for a run; a new default run if none is given."""
    runs = Runs(trainer or Trainer())
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        # Which run this tab looks at: read from the address, an input of every event.
        token = gr.Textbox(SHARED, visible="hidden", elem_id="run-token")
        with gr.Row(elem_id="rq-bar"):
            gr.HTML(_HEADING, elem_id="rq-title", apply_default_css=False, min_width=280)
            with gr.Row(elem_id="rq-actions"):
                controls = create_training_controls()
                step = create_step_button()
                speed = create_speed_choice()
        with gr.Row(elem_id="rq-body"):
            with gr.Column(scale=0, min_width=300, elem_id="rq-knobs"):
                lessons = create_lessons()
                knobs = create_knobs()
                recipe = create_recipe()
                upload = gr.UploadButton(
                    "Import a run", file_types=[".zip"], size="sm", elem_id="import-button"
                )
            with gr.Column(scale=1, min_width=300, elem_id="rq-main"):
                dashboard = create_dashboard(runs)

        def on(button: gr.Button, action: Callable[[Trainer], object]) -> None:
            button.click(lambda token: _do(lambda: action(runs.run(token))), token, **_QUICK)

        on(controls.start, lambda run: run.start(wait=False))
        on(controls.stop, lambda run: run.stop(wait=False))
        on(controls.reset, lambda run: run.reset())
        on(step, lambda run: run.step_once())
        on(knobs.kmeans, lambda run: run.kmeans_now())
        on(knobs.restart_now, lambda run: run.restart_dead_now())
        lessons.run.click(
            lambda name, token: _do(lambda: _teach(runs.run(token), name)),
            [lessons.choice, token],
            api_visibility="private",
        )
        upload.upload(
            lambda path, token: _do(lambda: import_run(runs.run(token), path)),
            [upload, token],
            api_visibility="private",
        )
        speed.input(
            lambda limit, token: _do(lambda: runs.run(token).set_speed_limit(limit or None)),
            [speed, token],
            **_QUICK,
        )
        _connect_settings(runs, token, knobs, recipe, speed, page, dashboard)
    return page


def _connect_settings(
    runs: Runs,
    token: gr.Textbox,
    knobs: Knobs,
    recipe: Recipe,
    speed: gr.Dropdown,
    page: gr.Blocks,
    dashboard: gr.HTML,
) -> None:
    knobs.connect(
        lambda name, value, token: _do(lambda: runs.run(token).set_hyper(**{name: value})), token
    )
    recipe.apply.click(
        lambda token, *values: _do(lambda: runs.run(token).reset(**recipe.settings(*values))),
        [token, *recipe.widgets.values()],
        show_progress="hidden",
        api_visibility="private",
    )

    def live_values(token: str) -> Any:
        try:
            now = runs.run(token).snapshot()
        except ValueError:  # that private run has ended; the dashboard says so
            return gr.skip()
        pace = speed_shown(now.speed_limit)
        return [pace, *knobs.values(now.hyper), *recipe.values(now.config)]

    # A new tab, and a tab whose run was changed from another one, shows what the run uses.
    shown = [speed, *knobs.widgets.values(), *recipe.widgets.values()]
    page.load(lambda token: token, token, token, js=_READ_TOKEN, **_QUICK).then(
        live_values, token, shown, **_QUICK
    )
    dashboard.sync(live_values, token, shown, **_QUICK)


def _teach(run: Trainer, name: str) -> None:
    run.reset(**lesson_settings(name))
    run.start(wait=False)


def _do(action: Callable[[], Any]) -> Any:
    """Run a command; a refused value becomes a message in the page."""
    try:
        return action()
    except (ValueError, RunError) as problem:
        told = str(problem)
    except OSError as problem:  # no room for what is to be unpacked
        told = f"a file cannot be written: {problem.strerror or problem}"
    # Gradio takes the text as markup and keeps pictures and links, whose names a file may bring.
    raise gr.Error(str(escape(told)), print_exception=False)


def main(
    host: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
    trainer: Trainer | None = None,
) -> None:
    """Serve the page until Ctrl-C; see `serve.serve` for addresses and exit codes."""

    def prepared() -> Trainer:
        run = trainer or Trainer()
        run.prepare()
        return run

    serve(prepared, create_app, host, port, open_browser)
