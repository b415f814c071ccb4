"""What a scene shows: the attributes, which go together, and which pairs are kept for testing.

Every scene has a value for every attribute; ``"none"`` says that the picture has no such thing.
"""

from collections.abc import Mapping

import numpy as np

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "place": (
        *("forest", "mountains", "sea", "lake", "desert", "snowfield", "swamp", "village"),
        *("castle", "ruins", "lighthouse", "city", "cave", "tavern"),
    ),
    "time": ("dawn", "day", "sunset", "night", "storm"),
    "weather": ("clear", "rain", "snow", "fog", "none"),
    "celestial": ("none", "sun", "full moon", "crescent moon", "stars", "lightning"),
    "mood": ("natural", "warm", "cold", "eerie", "dreamy"),
    "trees": ("none", "pines", "oaks", "twisted trees", "palms"),
    "foreground": (
        *("none", "path", "rocks", "flowers", "fence", "campfire", "signpost", "boat"),
        *("gravestones", "barrels", "table"),
    ),
}

INDOORS = ("tavern",)
SHELTERED = ("tavern", "cave")  # no weather falls here

_MOODS = {
    "dawn": ("natural", "cold", "dreamy"),
    "day": ("natural", "warm", "cold"),
    "sunset": ("natural", "warm", "dreamy"),
    "night": ("natural", "cold", "eerie", "dreamy"),
    "storm": ("natural", "cold", "eerie"),
}
_CAVE_MOODS = ("warm", "cold", "eerie", "dreamy")  # the crystals give the light
_TREES = {
    "forest": ("pines", "oaks", "twisted trees"),
    "mountains": ("none", "pines", "pines", "oaks"),
    "sea": ("none", "palms", "palms", "pines"),
    "lake": ("none", "pines", "oaks", "twisted trees"),
    "desert": ("none", "none", "palms"),
    "snowfield": ("none", "pines", "pines", "twisted trees"),
    "swamp": ("twisted trees", "twisted trees", "oaks"),
    "village": ("none", "pines", "oaks", "oaks"),
    "castle": ("none", "pines", "oaks", "twisted trees"),
    "ruins": ("none", "oaks", "palms", "twisted trees"),
    "lighthouse": ("none", "none", "pines"),
}
_FOREGROUND = {
    "forest": ("none", "path", "rocks", "flowers", "campfire", "signpost", "gravestones"),
    "mountains": ("none", "path", "rocks", "flowers", "fence", "campfire", "signpost"),
    "sea": ("none", "rocks", "boat", "campfire"),
    "lake": ("none", "rocks", "flowers", "boat", "campfire", "fence"),
    "desert": ("none", "path", "rocks", "campfire", "signpost"),
    "snowfield": ("none", "path", "rocks", "fence", "campfire", "signpost", "gravestones"),
    "swamp": ("none", "rocks", "boat", "signpost", "gravestones"),
    "village": ("none", "flowers", "fence", "signpost", "barrels"),
    "castle": ("none", "path", "rocks", "flowers", "fence", "signpost", "gravestones"),
    "ruins": ("none", "path", "rocks", "flowers", "campfire", "gravestones"),
    "lighthouse": ("none", "path", "rocks", "fence", "boat"),
    "city": ("none", "boat", "fence"),
    "cave": ("none", "rocks", "path", "campfire"),
    "tavern": ("none", "barrels", "table"),
}
_WEATHER = {
    "dawn": ("clear", "clear", "clear", "fog", "snow", "rain"),
    "day": ("clear", "clear", "clear", "rain", "snow", "fog"),
    "sunset": ("clear", "clear", "clear", "fog", "snow", "rain"),
    "night": ("clear", "clear", "clear", "rain", "snow", "fog"),
    "storm": ("rain", "rain", "clear", "snow"),
}
_CELESTIAL = {
    "dawn": ("none", "sun", "sun"),
    "day": ("none", "sun"),
    "sunset": ("none", "sun", "sun"),
    "night": ("none", "full moon", "full moon", "crescent moon", "stars"),
    "storm": ("none", "lightning", "lightning"),
}
_NO_SNOW = ("desert", "swamp")
_NO_RAIN = ("desert", "snowfield")

