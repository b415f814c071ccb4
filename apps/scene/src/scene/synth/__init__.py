"""Procedural VGA-era scenes with exact captions, attributes and object masks.

scene = draw_scene(7)                          # all from the seed
scene = draw_scene(7, {"place": "castle"})     # what is not given comes from the seed
"""

from scene.synth.attributes import (
    ATTRIBUTES,
    HELD_OUT_PAIRS,
    check_attributes,
    is_held_out,
    sample_attributes,
)
from scene.synth.canvas import OBJECTS
from scene.synth.captions import caption
from scene.synth.layouts import LABEL_COLOURS, LABELS
from scene.synth.palette import MASTER_PALETTE
from scene.synth.scenes import Plan, Scene, draw_plan, draw_scene, plan_scene

__all__ = [
    "ATTRIBUTES",
    "HELD_OUT_PAIRS",
    "LABELS",
    "LABEL_COLOURS",
    "MASTER_PALETTE",
    "OBJECTS",
    "Plan",
    "Scene",
    "caption",
    "check_attributes",
    "draw_plan",
    "draw_scene",
    "is_held_out",
    "plan_scene",
    "sample_attributes",
]
