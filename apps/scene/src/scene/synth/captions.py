"""Captions in varied natural wording for the attributes of a scene."""

from collections.abc import Mapping

import numpy as np

from scene.synth.attributes import ATTRIBUTES

_PLACE = {
    "forest": ("forest", "woodland", "wood", "grove of trees"),
    "mountains": ("mountain range", "mountain valley", "row of mountain peaks", "mountains"),
    "sea": ("sea", "ocean", "sea coast", "beach by the sea"),
    "lake": ("lake", "mountain lake", "lake shore", "still lake"),
    "desert": ("desert", "desert with dunes", "sandy desert", "sea of dunes"),
    "snowfield": ("snowfield", "snowy plain", "field of snow", "frozen land"),
    "swamp": ("swamp", "marsh", "bog", "murky swamp"),
    "village": ("village", "small village", "medieval village", "village with cottages"),
    "castle": (
        "castle on a hill",
        "medieval castle on a hilltop",
        "castle on a hilltop",
        "fortress on a hill",
        "old castle",
    ),
    "ruins": ("ruins", "ancient ruins", "ruined temple", "broken columns of a temple"),
    "lighthouse": (
        "lighthouse",
        "lighthouse on a cliff",
        "tall lighthouse",
        "lighthouse by the sea",
    ),
    "city": ("city skyline", "skyline of a city", "city by the river", "city with tall towers"),
    "cave": (
        "cave entrance with glowing crystals",
        "cave with glowing crystals",
        "cavern with crystals",
        "crystal cave",
        "mouth of a cave with shining crystals",
    ),
    "tavern": (
        "tavern interior with a roaring fireplace",
        "tavern with a fireplace",
        "inn with a fire in the fireplace",
        "tavern interior with a warm fire",
        "old tavern with a burning hearth",
    ),
}
_TIME = {
    "dawn": ("at dawn", "at daybreak", "in the early morning", "at sunrise"),
    "day": ("by day", "in daylight", "at noon", "in the daytime"),
    "sunset": ("at sunset", "at dusk", "in the evening", "at sundown"),
    "night": ("at night", "by night", "in the dark of night", "at midnight"),
    "storm": ("in a storm", "during a storm", "under a stormy sky", "under storm clouds"),
}
_TIME_ADJECTIVE = {"night": ("dark", "nocturnal"), "storm": ("stormy",), "day": ("sunny", "bright")}
_WEATHER = {
    "clear": ("under a clear sky", "in clear weather"),
    "rain": ("in the rain", "with rain falling", "in pouring rain", "with heavy rain"),
    "snow": ("in falling snow", "with snow falling", "under falling snowflakes", "while it snows"),
    "fog": ("in the fog", "in thick fog", "wrapped in mist", "with mist"),
}
_CELESTIAL = {
    "sun": ("with the sun in the sky", "under the sun", "with a bright sun", "with sunlight"),
    "full moon": ("under a full moon", "with a full moon", "in moonlight", "lit by the full moon"),
    "crescent moon": ("under a crescent moon", "with a thin crescent moon", "with a sickle moon"),
    "stars": ("under the stars", "under a starry sky", "with stars in the sky"),
    "lightning": ("with lightning", "with a flash of lightning", "with a lightning bolt"),
}
_MOOD = {
    "warm": ("warm", "golden", "glowing"),
    "cold": ("cold", "chilly", "blue", "bleak"),
    "eerie": ("eerie", "haunted", "ghostly", "sinister"),
    "dreamy": ("dreamy", "magical", "enchanted", "purple"),
    "natural": ("quiet", "peaceful", "lonely", "calm"),
}
_CAVE_MOOD = {
    "warm": ("amber", "golden"),
    "cold": ("blue", "icy"),
    "eerie": ("green", "emerald"),
    "dreamy": ("purple", "violet"),
}
_CAVE = ("mysterious", "hidden", "deep", "secret", "dark")
_TAVERN = ("cozy", "snug", "rustic", "welcoming", "warm", "old")
_TREES = {
    "pines": ("pine trees", "pines", "fir trees", "tall pines"),
    "oaks": ("oak trees", "oaks", "leafy trees", "broad trees"),
    "twisted trees": ("twisted trees", "gnarled trees", "crooked trees", "bare twisted trees"),
    "palms": ("palm trees", "palms", "tall palms"),
}
_FOREGROUND = {
    "path": ("a winding path", "a path", "a trail", "a dirt road"),
    "rocks": ("rocks in front", "boulders", "rocks", "mossy stones"),
    "flowers": ("flowers", "wild flowers", "blooming flowers"),
    "fence": ("a wooden fence", "a fence", "an old fence"),
    "campfire": ("a campfire", "a burning campfire", "a small fire in front"),
    "signpost": ("a signpost", "a wooden sign", "an old signpost"),
    "boat": ("a boat", "a rowing boat", "a small wooden boat"),
    "gravestones": ("gravestones", "old graves", "tombstones"),
    "barrels": ("barrels", "wooden barrels", "a stack of barrels"),
    "table": ("a wooden table", "a table with mugs", "a table and stools"),
}


