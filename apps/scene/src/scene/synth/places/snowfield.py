"""A snowfield: blue-shadowed hills, pines, far peaks."""

from scene.synth import grounds, weather
from scene.synth.foreground import foreground
from scene.synth.planting import grove, plant
from scene.synth.stage import Stage, far_peaks, hills, open_sky, path, skyline


def snowfield(stage: Stage) -> None:
    """Blue-shadowed snow, pines, a far range."""
    stage.horizon = 100
    open_sky(stage, 40)
    far_peaks(stage, stage.horizon + 8, "high", "rock", 0.3, True)
    weather.haze(stage.canvas, stage.horizon - 20, stage.horizon + 8, stage.colours.haze, 0.4)
    for layer, (offset, haze) in enumerate(((0, 0.3), (24, 0.15))):
        hills(stage, stage.horizon + offset, "snow", haze, layer)
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
    top = skyline(stage, stage.horizon + 48, 2)
    grounds.paint_ground(stage.canvas, top, stage.colours["snow"], "sand", 0.9, 0.3)
    if stage.attributes["foreground"] == "path":
        path(stage, stage.horizon + 44, stage.focus, 160)
    if stage.attributes["trees"] != "none":
        plant(stage, 24, 184, "large")
        plant(stage, 304, 188, "large")
    foreground(stage)
