"""Places without houses: forest, mountains, lake, sea, desert, snowfield, swamp."""

import numpy as np

from scene.synth import grounds, props, rocks, skies, trees
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


def forest(stage: Stage) -> None:
    """Three depths of trees, shafts of light, a clearing."""
    stage.horizon = stage.pick(116, 132)
    stage.light = (stage.focus + stage.pick(-16, 0, 16), 36)  # seen through the clearing
    open_sky(stage, 48)
    kind, colours = stage.attributes["trees"], stage.colours
    line = np.full(320, stage.horizon)
    _wood(stage, kind if kind != "twisted trees" else "oaks")
    shades, texture = ground_material(stage)
    grounds.paint_ground(stage.canvas, line, shades, texture, light=0.6, dark=0.1)
    gap = (stage.focus - 40, stage.focus + 40)
    grove(stage, stage.horizon + 8, "medium", 7, 0.3, gap, 8)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 4, stage.focus, 160)
    for x in (stage.focus - 88, stage.focus + 88):
        plant(stage, x, stage.horizon + 36, "large", 0.08)
    if stage.chance(0.6):
        plant(stage, stage.focus + stage.pick(-136, 136), stage.horizon + 24, "large", 0.15)
    _shafts(stage)
    if stage.chance(0.75):
        frame_trunk(stage, -1 if stage.focus > 160 else 1, kind)
    if kind == "oaks" or stage.chance(0.4):
        frame_boughs(stage, stage.pick(-1, 1))
    foreground(stage)
    for k in range(4):
        stage.canvas.stamp(
            props.MUSHROOM if k % 2 else props.FERN,
            (k * 88 + stage.focus) % 304 // 8 * 8,
            164 + 8 * (k % 3),
            np.concatenate(
                [colours["grass"][:3], colours["roof"][2:4], colours["plaster"][2:4]]
            ).astype(np.uint8)
            if k % 2
            else colours["grass"][[0, 1, 3]],
        )
    frame_bank(stage, 8)


def _wood(stage: Stage, crowns: str) -> None:
    """Two walls of crowns, open around the clearing, trunks in the dusk below them."""
    clearing = np.abs(COLUMNS[0] - stage.focus)
    reach = stage.pick(20, 32, 44)
    for haze, low, rise in ((0.35, 28, 72), (0.12, 0, 112)):
        top = stage.horizon - low - np.clip((clearing - reach) / 88, 0, 1) ** 1.2 * rise
        top = np.maximum(top, TOP + 8).astype(int) // 8 * 8
        leaf = stage.colours.hazy("pine" if crowns == "pines" else "leaf", haze)
        stage.canvas.paint(rocks.under(top + 12), int(leaf[1]), "trees")
        for step in range(4):
            shade = (
                leaf[[2, 2, 3]] if step == 0 else leaf[[1, 1, 2]] if step == 1 else leaf[[0, 0, 1]]
            )
            row = np.minimum(top + 16 * step, stage.horizon)
            treeline(stage, np.roll(row, 8 * (step % 2)), crowns, 0.0, shade)
        dusk = np.maximum(top + 56, stage.horizon - 44)
        stage.canvas.paint(rocks.under(dusk), int(leaf[0]), "trees")
        _trunks(stage, haze, 16, stage.horizon + 8, dusk - 6)


