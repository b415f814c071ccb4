"""Widgets and texts of the page."""

import gradio as gr
import pytest

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.ui.controls import (
    create_lambda_sliders,
    create_training_controls,
    format_health_text,
    format_step_text,
)
from rq_vae_explorer.ui.knobs import create_knobs
from rq_vae_explorer.ui.recipe import create_recipe


def test_step_text():
    assert format_step_text(1234, True) == "**Step:** 1,234 | Training"
    assert format_step_text(0, False) == "**Step:** 0 | Paused"


def test_health_text_breaks_lines_in_markdown():
    health = [
        {"level": 1, "active": 14, "dead": 2, "total": 16},
        {"level": 2, "active": 16, "dead": 0, "total": 16},
    ]
    first, second = format_health_text(health).split("  \n")
    assert first == "Level 1: 14/16 active, 2 dead"
    assert second == "Level 2: 16/16 active"


def test_health_text_without_data():
    assert "No data" in format_health_text([])


def test_loss_weights_go_from_0_to_2_and_start_at_the_defaults():
    commit, codebook = create_lambda_sliders()
    assert (commit.value, codebook.value) == (0.25, 1.0)
    for slider in (commit, codebook):
        assert (slider.minimum, slider.maximum, slider.step) == (0, 2, 0.05)


def test_buttons_carry_their_names():
    start, stop, reset = create_training_controls()
    assert [start.value, stop.value, reset.value] == ["Start Training", "Stop", "Reset"]


def test_every_live_knob_and_every_setting_of_a_run_has_a_widget_at_its_default():
    with gr.Blocks():
        knobs, recipe = create_knobs(), create_recipe()
    for settings, widgets in ((Hyper(), knobs.widgets), (RunConfig(), recipe.widgets)):
        assert set(widgets) == set(type(settings).model_fields)
        for name, widget in widgets.items():
            assert widget.value == pytest.approx(getattr(settings, name)) or (
                widget.value == getattr(settings, name)
            ), name


def test_the_range_of_each_widget_is_allowed_by_the_settings():
    with gr.Blocks():
        knobs, recipe = create_knobs(), create_recipe()
    for settings, widgets in ((Hyper(), knobs.widgets), (RunConfig(), recipe.widgets)):
        for name, widget in widgets.items():
            if isinstance(widget, gr.Slider | gr.Number):
                values = [widget.minimum, widget.maximum]
            elif isinstance(widget, gr.Radio):
                values = [value for _, value in widget.choices]
            else:
                values = [True, False]
            for value in values:
                assert getattr(settings.replace(**{name: value}), name) == value
