"""Mountains: snow peaks over a valley."""

from scene.synth import grounds, weather
from scene.synth.foreground import foreground, frame_bank
from scene.synth.planting import grove, plant, treeline
from scene.synth.stage import Stage, far_peaks, ground_material, hills, open_sky, path, skyline


def mountains(stage: Stage) -> None:
    """Snow peaks behind foothills and a valley."""
    stage.horizon = 100
    open_sky(stage, 56)
    far_peaks(stage, stage.horizon + 8, "high", "far", 0.3, False)
    weather.haze(stage.canvas, stage.horizon - 36, stage.horizon + 8, stage.colours.haze, 0.4)
    far_peaks(stage, stage.horizon + 24, "great", "rock", 0.15, True)
    weather.haze(stage.canvas, stage.horizon - 12, stage.horizon + 28, stage.colours.haze, 0.35)
    kind = stage.attributes["trees"]
    top = hills(stage, stage.horizon + 24, "hill", 0.25)
    if kind != "none":
        treeline(stage, top + 4, "oaks" if kind == "oaks" else "pines", 0.25)
    _valley(stage, stage.horizon + 40)


def _valley(stage: Stage, base: int) -> None:
    """Near ground with trees, the thing in front and the frame."""
    shades, texture = ground_material(stage)
    top = skyline(stage, base, 1)
    grounds.paint_ground(stage.canvas, top, shades, texture, light=0.75, dark=0.1)
    if stage.attributes["foreground"] == "path":
        path(stage, base + 2, stage.focus, 320 - stage.focus)
    grove(stage, base + 8, "medium", 5, 0.1, (stage.focus - 56, stage.focus + 56), 16)
    if stage.attributes["trees"] != "none":
        plant(stage, stage.pick(24, 296), 188, "large")
    foreground(stage)
    if stage.chance(0.6):
        frame_bank(stage, 8)