def _trunks(stage: Stage, haze: float, spacing: int, base: int, top: np.ndarray) -> None:
    """Trunks in the dusk of the wood, on the 8-pixel grid."""
    bark = stage.colours.hazy("bark", haze)
    for x in range(0, WIDTH, spacing):
        left = min(x + 8 * int(stage.rng.integers(spacing // 8)), 312)
        width = stage.pick(3, 5)
        where = (left <= COLUMNS) & (left + width > COLUMNS) & (base > _Y) & (top[left] < _Y)
        stage.canvas.paint(where, int(bark[0]), "trees")
        edge = left + width - 1 if stage.mirrored else left
        stage.canvas.paint(where & (edge == COLUMNS), int(bark[2]), "trees")


def _shafts(stage: Stage) -> None:
    """Slanting beams from sun or moon through the crowns."""
    if stage.attributes["celestial"] not in ("sun", "full moon", "crescent moon"):
        return
    tint = COLOUR["n8"] if stage.attributes["time"] == "night" else COLOUR["s7"]
    x, y = stage.light
    drop = _Y - y
    for slope, width in ((-0.75, 10), (-0.3, 14), (0.2, 12), (0.65, 16)):
        middle = x + slope * drop
        beam = (np.abs(COLUMNS - middle) < width * (0.4 + drop / 160)) & (drop > 12) & (_Y < 176)
        stage.canvas.recolour(beam & (THRESHOLD < 0.5), blend_table(tint, 0.28))


def mountains(stage: Stage) -> None:
    """Snow peaks behind foothills and a valley."""
    stage.horizon = stage.pick(100, 116)
    open_sky(stage, 56)
    far_peaks(stage, stage.horizon + 8, (96, 144), "far", 0.35, False, 5)
    grounds.haze(stage.canvas, stage.horizon - 36, stage.horizon + 8, stage.colours.haze, 0.4)
    far_peaks(stage, stage.horizon + 24, (144, 192), "rock", 0.12, True, stage.pick(3, 4))
    grounds.haze(stage.canvas, stage.horizon - 12, stage.horizon + 28, stage.colours.haze, 0.35)
    kind = stage.attributes["trees"]
    top = hills(stage, stage.horizon + 24, 8, "hill", 0.25)
    if kind != "none":
        treeline(stage, top + 4, "oaks" if kind == "oaks" else "pines", 0.25)
    _valley(stage, stage.horizon + 40)


def _valley(stage: Stage, base: int) -> None:
    """Near ground with trees, the thing in front and the frame."""
    shades, texture = ground_material(stage)
    top = rocks.profile(stage.rng, base, 8, "round")
    grounds.paint_ground(stage.canvas, top, shades, texture, light=0.75, dark=0.1)
    if stage.attributes["foreground"] == "path":
        path(stage, base + 2, stage.focus, 320 - stage.focus)
    grove(stage, base + 8, "medium", 5, 0.1, (stage.focus - 56, stage.focus + 56), 16)
    if stage.attributes["trees"] != "none":
        plant(stage, stage.pick(24, 296), 188, "large")
    foreground(stage)
    if stage.chance(0.6):
        frame_bank(stage, stage.pick(8, 12))


def lake(stage: Stage) -> None:
    """Mountains and woods mirrored in still water."""
    stage.horizon = stage.pick(100)
    open_sky(stage, 48)
    far_peaks(
        stage,
        stage.horizon,
        (144, 192),
        "rock",
        0.3,
        stage.chance(0.6) or stage.snowy,
        stage.pick(3, 4),
    )
    grounds.haze(stage.canvas, stage.horizon - 28, stage.horizon, stage.colours.haze, 0.35)
    top = hills(stage, stage.horizon - 4, 8, "hill", 0.2)
    kind = stage.attributes["trees"]
    if kind != "none":
        treeline(
            stage,
            np.minimum(top + 4, stage.horizon - 6),
            "pines" if kind == "pines" else "oaks",
            0.3,
        )
        for x in range(0, 321, 40):
            plant(
                stage,
                x + 8 * stage.pick(-2, 0, 2),
                stage.horizon + 2,
                (stage.pick(0, 1) and "small") or "medium",
                0.2,
            )
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n9" if "moon" in celestial else "s7"])
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine, reflect=0.4)
    _shore(stage)


def _shore(stage: Stage) -> None:
    """A near bank in the corner away from the light, reeds, trees, the thing in front."""
    shades, texture = ground_material(stage)
    side = 1 if stage.focus < 160 else -1
    boat = stage.attributes["foreground"] == "boat"
    if boat:
        stage.focus = 160 + side * 64  # on open water
        foreground(stage, 176)
    slope = (COLUMNS[0] - 160) * side
    top = 188 - np.clip(slope + 40, 0, 200) // 8 * 2
    grounds.paint_ground(stage.canvas, top, shades, texture, light=0.6, dark=0.15)
    reeds = np.concatenate([stage.colours["grass"][:3], stage.colours["bark"][2:3]])
    for k in range(7):
        x = (160 + side * (24 + 16 * k)) // 8 * 8
        stage.canvas.stamp(props.REED, x, int(top[min(319, max(0, x))]) - 10, reeds)
    if stage.attributes["trees"] != "none":
        plant(stage, 160 + side * 128, 192, "large")
    if not boat:
        foreground(stage, 190)
    if stage.chance(0.4):
        frame_boughs(stage, side)


def sea(stage: Stage) -> None:
    """Open water, headlands, a ship, a beach."""
    stage.horizon = stage.pick(100, 116)
    open_sky(stage, 8)
    side = 1 if stage.focus > 160 else -1
    far_peaks(stage, stage.horizon + 8, (64,), "far", 0.4, False, 2)
    celestial = stage.attributes["celestial"]
    shine = None
    if celestial in ("sun", "full moon", "crescent moon"):
        shine = (stage.light[0], COLOUR["n9" if "moon" in celestial else "s7"])
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, shine=shine)
    if stage.chance(0.6):
        shades = np.concatenate([stage.colours["plaster"][1:4], stage.colours["wood"][[0, 1, 2]]])
        shape = props.sail(stage.pick(0, 1))
        stage.canvas.stamp(
            stage.turn(shape),
            136 + side * stage.pick(-24, 0, 24),
            stage.horizon - 40,
            shades,
            "props",
        )
    cliff = rocks.peak(144, 80, int(stage.rng.integers(2)), False)
    base = stage.horizon + 16
    x = 208 if side > 0 else -48
    stage.canvas.stamp(stage.turn(cliff), x, base - 80, stage.colours.hazy("rock", 0.1))
    foam = (
        (base - 2 <= _Y)
        & (base + 2 > _Y)
        & (np.abs(COLUMNS - x - 72) < 68)
        & ((COLUMNS + ROWS * 4) % 16 < 11)
    )
    stage.canvas.paint(foam, int(stage.colours["water"][-1]))
    _beach(stage, side)


def _beach(stage: Stage, side: int) -> None:
    if stage.attributes["foreground"] == "boat":
        stage.focus = 160 - side * 16  # on the water, off the beach
        foreground(stage, 168)
    slope = (COLUMNS[0] - 160) * -side
    top = 172 - np.clip(slope + 80, 0, 240) // 16 * 2
    shades = stage.colours["snow"] if stage.snowy else stage.colours["sand"]
    grounds.paint_ground(stage.canvas, top, shades, "sand", light=0.9, dark=0.35)
    wash = (top[None, :] - 3 <= _Y) & (top[None, :] > _Y) & ((COLUMNS + ROWS * 8) % 32 < 25)
    stage.canvas.paint(wash, int(stage.colours["water"][-1]))
    if stage.attributes["trees"] != "none":
        for x, y in ((160 - side * 128, 180), (160 - side * 88, 188)):
            plant(stage, x, y, "large")
    if stage.attributes["foreground"] != "boat":
        foreground(stage, 190)


def desert(stage: Stage) -> None:
    """Buttes or pyramids behind dunes with sharp crests."""
    stage.horizon = stage.pick(100, 116)
    open_sky(stage, 32)
    if stage.chance(0.65):
        shades = stage.colours.hazy("sand", 0.25)
        for k in range(stage.pick(2, 3)):
            width, height = ((64, 64), (96, 48), (48, 72))[(k + stage.pick(0, 1)) % 3]
            x = (stage.focus - 96 + k * 88 + 16 * stage.pick(0, 1, 2)) // 16 * 16
            if _hides_light(stage, x, width):
                continue
            shape = rocks.butte(width, height, stage.pick(0, 1, 2))
            stage.canvas.stamp(stage.turn(shape), x, stage.horizon + 8 - height, shades)
    else:
        for x, width in ((stage.focus + 40, 96), (stage.focus - 72, 144)):
            if _hides_light(stage, x, width):
                continue
            shape = _pyramid(width)
            stage.canvas.stamp(
                stage.turn(shape),
                x // 16 * 16,
                stage.horizon + 8 - shape.shape[0],
                stage.colours.hazy("sand", 0.2),
                "buildings",
            )
    stage.canvas.paint(stage.horizon + 4 <= _Y, int(stage.colours.hazy("sand", 0.4)[2]))
    grounds.haze(stage.canvas, stage.horizon - 20, stage.horizon + 4, stage.colours.haze, 0.3)
    sand = stage.colours["sand"]
    for offset, haze, width in ((28, 0.3, 128), (52, 0.15, 192)):
        _dunes(stage, stage.horizon + offset, haze, width)
        floor = stage.horizon + offset <= _Y
        stage.canvas.paint(floor, int(blend_table(stage.colours.haze, haze)[sand[len(sand) - 3]]))
    top = rocks.profile(stage.rng, stage.horizon + 52, 8, "round")
    grounds.paint_ground(stage.canvas, top, sand, "sand", 0.8, 0.3)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 48, stage.focus, 160)
    if stage.attributes["trees"] != "none":
        plant(stage, stage.focus, stage.horizon + 48, "medium", 0.1)
        plant(stage, 320 - stage.focus, 188, "large")
    else:
        cactus = np.concatenate([stage.colours["pine"][:4], stage.colours["grass"][-2:]])
        for x, y in ((320 - stage.focus, 176), (stage.focus + 56, 160)):
            stage.canvas.stamp(
                stage.turn(props.cactus(stage.pick(0, 1))), x // 8 * 8, y - 56, cactus, "props"
            )
    foreground(stage)