# Pairs never drawn for training: a model must put them together by itself.
HELD_OUT_PAIRS: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = (
    (("place", "lighthouse"), ("time", "dawn")),
    (("place", "desert"), ("time", "night")),
    (("place", "village"), ("time", "storm")),
    (("place", "lake"), ("time", "sunset")),
    (("place", "ruins"), ("weather", "fog")),
    (("place", "city"), ("weather", "snow")),
    (("place", "castle"), ("weather", "rain")),
    (("place", "mountains"), ("celestial", "crescent moon")),
    (("place", "sea"), ("mood", "eerie")),
    (("place", "forest"), ("foreground", "campfire")),
)


def is_held_out(attributes: Mapping[str, str]) -> bool:
    """True where ``attributes`` holds one of the pairs that training never shows."""
    return any(
        all(attributes.get(name) == value for name, value in pair) for pair in HELD_OUT_PAIRS
    )


def allowed_values(name: str, chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Values of attribute ``name`` that fit what is ``chosen`` (the attributes before it)."""
    if name == "place":
        return ATTRIBUTES["place"]
    place, time = chosen["place"], chosen.get("time", "day")
    if name == "time":
        return ATTRIBUTES["time"]
    if name == "weather":
        if place in SHELTERED:
            return ("none",)
        banned = {"snow": _NO_SNOW, "rain": _NO_RAIN}
        return tuple(w for w in _WEATHER[time] if place not in banned.get(w, ())) or ("clear",)
    if name == "celestial":
        if place in INDOORS or chosen["weather"] == "fog":
            return ("none",)
        if chosen["weather"] in ("rain", "snow") and time != "storm":
            return tuple(c for c in _CELESTIAL[time] if c not in ("stars", "sun"))
        return _CELESTIAL[time]
    if name == "mood":
        if place in INDOORS:
            return ("warm",)
        return _CAVE_MOODS if place == "cave" else _MOODS[time]
    if name == "trees":
        return _TREES.get(place, ("none",))
    if name == "foreground":
        return _FOREGROUND[place]
    raise KeyError(f"unknown attribute {name!r}; there are {', '.join(ATTRIBUTES)}")


def sample_attributes(
    rng: np.random.Generator, held_out: bool | None = False, fixed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Draw attributes that go together.

    - ``held_out``: False never draws a pair kept for testing (training), True always draws one,
      None does not look.
    - ``fixed``: attributes that must have the given value.

    Raises ValueError when ``fixed`` names something unknown or that can never be drawn.
    """
    fixed = dict(fixed or {})
    check_attributes(fixed)
    for _ in range(20_000):
        chosen: dict[str, str] = {}
        for name in ATTRIBUTES:
            values = allowed_values(name, chosen)
            chosen[name] = values[int(rng.integers(len(values)))]
            if chosen[name] != fixed.get(name, chosen[name]):
                if fixed[name] not in values:
                    break
                chosen[name] = fixed[name]
        else:
            if held_out is None or is_held_out(chosen) == held_out:
                return chosen
    raise ValueError(f"no scene goes with {fixed} (held_out={held_out})")


def check_attributes(attributes: Mapping[str, str]) -> None:
    """Raise ValueError, naming the attribute, where a name or a value is unknown."""
    for name, value in attributes.items():
        if name not in ATTRIBUTES:
            raise ValueError(f"unknown attribute {name!r}; there are {', '.join(ATTRIBUTES)}")
        if value not in ATTRIBUTES[name]:
            raise ValueError(f"{name} cannot be {value!r}; try {', '.join(ATTRIBUTES[name])}")
