"""Lessons: recipes that show one thing, with what to look at. Choosing one starts a new run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.training.presets import PRESETS, find_preset


@dataclass(frozen=True)
class Lessons:
    """The list of presets, the commentary on the chosen one, and the button that runs it."""

    choice: gr.Dropdown
    comment: gr.Markdown
    run: gr.Button


def create_lessons() -> Lessons:
    """Build the group, inside a `gr.Blocks`."""
    with gr.Group(elem_classes=["rq-group", "rq-lessons"]):
        choice = gr.Dropdown(
            [(preset.title, preset.name) for preset in PRESETS],
            value=PRESETS[0].name,
            label="Lesson",
            elem_id="lesson",
            filterable=False,
        )
        comment = gr.Markdown(
            lesson_text(PRESETS[0].name), elem_id="lesson-text", elem_classes="rq-note"
        )
        run = gr.Button("Run this lesson", elem_id="lesson-button", elem_classes="rq-action")
    choice.input(
        lesson_text,
        choice,
        comment,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    return Lessons(choice, comment, run)


def lesson_text(name: str) -> str:
    """Commentary in Markdown. ValueError for a name that is no preset."""
    preset = find_preset(name)
    return f"{preset.lesson} *Watch about {preset.steps:,} steps.*"


def lesson_settings(name: str) -> dict[str, Any]:
    """Every setting of a lesson: what it does not name goes back to its default."""
    return {**RunConfig().model_dump(), **Hyper().model_dump(), **find_preset(name).settings}
