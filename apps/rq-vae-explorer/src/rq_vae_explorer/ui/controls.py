"""Native widgets of the page and the texts beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import gradio as gr

from rq_vae_explorer.config import Hyper
from rq_vae_explorer.ui.sources import VQ_VAE, cited


class LambdaSliders(NamedTuple):
    """Weights of the two losses that tie encoder and codes together."""

    commit: gr.Slider
    codebook: gr.Slider


class TrainingControls(NamedTuple):
    """Buttons of the run."""

    start: gr.Button
    stop: gr.Button
    reset: gr.Button


def create_lambda_sliders() -> LambdaSliders:
    """The two loss weights, 0 to 2 in steps of 0.05, at their defaults."""
    defaults = Hyper()
    return LambdaSliders(
        commit=gr.Slider(
            0,
            2,
            value=defaults.lambda_commit,
            step=0.05,
            label="Commitment weight",
            info=cited(
                "How strongly the encoder is pulled towards the codes that it chose.", VQ_VAE
            ),
            elem_id="lambda-commit",
            buttons=["reset"],
        ),
        codebook=gr.Slider(
            0,
            2,
            value=defaults.lambda_codebook,
            step=0.05,
            label="Codebook weight",
            info=cited("How fast the codes move towards the vectors that chose them.", VQ_VAE),
            elem_id="lambda-codebook",
            buttons=["reset"],
        ),
    )


def create_training_controls() -> TrainingControls:
    """Start Training, Stop and Reset."""
    return TrainingControls(
        start=_action("Start Training", "start-button", "primary"),
        stop=_action("Stop", "stop-button"),
        reset=_action("Reset", "reset-button"),
    )


def create_step_button() -> gr.Button:
    """One optimiser step, then pause."""
    return _action("Step", "step-button")


# Steps per second of slow motion; 0 is full speed.
_SPEEDS = {"Full speed": 0.0, "50 steps/s": 50.0, "10 steps/s": 10.0, "2 steps/s": 2.0}


def create_speed_choice() -> gr.Dropdown:
    """Slow motion: how many steps a second at most."""
    return gr.Dropdown(
        list(_SPEEDS.items()),
        value=0.0,
        label="Speed",
        show_label=False,
        container=False,
        filterable=False,
        min_width=128,
        elem_id="speed",
    )


def speed_shown(limit: float | None) -> float | None:
    """The choice for a trainer's speed limit; None, an empty field, where a script set another."""
    return (limit or 0.0) if (limit or 0.0) in _SPEEDS.values() else None


def _action(
    label: str, elem_id: str, variant: Literal["primary", "secondary"] = "secondary"
) -> gr.Button:
    # The class tells the feed to look often: something is about to happen.
    return gr.Button(
        label, variant=variant, elem_id=elem_id, elem_classes="rq-action", size="md", min_width=80
    )


def format_health_text(health: Sequence[Mapping[str, int]]) -> str:
    """Markdown, one line per level: "Level 1: 14/16 active, 2 dead". "No data" for none."""
    if not health:
        return "No data"
    lines = []
    for level in health:
        dead = f", {level['dead']} dead" if level["dead"] else ""
        lines.append(f"Level {level['level']}: {level['active']}/{level['total']} active{dead}")
    return "  \n".join(lines)  # two spaces: a line break in Markdown


def format_step_text(step: int, is_training: bool) -> str:
    """Markdown: "**Step:** 1,234 | Training", or Paused."""
    return f"**Step:** {step:,} | {'Training' if is_training else 'Paused'}"
