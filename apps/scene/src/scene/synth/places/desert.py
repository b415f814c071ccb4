"""A desert: buttes or pyramids behind dunes."""

import numpy as np

from scene.synth import grounds, weather
from scene.synth.canvas import Y
from scene.synth.foreground import foreground
from scene.synth.palette import blend_table
from scene.synth.planting import plant
from scene.synth.stage import Stage, hides_light, open_sky, path, skyline
from scene.synth.stamps import dunes, plants


def desert(stage: Stage) -> None:
    """Buttes or pyramids behind dunes with sharp crests."""
    stage.horizon = 100
    open_sky(stage, 32)
    if stage.chance(0.65):
        shades = stage.colours.hazy("sand", 0.25)
        for k in range(stage.pick(2, 3)):
            width, height = ((64, 64), (96, 48), (48, 72))[(k + stage.pick(0, 1)) % 3]
            x = (stage.focus - 96 + k * 88 + 16 * stage.pick(0, 1, 2)) // 16 * 16
            if hides_light(stage, x, width):
                continue
            shape = dunes.butte(width, height, stage.pick(0, 1))
            stage.canvas.stamp(
                stage.turn(shape), x, stage.horizon + 8 - height, shades, part="peaks"
            )
    else:
        for x, width in ((stage.focus + 40, 96), (stage.focus - 72, 144)):
            if hides_light(stage, x, width):
                continue
            shape = dunes.pyramid(width)
            stage.canvas.stamp(
                stage.turn(shape),
                x // 16 * 16,
                stage.horizon + 8 - shape.shape[0],
                stage.colours.hazy("sand", 0.2),
                "buildings",
            )
    far = int(stage.colours.hazy("sand", 0.4)[2])
    stage.canvas.paint(stage.horizon + 4 <= Y, far, part="hills")
    weather.haze(stage.canvas, stage.horizon - 20, stage.horizon + 4, stage.colours.haze, 0.3)
    sand = stage.colours["sand"]
    for offset, haze, width in ((28, 0.3, 128), (52, 0.15, 192)):
        _dunes(stage, stage.horizon + offset, haze, width)
        floor = stage.horizon + offset <= Y
        shade = int(blend_table(stage.colours.haze, haze)[sand[len(sand) - 3]])
        stage.canvas.paint(floor, shade, part="hills")
    top = skyline(stage, stage.horizon + 52, 1)
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
                stage.turn(plants.cactus(stage.pick(0, 1))), x // 8 * 8, y - 56, cactus, "props"
            )
    foreground(stage)


def _dunes(stage: Stage, base: int, haze: float, width: int) -> None:
    """A row of dunes: lit backs, sharp winding crests, shadowed lee sides."""
    sand = stage.colours["snow"] if stage.snowy else stage.colours["sand"]
    shades = blend_table(stage.colours.haze, haze)[sand]
    height = width // 4 // 8 * 8
    shift = 32 * int(stage.rng.integers(width // 32))
    spots = list(range(-width + shift, 320, width * 3 // 4 // 32 * 32))
    for k in stage.rng.permutation(len(spots)):
        drop = 8 * int(stage.rng.integers(2))
        shape = dunes.dune(width, height, int(stage.rng.integers(2)))
        at = (spots[int(k)], base - height + drop)
        stage.canvas.stamp(stage.turn(shape), *at, shades, part="hills")
