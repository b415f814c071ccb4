"""Places that people built: village, castle, ruins, lighthouse, city."""

import numpy as np

from scene.synth import buildings, grounds, props, rocks, skies
from scene.synth.canvas import COLUMNS, ROWS, THRESHOLD, TOP, WIDTH
from scene.synth.palette import COLOUR, blend_table
from scene.synth.stage import (
    Stage,
    far_peaks,
    foreground,
    frame_bank,
    frame_boughs,
    frame_trunk,
    ground_material,
    grove,
    hills,
    open_sky,
    path,
    plant,
    treeline,
)

_Y = ROWS + TOP + 0 * COLUMNS


def raise_building(
    stage: Stage, shape: np.ndarray, x: int, base: int, shades: np.ndarray, keep: bool = False
) -> None:
    """Put up a building; its windows get their own mask and, when dark, a glow around it."""
    shape = shape if keep else stage.turn(shape)
    x = x // 8 * 8
    y = base - shape.shape[0]
    if stage.snowy and len(shades) >= 9:
        shades = shades.copy()
        shades[7:9] = stage.colours["snow"][1:3]
    stage.canvas.stamp(shape, x, y, shades, "buildings")
    lit = np.where((shape == buildings.WINDOW) | (shape == 16), shape, 255).astype(np.uint8)
    stage.canvas.stamp(lit, x, y, shades, "windows")


def smoke(stage: Stage, x: int, base: int) -> None:
    """A plume from a chimney."""
    shades = stage.colours["cloud"][[0, 1, 2]]
    stage.canvas.stamp(stage.turn(props.puffs(stage.pick(0, 1))), x, base - 48, shades)


