"""The mouth of a cave, seen from inside, with glowing crystals."""

from dataclasses import replace

import numpy as np

from scene.synth import grounds, skies, weather
from scene.synth.canvas import COLUMNS, ROWS, TOP, Y
from scene.synth.foreground import foreground
from scene.synth.palette import ramp
from scene.synth.stage import Stage, far_peaks, hills, open_sky
from scene.synth.stamps import gems, rocks

CRYSTALS = {
    "cold": ("n4 b0 b1 b2 n9", "n0 n1 n2 n3 n4 n5"),
    "dreamy": ("v0 v1 v3 v4 v6", "n0 n1 v0 v1 v2 v3"),
    "eerie": ("t1 t2 t3 t4 t5", "n0 g0 t0 t1 t2 t3"),
    "warm": ("r0 s4 s5 s6 s8", "n0 w0 w1 w2 w3 w4"),
}


def _facet_tile() -> np.ndarray:
    """A tile (48, 48) of rock facets that repeats: 0 dark, 1 middle, 2 light."""
    seeds = (
        (4, 6),
        (20, 2),
        (38, 8),
        (10, 20),
        (28, 18),
        (44, 26),
        (2, 34),
        (18, 36),
        (34, 38),
        (26, 46),
        (46, 44),
    )
    rows, columns = np.mgrid[0:48, 0:48]
    best = np.full((48, 48), 1e9)
    tile = np.zeros((48, 48), int)
    for number, (x, y) in enumerate(seeds):
        dx, dy = np.abs(columns - x), np.abs(rows - y)
        reach = np.minimum(dx, 48 - dx) * 1.3 + np.minimum(dy, 48 - dy)  # straight sides
        tile = np.where(reach < best, (1, 0, 1, 0, 2, 0, 1, 1, 0, 1, 0)[number], tile)
        best = np.minimum(best, reach)
    return tile


_FACETS = _facet_tile()