def _pick(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(rng.integers(len(values)))]


def _article(words: str) -> str:
    plural = words.split(" with ")[0].split(" of ")[0].endswith("s")
    if plural:
        return words
    return ("an " if words[0] in "aeiou" else "a ") + words


def _adjective(attributes: Mapping[str, str], rng: np.random.Generator, full: bool) -> str:
    place, mood, time = attributes["place"], attributes["mood"], attributes["time"]
    if place == "tavern":
        return _pick(rng, _TAVERN)
    if place == "cave":
        return _pick(rng, _CAVE)
    if mood != "natural" and (full or rng.random() < 0.75):
        return _pick(rng, _MOOD[mood])
    if time in _TIME_ADJECTIVE and rng.random() < 0.4:
        return _pick(rng, _TIME_ADJECTIVE[time])
    return _pick(rng, _MOOD["natural"]) if rng.random() < 0.5 else ""


def _noun(attributes: Mapping[str, str], rng: np.random.Generator) -> str:
    noun = _pick(rng, _PLACE[attributes["place"]])
    if attributes["place"] == "cave" and "crystal cave" not in noun and rng.random() < 0.7:
        tint = _pick(rng, _CAVE_MOOD[attributes["mood"]])
        for word in ("glowing crystals", "shining crystals", "crystals"):
            if word in noun:
                return noun.replace(
                    word,
                    f"{word.split()[0]} {tint} crystals" if " " in word else f"{tint} crystals",
                )
    return noun


def caption(attributes: Mapping[str, str], rng: np.random.Generator, full: bool = False) -> str:
    """One sentence about a scene with ``attributes``.

    What is said varies as people do; ``full`` says all that is in the picture (for evaluation).
    """
    noun = _noun(attributes, rng)
    adjective = _adjective(attributes, rng, full)
    words = f"{adjective} {noun}".strip() if adjective not in noun.split() else noun
    head = _article(words)
    place, time = attributes["place"], attributes["time"]
    said: list[str] = []
    keep = 1.0 if full else 0.85
    if rng.random() < (keep if place not in ("tavern", "cave") else 0.5 + 0.5 * full):
        said.append(_pick(rng, _TIME[time]))
    things = []
    if attributes["trees"] != "none" and (full or rng.random() < 0.8):
        things.append(_pick(rng, _TREES[attributes["trees"]]))
    if attributes["foreground"] != "none" and (full or rng.random() < 0.8):
        things.append(_pick(rng, _FOREGROUND[attributes["foreground"]]))
    if things:
        said.append(("and " if " with " in head else "with ") + " and ".join(things))
    if attributes["celestial"] != "none" and (full or rng.random() < 0.8):
        said.append(_celestial(attributes, rng))
    weather = attributes["weather"]
    chance = 0.2 if weather == "clear" else keep
    if weather in _WEATHER and rng.random() < chance:
        said.append(_pick(rng, _WEATHER[weather]))
    text = _join(head, said, rng)
    return text[0].upper() + text[1:]


def _celestial(attributes: Mapping[str, str], rng: np.random.Generator) -> str:
    if attributes["celestial"] == "full moon" and rng.random() < 0.4:
        return _pick(
            rng,
            (
                "with moonlight filtering through",
                "and moonlight filtering through",
                "bathed in moonlight",
                "with moonbeams",
            ),
        )
    return _pick(rng, _CELESTIAL[attributes["celestial"]])


def _join(head: str, said: list[str], rng: np.random.Generator) -> str:
    style = int(rng.integers(4))
    if style == 1 and said and said[0].split()[0] in ("at", "in", "by", "during", "under"):
        return f"{said[0]}, {' '.join([head, *said[1:]])}"
    if style == 2 and len(said) > 1:
        return f"{head} {said[0]}, {', '.join(said[1:])}"
    return " ".join([head, *said])


def vocabulary() -> set[str]:
    """All words that captions can hold."""
    words: set[str] = set()
    for seed in range(4000):
        from scene.synth.attributes import sample_attributes

        rng = np.random.Generator(np.random.PCG64(seed))
        words |= set(caption(sample_attributes(rng), rng).lower().replace(",", "").split())
    return words


__all__ = ["ATTRIBUTES", "caption"]