def _hides_light(stage: Stage, x: int, width: int) -> bool:
    """Whether something at columns x.. would stand before a low sun or moon."""
    near = x - 24 < stage.light[0] < x + width + 24
    return near and stage.attributes["celestial"] not in ("none", "stars", "lightning")


def _pyramid(width: int) -> np.ndarray:
    from scene.synth.raster import blank, grid, polygon

    height = width * 9 // 16 // 8 * 8
    stamp = blank(height, width)
    body = polygon(height, width, [(0, height), (width / 2, 0), (width, height)])
    dark = polygon(height, width, [(width / 2, 0), (width * 0.62, height), (width, height)])
    rows = grid(height, width)[0].astype(int)
    stamp[body] = 3
    stamp[body & (rows % 8 == 7)] = 2
    stamp[dark] = 1
    stamp[dark & (rows % 8 == 7)] = 0
    return stamp


def _dunes(stage: Stage, base: int, haze: float, width: int) -> None:
    """A row of dunes: lit backs, sharp winding crests, shadowed lee sides."""
    sand = stage.colours["snow"] if stage.snowy else stage.colours["sand"]
    shades = blend_table(stage.colours.haze, haze)[sand]
    height = width // 4 // 8 * 8
    shift = 16 * int(stage.rng.integers(width // 16))
    spots = list(range(-width + shift, 320, width * 3 // 4 // 16 * 16))
    for k in stage.rng.permutation(len(spots)):
        drop = 4 * int(stage.rng.integers(4))
        shape = rocks.dune(width, height, int(stage.rng.integers(3)))
        stage.canvas.stamp(stage.turn(shape), spots[int(k)], base - height + drop, shades)


def snowfield(stage: Stage) -> None:
    """Blue-shadowed snow, pines, a far range."""
    stage.horizon = stage.pick(100, 116)
    open_sky(stage, 40)
    far_peaks(stage, stage.horizon + 8, (96, 144), "rock", 0.35, True, 4)
    grounds.haze(stage.canvas, stage.horizon - 20, stage.horizon + 8, stage.colours.haze, 0.4)
    for offset, haze in ((0, 0.3), (24, 0.12)):
        hills(stage, stage.horizon + offset, 8, "snow", haze)
        if stage.attributes["trees"] != "none":
            grove(
                stage,
                stage.horizon + offset + 8,
                "small" if offset == 0 else "medium",
                7,
                haze,
                None,
                12,
            )
    top = rocks.profile(stage.rng, stage.horizon + 48, 8, "round")
    grounds.paint_ground(stage.canvas, top, stage.colours["snow"], "sand", 0.9, 0.3)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 44, stage.focus, 160)
    if stage.attributes["trees"] != "none":
        plant(stage, 24, 184, "large")
        plant(stage, 304, stage.pick(176, 188), "large")
    foreground(stage)


def swamp(stage: Stage) -> None:
    """Black water, mossy trees on islands, mist, lights."""
    stage.horizon = stage.pick(116)
    stage.focus = stage.pick(80, 240)
    stage.light = (160 + stage.pick(-16, 0, 16), 52)  # below the moss
    open_sky(stage, 56)
    line = np.full(320, stage.horizon)
    treeline(stage, line - 20, "oaks", 0.65)
    treeline(stage, line - 4, "oaks", 0.4)
    for k in range(5):
        x = (k * 72 + stage.focus) % 336
        if not _hides_light(stage, x - 24, 48):
            plant(stage, x, stage.horizon + 2, "medium", 0.35)
    grounds.paint_water(stage.canvas, stage.horizon, stage.colours, reflect=0.45)
    grounds.haze(stage.canvas, stage.horizon - 12, stage.horizon + 4, stage.colours.haze, 0.35)
    shades = stage.colours["grass"]
    for x, y, width in ((stage.focus, 148, 104), (320 - stage.focus, 164, 136)):
        _island(stage, x, y, width, shades)
        plant(stage, x, y + 4, "large", 0.05)
    for k in range(5):
        x = (stage.focus + 56 + k * 64) % 320
        skies.glow(stage.canvas, x, 136 + 8 * (k % 3), 10, COLOUR["t5"], 0.4)
        stage.canvas.pixels[135 + 8 * (k % 3) : 138 + 8 * (k % 3), max(0, x - 1) : x + 2] = COLOUR[
            "t5"
        ]
    foreground(stage, 184)
    frame_trunk(stage, -1 if stage.focus > 160 else 1, "twisted trees")
    fringe = np.array([4, 12, 8, 20, 10, 28, 6, 2])[(COLUMNS // 4 + stage.focus // 8) % 8]
    bunch = np.abs((COLUMNS + stage.focus) % 128 - 64) // 8 * 4
    hang = TOP + fringe + 10 - bunch > _Y
    stage.canvas.paint(hang, int(stage.colours["ink"][0]))
    stage.canvas.paint(hang & (COLUMNS % 4 == 1) & (ROWS % 8 < 5), int(stage.colours["ink"][1]))
    reeds = np.concatenate([stage.colours["grass"][:3], stage.colours["bark"][2:3]])
    for k in range(9):
        x = (k * 40 + stage.focus) % 312 // 8 * 8
        stage.canvas.stamp(props.REED, x, 180 + 4 * (k % 2), reeds)
    if stage.chance(0.5):
        frame_boughs(stage, 1 if stage.focus > 160 else -1)


def _island(stage: Stage, x: int, y: int, width: int, shades: np.ndarray) -> None:
    """A flat island of grass with a dark water line."""
    half = width / 2
    lens = np.clip(1 - ((COLUMNS[0] - x) / half) ** 2, 0, 1)
    top = y + 8 - np.rint(lens * 5).astype(int) * 2
    bottom = y + 8 + np.rint(lens * 3).astype(int) * 2
    where = (top[None, :] <= _Y) & (bottom[None, :] > _Y)
    stage.canvas.paint(where, int(shades[2]))
    stage.canvas.paint(where & (top[None, :] + 2 > _Y), int(shades[4]))
    stage.canvas.paint(where & (bottom[None, :] - 4 <= _Y), int(shades[0]))
    marks = grounds.TEXTURES["grass"][ROWS % 16, COLUMNS % 16]
    stage.canvas.paint(where & (marks == 2), int(shades[3]))
    stage.canvas.recolour(
        (bottom[None, :] <= _Y) & (bottom[None, :] + 2 > _Y) & (lens[None, :] > 0),
        blend_table(int(stage.colours["water"][-1]), 0.4),
    )


PLACES = {f.__name__: f for f in (forest, mountains, lake, sea, desert, snowfield, swamp)}
__all__ = ["PLACES", "trees"]