def cave(stage: Stage) -> None:
    """Out of the dark through the mouth of a cave, crystals glowing on both sides."""
    stage.horizon = 116
    gem_names, rock_names = CRYSTALS[stage.attributes["mood"]]
    glass, rock = ramp(gem_names), ramp(rock_names)
    stage.light = (stage.focus + stage.pick(-16, 0, 16), 68)
    open_sky(stage, 32)
    far_peaks(stage, stage.horizon + 4, "high", "far", 0.3, False)
    hills(stage, stage.horizon, "hill", 0.2)
    weather.haze(stage.canvas, stage.horizon - 24, stage.horizon + 8, stage.colours.haze, 0.3)
    stage.colours = replace(stage.colours, ramps=stage.colours.ramps | {"rock": rock})
    _cave_walls(stage, rock)
    _cave_floor(stage, rock)
    clusters = []
    for side in (-1, 1):
        for k in range(3):
            size = (40, 56, 32)[(k + stage.pick(0, 1)) % 3]
            clusters.append((stage.focus + side * (80 + 32 * k), 156 + 16 * k, size))
    hanging = [(x, TOP + 28 + 8) for x in (stage.focus - 96, stage.focus + 112)]
    lights = [(x, y - size // 2, size // 2 + 24) for x, y, size in clusters]
    skies.halo(stage.canvas, lights + [(x, y + 12, 28) for x, y in hanging], rock)
    for x, y in hanging:
        shape = gems.crystals(32, stage.pick(0, 1))[::-1]
        stage.canvas.stamp(shape, (x - 16) // 8 * 8, y, glass, "crystals")
    if stage.attributes["foreground"] == "path":
        with stage.canvas.in_front():
            _cave_path(stage, rock)
    for x, y, size in sorted(clusters, key=lambda c: c[1]):
        shape = gems.crystals(size, stage.pick(0, 1))
        stage.canvas.stamp(stage.turn(shape), (x - size // 2) // 8 * 8, y - size, glass, "crystals")
    if stage.attributes["foreground"] in ("rocks", "campfire"):
        foreground(stage, 190)
    else:
        for k, x in enumerate((24, 264)):
            shape = rocks.boulder(64, 32, k)
            stage.canvas.stamp(stage.turn(shape), x - 16, 172, rock[[0, 0, 1, 2, 3]])


def _arch(stage: Stage, half: int, crown: int, seed: int) -> np.ndarray:
    """An opening (200, 320) bool with teeth above and ledges at the sides, on a 4-pixel grid."""
    rng = np.random.Generator(np.random.PCG64([83, seed]))
    rows = np.floor(ROWS / 4) * 4 + TOP
    rise = np.clip((120 - rows) / (120 - crown), 0, 1)
    bulge = np.repeat(rng.integers(-2, 3, 25) * 4, 8)[: ROWS.size]
    width = half * np.sqrt(np.clip(1 - rise**2.6, 0, 1)) + bulge[(ROWS[:, 0] // 2) % 100][:, None]
    width = width + np.clip((rows - 140) / 4, 0, 20) * 2
    tooth_at = (COLUMNS // 16) % 20
    length = rng.integers(0, 4, 20)[tooth_at] * 8
    spike = length * (1 - np.abs(COLUMNS % 16 - 7.5) / 8)
    return (np.abs(COLUMNS - stage.focus) < width) & (crown + spike < Y)


def _cave_walls(stage: Stage, rock: np.ndarray) -> None:
    """Three nested arches of rock, each darker and nearer, each with a lit rim."""
    variant = stage.pick(0, 1)
    half, crown = stage.pick(64, 84), 36
    for k, (grow, body, rim) in enumerate(((0, 3, 5), (44, 2, 4), (92, 1, 3), (136, 0, 2))):
        opening = _arch(stage, half + grow, max(4, crown - 12 * k), variant * 4 + k)
        wall = ~opening
        stage.canvas.paint(wall, int(rock[body]), part="walls")
        tone = _FACETS[(ROWS + 12 * k) % 48, (COLUMNS + 20 * k) % 48]
        stage.canvas.paint(wall & (tone == 0), int(rock[max(0, body - 1)]))
        stage.canvas.paint(wall & (tone == 2), int(rock[body + 1]))
        near = np.roll(opening, 2, 1) | np.roll(opening, -2, 1) | np.roll(opening, -2, 0)
        stage.canvas.paint(wall & near, int(rock[rim]))
        edge = np.roll(opening, 1, 1) | np.roll(opening, -1, 1) | np.roll(opening, -1, 0)
        stage.canvas.paint(wall & edge, int(rock[max(0, rim - 1)]))


def _cave_floor(stage: Stage, rock: np.ndarray) -> None:
    top = (
        stage.horizon
        + 14
        - np.array([0, 4, 0, 8, 4, 0, 4, 8])[(COLUMNS[0] // 16) % 8]
        + np.abs(COLUMNS[0] - stage.focus) // 16 * 2
    )
    grounds.paint_ground(stage.canvas, top, rock[:5], "rock", light=0.85, dark=0.15)
    pool = ((COLUMNS - stage.focus) / 52.0) ** 2 + ((Y - 168) / 9.0) ** 2 < 1
    if stage.attributes["foreground"] == "none":
        stage.canvas.paint(pool, int(rock[3]), "water", "water")
        stage.canvas.paint(
            pool & (ROWS % 4 == 1) & ((COLUMNS + ROWS * 3) % 16 < 10), int(rock[5]), "water"
        )


def _cave_path(stage: Stage, rock: np.ndarray) -> None:
    depth = np.clip((np.floor(ROWS / 4) * 4 + TOP - stage.horizon - 16) / 70, 0, 1)
    where = (np.abs(COLUMNS - stage.focus - np.sin(depth * 5) * 20) < 10 + 34 * depth) & (
        stage.horizon + 16 < Y
    )
    stage.canvas.paint(where, int(rock[4]))
    stage.canvas.paint(where & (ROWS % 8 == 5) & ((COLUMNS + ROWS) % 16 < 9), int(rock[2]))
