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
from scene.synth.palette import MASTER_PALETTE
from scene.synth.scenes import Scene, draw_scene

__all__ = [
    "ATTRIBUTES",
    "HELD_OUT_PAIRS",
    "MASTER_PALETTE",
    "OBJECTS",
    "Scene",
    "caption",
    "check_attributes",
    "draw_scene",
    "is_held_out",
    "sample_attributes",
]
