"""Colour schemes: for each time of day and mood, a colour ramp for every material.

Ramps go from shadow to light. ``sky`` goes from the zenith to the horizon; ``ink`` is for the
dark foreground that frames a picture (black, dark, rim light).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scene.synth.palette import COLOUR, blend_table, ramp, tint_table

_MATERIALS: dict[str, dict[str, str]] = {
    "day": {
        "rock": "n4 k3 k4 k5 n7 n9", "hill": "t1 g2 g3 g4 g5", "grass": "g1 g2 g3 g4 g5 g6",
        "leaf": "g0 g1 g2 g3 g4 g5", "pine": "t0 g1 g2 g3 g4", "bark": "w0 w1 w2 w3 w4",
        "stone": "k1 k2 k3 k4 k5", "wood": "w1 w2 w3 w4 w5", "roof": "w1 r0 r1 s4 s5",
        "plaster": "w3 w4 w6 s7 s8", "sand": "w3 w4 w5 w6 s7", "snow": "n5 n6 n8 n9 n9",
        "dirt": "w2 w3 w4 w5 w6", "lamp": "n1 n2 n4", "flower": "s3 v7 s6 n9",
    },
    "dawn": {
        "rock": "v1 v2 n5 v4 v5 v6", "hill": "v1 t1 t2 m2 m3", "grass": "t0 t1 g2 g3 t3 g5",
        "leaf": "n2 t0 t1 g2 g3 v8", "pine": "n2 t0 t1 t2 m2", "bark": "w0 v0 w2 w3 v7",
        "stone": "v0 v1 v2 k4 v5", "wood": "w0 w1 w2 w3 w5", "roof": "s0 s1 r0 r1 v7",
        "plaster": "v2 v3 v4 v5 v6", "sand": "v2 w4 v8 w6 v6", "snow": "n5 v3 v4 v5 v6",
        "dirt": "w1 w2 w3 w4 v8", "lamp": "s5 s6 s8", "flower": "v7 v8 v5 v6",
    },
    "sunset": {
        "rock": "s0 s1 s2 r1 s4 s6", "hill": "s0 w1 w2 w3 w4", "grass": "w0 g0 w1 w2 w3 s5",
        "leaf": "w0 s0 w1 w2 r1 s5", "pine": "n0 s0 g0 w1 w3", "bark": "w0 s0 w1 w3 s4",
        "stone": "s0 s1 w2 w4 s5", "wood": "w0 w1 w2 w3 s5", "roof": "s0 s1 r0 r1 s4",
        "plaster": "s1 w3 w4 w5 s6", "sand": "s1 w3 w4 s5 s6", "snow": "v2 v3 v7 v8 s8",
        "dirt": "w0 w1 w3 w4 s5", "lamp": "s5 s6 s8", "flower": "s2 s3 s5 s7",
    },
    "night": {
        "rock": "n1 n2 n3 n4 n6 n8", "hill": "n1 n2 t0 t1 n4", "grass": "n0 n1 t0 t1 n4 n5",
        "leaf": "n0 n1 t0 t1 n4 n5", "pine": "n0 n1 t0 t1 n5", "bark": "n0 n1 n2 n4 n6",
        "stone": "n1 n2 n3 n4 n6", "wood": "w0 n1 w1 n3 n4", "roof": "n0 n1 v0 v1 n5",
        "plaster": "n2 n3 n4 n5 n6", "sand": "n2 n3 n4 n5 n6", "snow": "n3 n4 n5 n6 n7",
        "dirt": "n1 w1 n3 n4 n5", "lamp": "s4 s5 s7", "flower": "v2 v3 n6 n7",
    },
    "storm": {
        "rock": "k0 k1 k2 m1 m2 m3", "hill": "t0 m0 m1 m1 m2", "grass": "t0 g1 m0 g2 m1 m2",
        "leaf": "n0 n1 t0 m0 m1 m2", "pine": "n0 n1 t0 m0 m1", "bark": "n0 w0 k0 k1 k3",
        "stone": "n1 k0 k1 k2 k4", "wood": "n0 w0 w1 k1 k2", "roof": "n0 s0 w1 r0 k2",
        "plaster": "k1 k2 k3 m2 k4", "sand": "k2 k3 m2 k4 m3", "snow": "k2 n5 m2 m3 n8",
        "dirt": "w0 w1 k1 k2 k3", "lamp": "s4 s5 s7", "flower": "v2 v3 k4 k5",
    },
}  # fmt: skip

_AIR: dict[tuple[str, str], dict[str, str]] = {
    ("day", "natural"): {
        "sky": "b0 b1 b2 b3 n8", "cloud": "b2 b3 n8 n9", "far": "n5 n6 n7 b3",
        "water": "n4 b0 b1 b2 n8", "ink": "n0 g0 g2"},
    ("day", "warm"): {
        "sky": "b1 b2 b3 s8 s7", "cloud": "b3 w6 s8 n9", "far": "k3 m2 k5 s8",
        "water": "t2 n5 n6 b3 s8", "ink": "w0 w1 w3"},
    ("day", "cold"): {
        "sky": "n5 n6 n7 k5 n8", "cloud": "n6 n7 k5 n9", "far": "n4 n5 n6 n7",
        "water": "n3 n4 n5 n6 n8", "ink": "n0 n2 n4"},
    ("dawn", "natural"): {
        "sky": "n4 n5 v3 v4 v8 s7", "cloud": "v3 v4 v8 s7", "far": "v2 v3 v4 v5",
        "water": "v1 n5 v3 v4 s7", "ink": "n1 v0 v2"},
    ("dawn", "cold"): {
        "sky": "n4 n5 n6 n7 n8 v6", "cloud": "n5 n6 n8 v6", "far": "n5 n6 n7 n8",
        "water": "n3 n5 n6 n7 v6", "ink": "n0 n2 n4"},
    ("dawn", "dreamy"): {
        "sky": "v1 v2 v3 v4 v5 v6", "cloud": "v2 v3 v5 v6", "far": "v2 v3 v4 v5",
        "water": "v0 v2 v3 v4 v6", "ink": "n1 v0 v2"},
    ("sunset", "natural"): {
        "sky": "v0 v1 s2 s3 s4 s5 s6", "cloud": "s1 s2 s3 s5", "far": "s1 s2 s3 s4",
        "water": "v0 s1 s2 s4 s6", "ink": "n0 s0 s2"},
    ("sunset", "warm"): {
        "sky": "s1 s3 s4 s5 s6 s7", "cloud": "s2 s3 s5 s7", "far": "s2 s3 s4 s5",
        "water": "s1 s2 s3 s5 s7", "ink": "w0 w1 r0"},
    ("sunset", "dreamy"): {
        "sky": "v0 v1 v2 v3 v7 v8 s7", "cloud": "v1 v3 v7 s7", "far": "v1 v2 v3 v7",
        "water": "v0 v1 v2 v7 s7", "ink": "n0 v0 v2"},
    ("night", "natural"): {
        "sky": "n0 n1 n2 n3 n4", "cloud": "n1 n2 n3 n5", "far": "n1 n2 n3 n4",
        "water": "n1 n2 n3 n4 n7", "ink": "n0 n1 n4"},
    ("night", "cold"): {
        "sky": "n1 n2 n3 n4 n5 n6", "cloud": "n2 n3 n4 n6", "far": "n2 n3 n4 n5",
        "water": "n2 n3 n4 n5 n8", "ink": "n0 n1 n5"},
    ("night", "eerie"): {
        "sky": "n0 t0 t1 t2 t3", "cloud": "t0 t1 t2 t3", "far": "t0 t1 t2 t3",
        "water": "n1 t0 t1 t2 t4", "ink": "n0 t0 t2"},
    ("night", "dreamy"): {
        "sky": "n1 v0 v1 v2 v3", "cloud": "v0 v1 v2 v4", "far": "v0 v1 v2 v3",
        "water": "n1 v0 v1 v2 v5", "ink": "n0 n1 v1"},
    ("storm", "natural"): {
        "sky": "k0 k1 m1 m2 m3", "cloud": "k0 k1 k2 m2", "far": "k1 k2 m2 m3",
        "water": "n1 k1 k2 m2 m3", "ink": "n0 n1 k1"},
    ("storm", "cold"): {
        "sky": "n1 n2 n3 n4 n5 n6", "cloud": "n2 n3 k2 m2", "far": "n2 n3 n4 n5",
        "water": "n1 n2 n3 n5 n7", "ink": "n0 n1 n3"},
    ("storm", "eerie"): {
        "sky": "n0 t0 m0 m1 t3", "cloud": "t0 t1 m0 m1", "far": "t0 t1 m1 t2",
        "water": "n0 t0 t1 t2 m3", "ink": "n0 t0 t1"},
}  # fmt: skip

_TINT = {  # how far a mood moves the hue of all materials, and to which colour
    ("day", "warm"): ("w5", 0.35),
    ("day", "cold"): ("n6", 0.6),
    ("dawn", "cold"): ("n6", 0.6),
    ("dawn", "dreamy"): ("v4", 0.5),
    ("sunset", "warm"): ("s4", 0.3),
    ("sunset", "dreamy"): ("v3", 0.55),
    ("night", "eerie"): ("t3", 0.7),
    ("night", "dreamy"): ("v2", 0.65),
    ("night", "cold"): ("n6", 0.3),
    ("storm", "cold"): ("n5", 0.6),
    ("storm", "eerie"): ("t3", 0.6),
}

_OVERCAST = {"dawn": "n5", "day": "m2", "sunset": "s1", "night": "n1", "storm": "k1"}
_MIST = {"dawn": "v5", "day": "n8", "sunset": "v8", "storm": "m2"}


@dataclass(frozen=True)
class Scheme:
    """Ramps (n,) uint8 by material; ``haze`` is the colour of distance."""

    ramps: dict[str, np.ndarray]
    haze: int
    mist: int  # colour of fog
    dark: bool  # windows and fires light up

    def __getitem__(self, material: str) -> np.ndarray:
        return self.ramps[material]

    def hazy(self, material: str, share: float) -> np.ndarray:
        """The ramp of a material seen through ``share`` of haze."""
        # A few steps of distance keep the number of colour ramps, and so of tiles, small.
        return blend_table(self.haze, round(share / 0.15 - 0.2) * 0.15)[self.ramps[material]]


@lru_cache(maxsize=64)
def scheme(time: str, mood: str, overcast: bool = False) -> Scheme:
    """The scheme for a time of day and a mood (an unknown pair takes the time's natural mood).

    ``overcast``: rain clouds grey the sky and all that lies far away.
    """
    key = (time, mood) if (time, mood) in _AIR else (time, "natural")
    ramps = {name: ramp(text) for name, text in _MATERIALS[time].items()}
    if key in _TINT:
        colour, share = _TINT[key]
        table = tint_table(COLOUR[colour], share)
        ramps = {n: (r if n in ("lamp", "flower") else table[r]) for n, r in ramps.items()}
    ramps |= {name: ramp(text) for name, text in _AIR[key].items()}
    if overcast:
        grey = blend_table(COLOUR[_OVERCAST[time]], 0.5)
        ramps |= {name: grey[ramps[name]] for name in ("sky", "cloud", "far", "water")}
    haze = int(ramps["sky"][-1])
    mist = COLOUR[_MIST[time]] if time in _MIST else haze
    return Scheme(ramps, haze, mist, time in ("night", "storm", "sunset", "dawn"))
