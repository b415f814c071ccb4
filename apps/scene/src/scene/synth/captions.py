"""Captions in varied natural wording for the attributes of a scene."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scene.synth.wording import ADJECTIVES, ADVERBS, CRYSTALS, FILTERING, NOUNS, PLACES

_SAID = {"time": 0.85, "trees": 0.85, "foreground": 0.85, "celestial": 0.85, "weather": 0.9}
_SAID_INDOORS = _SAID | {"time": 0.45}  # "a tavern interior" says enough
_SAID_CLEAR = 0.15  # nobody mentions that it does not rain


@dataclass
class _Parts:
    """What a caption says: the place, then phrases after "with" and free ones."""

    head: str
    time: str
    nouns: list[str]
    adverbs: list[str]


def caption(attributes: Mapping[str, str], rng: np.random.Generator, full: bool = False) -> str:
    """One sentence about a scene with ``attributes``.

    What is said, and how, varies as people vary; ``full`` says all that is in the picture.
    """
    parts = _choose(attributes, rng, full)
    style = int(rng.integers(8))
    if style == 0:
        text = _as_tags(parts)
    elif style <= 2 and parts.time:
        text = f"{parts.time}, {_sentence(parts, time=False)}"
    else:
        text = _sentence(parts)
    return text[0].upper() + text[1:] if rng.random() < 0.85 else text


def _pick(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(rng.integers(len(values)))]


def _choose(attributes: Mapping[str, str], rng: np.random.Generator, full: bool) -> _Parts:
    indoors = attributes["place"] in ("tavern", "cave")
    odds = _SAID_INDOORS if indoors else _SAID
    said = {name: full or rng.random() < odds[name] for name in odds}
    if attributes["weather"] == "clear" and not full:
        said["weather"] = rng.random() < _SAID_CLEAR
    time = _pick(rng, ADVERBS["time", attributes["time"]]) if said["time"] else ""
    head = _head(attributes, rng, full, bool(time))
    parts = _Parts(head, time, [], [])
    for name in ("trees", "foreground", "celestial", "weather"):
        if said[name]:
            _say(parts, name, attributes, rng)
    return parts


def _say(parts: _Parts, name: str, attributes: Mapping[str, str], rng: np.random.Generator) -> None:
    """Add one attribute as a noun or as an adverb; "none" adds nothing."""
    value = attributes[name]
    nouns, adverbs = NOUNS.get((name, value), ()), ADVERBS.get((name, value), ())
    through = FILTERING.get(value, ()) if attributes["trees"] != "none" else ()
    if through and rng.random() < 0.4:
        parts.nouns.append(_pick(rng, through))
    elif nouns and (not adverbs or rng.random() < 0.45):
        parts.nouns.append(_pick(rng, nouns))
    elif adverbs:
        parts.adverbs.append(_pick(rng, adverbs))


def _head(
    attributes: Mapping[str, str], rng: np.random.Generator, full: bool, time_said: bool
) -> str:
    """The place with an adjective for mood or time."""
    place, mood, time = attributes["place"], attributes["mood"], attributes["time"]
    words = _pick(rng, PLACES[place])
    if place == "cave" and (full or rng.random() < 0.75):
        words = words.replace("crystal cave", "cave with crystals")
        words = words.replace("crystals", f"{_pick(rng, CRYSTALS[mood])} crystals")
    adjective = ""
    if ("place", place) in ADJECTIVES:
        adjective = _pick(rng, ADJECTIVES["place", place]) if rng.random() < 0.75 else ""
    elif mood != "natural" and (full or rng.random() < 0.8):
        adjective = _pick(rng, ADJECTIVES["mood", mood])
    elif ("time", time) in ADJECTIVES and rng.random() < (0.25 if time_said else 0.7):
        adjective = _pick(rng, ADJECTIVES["time", time])
    elif rng.random() < 0.4:
        adjective = _pick(rng, ADJECTIVES["mood", "natural"])
    return _with_adjective(words, adjective)


def _with_adjective(words: str, adjective: str) -> str:
    """The adjective behind the article, and the article that fits it."""
    if not adjective or adjective in words.split():
        return words
    first, _, rest = words.partition(" ")
    if first in ("a", "an"):
        article = "an" if adjective[0] in "aeiou" else "a"
        return f"{article} {adjective} {rest}"
    if first == "the":
        return f"the {adjective} {rest}"
    return f"{adjective} {words}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sentence(parts: _Parts, time: bool = True) -> str:
    pieces = [parts.head]
    if time and parts.time:
        pieces.append(parts.time)
    if parts.nouns:
        joint = "and" if " with " in parts.head and len(pieces) == 1 else "with"
        pieces.append(f"{joint} {_listed(parts.nouns)}")
    text = " ".join(pieces)
    if not parts.adverbs:
        return text
    comma = "," if parts.nouns else ""
    return f"{text}{comma} {' '.join(parts.adverbs)}"


def _as_tags(parts: _Parts) -> str:
    """Keywords between commas, as people type them."""
    bare = parts.head.removeprefix("a ").removeprefix("an ").removeprefix("the ")
    return ", ".join(word for word in (bare, parts.time, *parts.nouns, *parts.adverbs) if word)
