"""What defines a run and therefore needs a reset: network, sizes, seed, data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from rq_vae_explorer.config import RunConfig
from rq_vae_explorer.ui.sources import RQ_VAE, SOUNDSTREAM, cited


@dataclass(frozen=True)
class Recipe:
    """The widgets by their name in `RunConfig`, and the button that applies them."""

    widgets: dict[str, Component]
    apply: gr.Button

    def values(self, config: RunConfig) -> list[object]:
        """What the widgets should show, in their order."""
        return [getattr(config, name) for name in self.widgets]

    def settings(self, *values: object) -> dict[str, Any]:
        """The widgets' values by name, whole numbers as such."""
        named = dict(zip(self.widgets, values, strict=True))
        return {n: int(v) if isinstance(v, float) else v for n, v in named.items()}


def create_recipe() -> Recipe:
    """Build the group, inside a `gr.Blocks`."""
    with gr.Accordion("New run", open=False, elem_classes="rq-group", elem_id="recipe"):
        gr.Markdown("These take effect with a reset.", elem_classes="rq-note")
        widgets = {**_sizes(), **_choices(), **_numbers()}
        apply = gr.Button(
            "Apply and reset", elem_id="apply-button", elem_classes="rq-action", size="sm"
        )
    return Recipe(widgets, apply)


def _sizes() -> dict[str, Component]:
    """Levels, codes and latent width."""
    config, widgets = RunConfig(), dict[str, Component]()
    widgets["num_levels"] = gr.Slider(
        1,
        4,
        config.num_levels,
        step=1,
        label="Levels",
        info=cited("Each level codes what the one before has left.", RQ_VAE),
        elem_id="recipe-num_levels",
    )
    widgets["num_codes"] = gr.Slider(
        2, 64, config.num_codes, step=1, label="Codes per level", elem_id="recipe-num_codes"
    )
    widgets["latent_dim"] = gr.Slider(
        2,
        32,
        config.latent_dim,
        step=1,
        label="Latent dimension",
        info="Above 2 the planes show the first two principal axes.",
        elem_id="recipe-latent_dim",
    )
    return widgets


def _choices() -> dict[str, Component]:
    """Network, first codes and data."""
    config, widgets = RunConfig(), dict[str, Component]()
    widgets["network"] = gr.Radio(
        [("Dense", "dense"), ("Patches", "patch"), ("Convolutions", "conv")],
        value=config.network,
        label="Network",
        info="Dense is by far the fastest on a CPU.",
        elem_id="recipe-network",
    )
    widgets["codebook_init"] = gr.Radio(
        [("k-means", "kmeans"), ("Normal", "normal"), ("Uniform 0–1", "uniform")],
        value=config.codebook_init,
        label="First codes",
        info=cited(
            "k-means starts where the vectors are; uniform starts far away, and most codes die.",
            SOUNDSTREAM,
        ),
        elem_id="recipe-codebook_init",
    )
    widgets["data"] = gr.Radio(
        [
            ("Bundled digits", "bundled"),
            ("MNIST", "mnist"),
            ("Fashion", "fashion_mnist"),
            ("KMNIST", "kmnist"),
        ],
        value=config.data,
        label="Data",
        info="The last three are downloaded once, when you choose them.",
        elem_id="recipe-data",
    )
    return widgets


def _numbers() -> dict[str, Component]:
    """Batch size and seed."""
    config, widgets = RunConfig(), dict[str, Component]()
    with gr.Row():
        widgets["batch_size"] = gr.Number(
            config.batch_size, label="Batch size", minimum=1, maximum=1024, precision=0,
            min_width=80, elem_id="recipe-batch_size",
        )  # fmt: skip
        widgets["seed"] = gr.Number(
            config.seed, label="Seed", minimum=0, maximum=2**31 - 1, precision=0,
            min_width=80, elem_id="recipe-seed",
        )  # fmt: skip
    return widgets