def castle(stage: Stage) -> None:
    """A castle on a rocky hill above a valley."""
    stage.horizon = stage.pick(132)
    open_sky(stage, 60)
    far_peaks(stage, stage.horizon, (96, 144), "far", 0.2, False, 4)
    grounds.haze(stage.canvas, stage.horizon - 40, stage.horizon, stage.colours.haze, 0.4)
    top = hills(stage, stage.horizon - 8, 8, "hill", 0.4)
    if stage.attributes["trees"] != "none":
        treeline(stage, top, "pines" if stage.attributes["trees"] == "pines" else "oaks", 0.45)
    hill_height, hill_width = stage.pick(40, 48), stage.pick(256, 288)
    base = stage.horizon + 32
    hill = rocks.mound(hill_width, hill_height, stage.pick(0, 1, 2))
    grass, rock = stage.colours["grass"], stage.colours["rock"]
    if stage.snowy:
        grass = stage.colours["snow"][[0, 1, 1, 2, 3]]
    shades = np.concatenate([grass[1:5], rock[[1, 3]], grass[4:5]]).astype(np.uint8)
    left = (stage.focus - hill_width // 2) // 8 * 8
    stone = buildings.building_ramp(stage.colours, 0.06)
    raise_building(
        stage,
        buildings.castle(stage.pick(*range(8))),
        stage.focus - 80,
        base - hill_height + 8,
        stone,
    )
    stage.canvas.stamp(stage.turn(hill), left, base - hill_height, shades)
    _hill_road(stage, base - hill_height + 2, base + 8)
    shades, texture = ground_material(stage)
    top = rocks.profile(stage.rng, base, 8, "round")
    grounds.paint_ground(stage.canvas, top, shades, texture, light=0.6, dark=0.05)
    if stage.attributes["foreground"] == "path":
        path(stage, base + 2, stage.focus, 320 - stage.focus)
    grove(stage, base + 8, "small", 5, 0.1, (stage.focus - 40, stage.focus + 40), 8)
    grove(stage, base + 12, "medium", 4, 0.05, (stage.focus - 88, stage.focus + 88), 8)
    if stage.attributes["trees"] != "none":
        plant(
            stage, stage.pick(16, 48) if stage.focus > 160 else stage.pick(272, 304), 188, "large"
        )
    foreground(stage)
    if stage.chance(0.5):
        frame_boughs(stage, -1 if stage.focus > 160 else 1)
    if stage.attributes["foreground"] in ("none", "flowers"):
        frame_bank(stage, 10)


def _hill_road(stage: Stage, top: int, bottom: int) -> None:
    """A switchback that climbs to the gate."""
    shades = stage.colours["dirt"] if not stage.snowy else stage.colours["snow"]
    depth = (np.floor((_Y - top) / 2) * 2) / (bottom - top)
    middle = stage.focus + np.sin(depth * 7.5) * (10 + 34 * depth) * (-1 if stage.mirrored else 1)
    half = 2.5 + 5 * depth
    where = (top <= _Y) & (bottom > _Y) & (np.abs(COLUMNS - middle) < half)
    stage.canvas.paint(where, int(shades[3]))
    stage.canvas.paint(where & (COLUMNS - middle > half - 2), int(shades[1]))


def village(stage: Stage) -> None:
    """Cottages around a church, along a street."""
    stage.horizon = stage.pick(116, 132)
    open_sky(stage, 56)
    if stage.chance(0.6):
        far_peaks(stage, stage.horizon, (96, 144), "far", 0.25, stage.snowy, 4)
        grounds.haze(stage.canvas, stage.horizon - 36, stage.horizon, stage.colours.haze, 0.4)
    top = hills(stage, stage.horizon - 12, 8, "hill" if not stage.snowy else "snow", 0.35)
    if stage.attributes["trees"] != "none":
        treeline(stage, top, "pines" if stage.attributes["trees"] == "pines" else "oaks", 0.4)
    shades, texture = ground_material(stage)
    far = buildings.building_ramp(stage.colours, 0.18)
    near = buildings.building_ramp(stage.colours)
    for k in range(5):
        x = (k * 72 + stage.focus + 8 * stage.pick(0, 1, 2)) % 344 - 32
        house = buildings.cottage(stage.pick(40, 56), stage.pick(*range(6)), False)
        raise_building(stage, house, x, stage.horizon + 8, far)
    if stage.chance(0.7):
        raise_building(
            stage,
            buildings.church(stage.pick(0, 1)),
            stage.focus - 32,
            stage.horizon + 12,
            far,
            True,
        )
    ground = np.full(320, stage.horizon + 4)
    grounds.paint_ground(stage.canvas, ground, shades, texture, light=0.7, dark=0.1)
    path(stage, stage.horizon + 6, stage.focus, 160 + stage.pick(-32, 32))
    for side in (-1, 1):
        x = stage.focus + side * stage.pick(104, 120) - 40
        house = buildings.cottage(stage.pick(72, 88), stage.pick(*range(6)), True)
        base = stage.horizon + stage.pick(32, 36, 40)
        if stage.attributes["trees"] != "none":
            plant(stage, x + (88 if side < 0 else -16), base - 8, "medium", 0.1)
        raise_building(stage, house, x, base, near)
        if stage.chance(0.8):
            smoke(stage, x + 16, base - 56)
        if stage.colours.dark:
            for dx in (16, 48):
                skies.glow(stage.canvas, x + dx, base - 12, 20, COLOUR["s5"], 0.15)
    if stage.attributes["trees"] != "none" and stage.chance(0.7):
        plant(stage, stage.pick(16, 304), 188, "large")
    _street_things(stage)
    if stage.chance(0.4):
        frame_boughs(stage, stage.pick(-1, 1))


def _street_things(stage: Stage) -> None:
    if stage.attributes["foreground"] == "barrels":
        barrels(stage, 320 - stage.focus, 188)
    else:
        foreground(stage)


def barrels(stage: Stage, x: int, base: int) -> None:
    """Three barrels, one on top."""
    shades = np.concatenate([stage.colours["wood"][:5], stage.colours["stone"][[0, 2]]]).astype(
        np.uint8
    )
    x = int(np.clip(x, 32, 272)) // 8 * 8
    for dx, dy in ((-24, 0), (0, 0), (-12, 28)):
        stage.canvas.stamp(stage.turn(props.barrel()), x + dx, base - 32 - dy, shades, "props")


def ruins(stage: Stage) -> None:
    """Broken columns and an arch, overgrown."""
    stage.horizon = stage.pick(116)
    open_sky(stage, 48)
    far_peaks(stage, stage.horizon, (96, 144), "far", 0.25, False, 4)
    grounds.haze(stage.canvas, stage.horizon - 36, stage.horizon, stage.colours.haze, 0.4)
    top = hills(stage, stage.horizon - 4, 8, "hill", 0.35)
    if stage.attributes["trees"] not in ("none", "palms"):
        treeline(stage, top, "oaks", 0.4)
    shades, texture = ground_material(stage)
    grounds.paint_ground(
        stage.canvas, np.full(320, stage.horizon + 8), shades, texture, light=0.7, dark=0.1
    )
    far = buildings.building_ramp(stage.colours, 0.2)
    for k in range(4):
        x = (stage.focus - 136 + k * 72) // 8 * 8
        raise_building(
            stage,
            buildings.column(stage.pick(48, 56), stage.pick(0, 0, 1, 2)),
            x,
            stage.horizon + 20,
            far,
        )
    near = buildings.building_ramp(stage.colours)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 8, stage.focus, 160)
    raise_building(
        stage, buildings.arch(stage.pick(0, 1)), stage.focus - 40, stage.horizon + 32, near
    )
    grove(stage, stage.horizon + 16, "medium", 3, 0.1, (stage.focus - 56, stage.focus + 56))
    _steps(stage, stage.focus, stage.horizon + 32)
    away = 320 - stage.focus
    for k, dx in enumerate((-40, 0, 40)):
        height = (80, 96, 72)[(k + stage.pick(0, 1, 2)) % 3]
        raise_building(
            stage,
            buildings.column(height, stage.pick(0, 1, 2)),
            away + dx - 12,
            stage.horizon + 48 + 4 * k,
            near,
        )
    drum = rocks.boulder(48, 24, 1)
    stage.canvas.stamp(
        stage.turn(drum),
        (stage.focus - 72) // 8 * 8,
        stage.horizon + 28,
        stage.colours["stone"],
        "buildings",
    )
    if stage.attributes["trees"] != "none":
        plant(stage, stage.pick(16, 304), 188, "large")
    foreground(stage)
    if stage.chance(0.6):
        frame_boughs(stage, -1 if stage.focus > 160 else 1)
    elif stage.attributes["trees"] == "twisted trees":
        frame_trunk(stage, -1 if stage.focus > 160 else 1, "twisted trees")


