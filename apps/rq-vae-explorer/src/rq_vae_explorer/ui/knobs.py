"""The live knobs as native widgets: each with one sentence and the place where it comes from.

Every knob is a field of `Hyper`; moving it reaches the trainer at its next dispatch, without a
reset. What needs a reset is in `recipe.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from rq_vae_explorer.config import Hyper
from rq_vae_explorer.ui.controls import create_lambda_sliders
from rq_vae_explorer.ui.sources import (
    ADAM,
    ROTATION,
    RQ_VAE,
    SINKHORN,
    SOUNDSTREAM,
    VQ_VAE,
    Source,
    cited,
)


@dataclass(frozen=True)
class Knobs:
    """All live knobs of the page by their name in `Hyper`."""

    widgets: dict[str, Component]
    kmeans: gr.Button
    restart_now: gr.Button

    def connect(self, move: Callable[[str, object, str], object], token: Component) -> None:
        """Call `move(name, value, token)` when the visitor, not the page, moves a knob."""
        for name, widget in self.widgets.items():
            widget.input(  # pyrefly: ignore[missing-attribute]
                lambda value, token, name=name: move(name, value, token),
                [widget, token],
                trigger_mode="always_last",
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )

    def values(self, hyper: Hyper) -> list[object]:
        """What the widgets should show, in their order; a slider widens for a value beyond it."""
        return [_shown(widget, getattr(hyper, name)) for name, widget in self.widgets.items()]


def _shown(widget: Component, value: object) -> object:
    if not isinstance(widget, gr.Slider) or not isinstance(value, float):
        return value
    return gr.update(value=value, maximum=max(widget.maximum, value))


def create_knobs() -> Knobs:
    """Build the groups, inside a `gr.Blocks`."""
    with gr.Group(elem_classes="rq-group"):
        weights = create_lambda_sliders()
    with gr.Accordion("Codebook update", open=True, elem_classes="rq-group"):
        codebook = _codebook_knobs()
        gr.Markdown(
            cited(
                "k-means refits all codes to fresh vectors; the other button puts only the dead "
                "ones on vectors of the data.",
                SOUNDSTREAM,
            ),
            elem_classes="rq-note",
        )
        with gr.Row(elem_classes="rq-buttons"):
            kmeans = _button("k-means now", "kmeans-button")
            restart_now = _button("Restart dead now", "restart-dead-button")
    with gr.Accordion("Encoder and decoder", open=False, elem_classes="rq-group"):
        network = _network_knobs()
    with gr.Accordion("Sinkhorn balancing", open=False, elem_classes="rq-group"):
        sinkhorn = _sinkhorn_knobs()
    first = {"lambda_commit": weights.commit, "lambda_codebook": weights.codebook}
    return Knobs({**first, **codebook, **network, **sinkhorn}, kmeans, restart_now)


def _codebook_knobs() -> dict[str, Component]:
    """How codes move, and what becomes of dead ones."""
    widgets: dict[str, Component] = {}
    widgets["quantizer"] = _radio(
        "quantizer",
        "Rule",
        [("Gradient", "gradient"), ("EMA", "ema"), ("Adam", "adam")],
        "Own gradient descent obeys the weight above; EMA moves codes to the running mean of "
        "their vectors; Adam divides the weight out, so that it does nothing.",
        VQ_VAE,
    )
    widgets["codebook_rate"] = _slider(
        "codebook_rate", "Gradient rate", 0, 0.2, 0.005,
        "Share of the way to its mean that a code of fair share moves in a step.", VQ_VAE,
    )  # fmt: skip
    widgets["ema_decay"] = _slider(
        "ema_decay", "EMA decay", 0.5, 0.999, 0.001,
        "How long the running mean remembers: 0.99 is about a hundred batches.", VQ_VAE,
    )  # fmt: skip
    widgets["restart"] = gr.Checkbox(
        Hyper().restart,
        label="Restart dead codes",
        info=cited("Puts a code that nobody chooses onto a vector of the batch.", SOUNDSTREAM),
        elem_id="knob-restart",
    )
    widgets["restart_threshold"] = _slider(
        "restart_threshold", "Dead below", 0, 1, 0.05,
        "As a part of the fair share 1/K of all assignments.", SOUNDSTREAM,
    )  # fmt: skip
    return widgets


def _network_knobs() -> dict[str, Component]:
    """How encoder and decoder learn."""
    widgets: dict[str, Component] = {}
    widgets["learning_rate"] = gr.Number(
        Hyper().learning_rate,
        label="Learning rate",
        info=cited("Adam step of encoder and decoder; 0 freezes them.", ADAM),
        minimum=0,
        maximum=0.1,
        step=0.0005,
        elem_id="knob-learning_rate",
    )
    widgets["estimator"] = _radio(
        "estimator",
        "Gradient through the quantiser",
        [("Straight-through", "straight_through"), ("Rotation trick", "rotation")],
        "Copied as it is, or turned and scaled as the code is to the vector.",
        ROTATION,
    )
    widgets["quantizer_dropout"] = _slider(
        "quantizer_dropout", "Quantiser dropout", 0, 1, 0.05,
        "Share of images decoded from fewer levels, which teaches level 1 to stand alone.",
        SOUNDSTREAM,
    )  # fmt: skip
    widgets["loss_scope"] = _radio(
        "loss_scope",
        "Losses on",
        [("Every level", "per_level"), ("Final sum only", "final")],
        "On the final sum only, level 1 is never asked to be a good coarse code.",
        RQ_VAE,
    )
    return widgets


def _sinkhorn_knobs() -> dict[str, Component]:
    """The transport loss."""
    widgets: dict[str, Component] = {}
    widgets["lambda_sinkhorn"] = _slider(
        "lambda_sinkhorn", "Sinkhorn weight", 0, 2, 0.05,
        "Pulls codes towards a balanced assignment of the batch, so that none goes unused.",
        SINKHORN,
    )  # fmt: skip
    widgets["sinkhorn_epsilon"] = _slider(
        "sinkhorn_epsilon", "Softness", 0.01, 2, 0.01,
        "Entropy of the assignment: small is nearly one code per vector.", SINKHORN,
    )  # fmt: skip
    return widgets


def _slider(
    name: str,
    label: str,
    low: float,
    high: float,
    step: float,
    sentence: str,
    source: Source,
) -> gr.Slider:
    return gr.Slider(
        low,
        high,
        value=getattr(Hyper(), name),
        step=step,
        label=label,
        info=cited(sentence, source),
        elem_id=f"knob-{name}",
        buttons=["reset"],
    )


def _radio(
    name: str,
    label: str,
    choices: list[tuple[str, str]],
    sentence: str,
    source: Source,
) -> gr.Radio:
    return gr.Radio(
        choices,
        value=getattr(Hyper(), name),
        label=label,
        info=cited(sentence, source),
        elem_id=f"knob-{name}",
    )


def _button(label: str, elem_id: str) -> gr.Button:
    return gr.Button(label, elem_id=elem_id, elem_classes="rq-action", size="sm", min_width=60)