def _steps(stage: Stage, x: int, base: int) -> None:
    """Three worn steps before the arch."""
    stone = stage.colours["stone"]
    for k in range(3):
        half = 28 + 8 * k
        y = base + 4 * k
        where = (y - 4 <= _Y) & (y > _Y) & (np.abs(COLUMNS - x) < half)
        stage.canvas.paint(where, int(stone[3]), "buildings")
        stage.canvas.paint(where & (y - 2 <= _Y), int(stone[1]), "buildings")


def lighthouse(stage: Stage) -> None:
    """A lighthouse on a cliff over the sea, its beam lit in the dark."""
    stage.horizon = stage.pick(132)
    open_sky(stage, 8)
    side = 1 if stage.focus > 160 else -1
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n9" if "moon" in celestial else "s7"])
    far_peaks(stage, stage.horizon + 8, (64,), "far", 0.4, False, 2)
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine)
    x = 216 if side > 0 else 104
    base = stage.horizon - 12
    lamp = (x, base - 90)
    if stage.colours.dark:
        for direction in (-1, 1):
            reach = (COLUMNS - x) * direction
            beam = (reach > 8) & (np.abs(_Y - lamp[1]) < 2 + reach / 7) & (reach < 240)
            beam &= (THRESHOLD < 0.75) | (reach < 64)
            stage.canvas.recolour(beam, blend_table(COLOUR["s8"], 0.28))
        skies.glow(stage.canvas, *lamp, 28, COLOUR["s8"], 0.4)
    _cliff(stage, x, base, side)
    raise_building(
        stage,
        buildings.lighthouse(stage.pick(0, 1, 2)),
        x - 24,
        base + 6,
        buildings.lighthouse_ramp(stage.colours),
    )
    house = buildings.cottage(40, stage.pick(0, 1, 2, 3), False)
    raise_building(
        stage, house, x + side * 44 - 20, base + 12, buildings.building_ramp(stage.colours)
    )
    if stage.attributes["trees"] != "none":
        for dx in (64, 80, 96):
            plant(stage, x + side * dx, base + 20, "medium" if dx != 80 else "small")
    if stage.attributes["foreground"] == "boat":
        foreground(stage, 180)
    elif stage.attributes["foreground"] == "path":
        path(stage, base + 8, x + side * 16, x + side * 56)
    else:
        stage.focus = 320 - x - side * 40  # things stand on the headland
        foreground(stage, base + 36)


def _cliff(stage: Stage, x: int, base: int, side: int) -> None:
    """The headland: faceted rock down to the water, turf on top."""
    shape = rocks.cliff(stage.pick(0, 1, 2))
    shades = (
        stage.colours["rock"][:5]
        if (side > 0 and not stage.mirrored) or (side < 0 and stage.mirrored)
        else stage.colours["rock"][[0, 0, 1, 2, 3]]
    )
    left = x - 88 if side > 0 else x + 88 - 256
    stage.canvas.stamp(shape if side > 0 else shape[:, ::-1], left, base, shades)
    foot = (base + 92 <= _Y) & (base + 96 > _Y) & ((COLUMNS + ROWS * 4) % 16 < 11)
    del foot
    ground, texture = ground_material(stage)
    inland = (COLUMNS[0] - x) * side + 52
    turf = (
        base
        + 12
        + np.array([0, 2, 4, 2, 6, 2, 0, 4])[(COLUMNS[0] // 8) % 8]
        + np.clip(inland - 64, 0, 200) // 2
    )
    where = (base <= _Y) & (turf[None, :] > _Y) & (inland > 0)[None, :]
    depth = np.clip((_Y - base) // 8, 0, 4)
    colour = ground[np.clip(4 - depth, 1, 4)]
    marks = grounds.TEXTURES["grass"][ROWS % 16, COLUMNS % 16]
    if texture == "grass":
        colour = np.where(marks >= 2, ground[np.clip(5 - depth, 1, len(ground) - 1)], colour)
    stage.canvas.paint(where, colour.astype(np.uint8))
    stage.canvas.paint(where & (base + 1 > _Y), int(ground[-1]))
    stage.canvas.paint(where & (turf[None, :] - 2 <= _Y), int(ground[0]))


def city(stage: Stage) -> None:
    """Stepped towers in three depths over a river that mirrors their lights."""
    stage.horizon = stage.pick(132, 148)
    open_sky(stage, 56)
    grounds.haze(stage.canvas, stage.horizon - 64, stage.horizon, stage.colours.haze, 0.3)
    for haze, least, most, spacing in ((0.6, 64, 112, 24), (0.32, 48, 96, 40), (0.0, 32, 72, 48)):
        shades = buildings.building_ramp(stage.colours, haze)
        if haze == 0.6:
            shades[9] = (
                blend_table(int(shades[9]), 0.4)[shades[2]] if stage.colours.dark else shades[2]
            )
        for x in range(-16, WIDTH, spacing):
            low, high = least, most
            if haze == 0.0 and abs(x + 16 - stage.focus) < 56:
                continue
            if (
                stage.attributes["celestial"] not in ("none", "stars")
                and haze < 0.6
                and abs(x + 16 - stage.light[0]) < 48
            ):
                continue
            if (
                stage.attributes["celestial"] not in ("none", "stars")
                and abs(x + 12 - stage.light[0]) < 36
            ):
                low, high = 16, 32
            bonus = 24 if abs(x - stage.focus) < 56 else 0
            height = (low + bonus + 8 * int(stage.rng.integers((high - low) // 8))) // 8 * 8
            shape = buildings.skyscraper(
                stage.pick(24, 32, 40) if spacing > 24 else 24, height, stage.pick(*range(8))
            )
            raise_building(stage, shape, x + 8 * stage.pick(0, 1), stage.horizon, shades)
    quay = (stage.horizon - 6 <= _Y) & (stage.horizon > _Y)
    stone = stage.colours["stone"]
    stage.canvas.paint(quay, int(stone[1]))
    stage.canvas.paint(quay & (stage.horizon - 4 > _Y), int(stone[3]))
    stage.canvas.paint(quay & (COLUMNS % 16 < 2), int(stone[0]))
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n8" if "moon" in celestial else "s7"])
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine, reflect=0.45)
    if stage.attributes["foreground"] == "boat":
        foreground(stage, 184)
    elif stage.attributes["foreground"] == "fence":
        bank = _Y >= 184
        stage.canvas.paint(bank, int(stone[1]))
        stage.canvas.paint(bank & (_Y < 187), int(stone[3]))
        foreground(stage, 188)
    else:
        frame_bank(stage, 6)


PLACES = {f.__name__: f for f in (village, castle, ruins, lighthouse, city)}
