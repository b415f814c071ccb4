"""Captions say what is in the picture, and nothing that is not."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene.synth import ATTRIBUTES, caption, plan_scene, sample_attributes
from scene.synth.wording import ADJECTIVES, ADVERBS, CRYSTALS, FILTERING, NOUNS, PLACES

CLASSIC = (
    "A dark forest with twisted trees and moonlight filtering through",
    "A medieval castle on a hilltop at sunset",
    "A cozy tavern interior with a roaring fireplace",
    "A mysterious cave entrance with glowing crystals",
)
SEEDS = st.integers(0, 2**63)


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


def words_of(text):
    return set(re.findall(r"[a-z-]+", text.lower()))


def phrases(name, value):
    """All ways to say an attribute."""
    found = [*NOUNS.get((name, value), ()), *ADVERBS.get((name, value), ())]
    found += ADJECTIVES.get((name, value), ())
    if name == "celestial":
        found += FILTERING.get(value, ())
    return found


def says(text, name, value):
    return any(re.search(rf"\b{re.escape(p)}\b", text.lower()) for p in phrases(name, value))


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_a_full_caption_says_every_thing(seed):
    attributes = sample_attributes(rng(seed), held_out=None)
    text = caption(attributes, rng(seed), full=True)
    for name in ("time", "weather", "celestial", "trees", "foreground"):
        if attributes[name] != "none":
            assert says(text, name, attributes[name]), (text, attributes)
    mood = attributes["mood"]
    if attributes["place"] == "cave":
        assert any(tint in text.lower() for tint in CRYSTALS[mood]), (text, attributes)
    elif mood != "natural" and attributes["place"] != "tavern":
        assert says(text, "mood", mood), (text, attributes)


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_no_caption_says_what_is_not_there(seed):
    attributes = sample_attributes(rng(seed), held_out=None)
    text = caption(attributes, rng(seed))
    for name in ("weather", "celestial", "trees", "foreground"):
        for other in set(ATTRIBUTES[name]) - {attributes[name]}:
            if {"full moon", "crescent moon"} == {other, attributes["celestial"]}:
                continue  # both give moonlight
            assert not says(text, name, other), (text, name, other)


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_every_caption_names_its_place(seed):
    attributes = sample_attributes(rng(seed), held_out=None)
    words = words_of(caption(attributes, rng(seed)))
    wordings = [words_of(p) - {"a", "an", "the", "with"} for p in PLACES[attributes["place"]]]
    # "crystal cave" may become "cave with blue crystals"
    assert any(w <= words or w - {"crystal"} <= words for w in wordings)


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_captions_are_tidy(seed):
    text = caption(sample_attributes(rng(seed)), rng(seed))
    assert text == " ".join(text.split())
    assert not re.search(r"\b(\w+) \1\b", text.lower()), text
    assert not re.search(r"\b(a|an) (a|an|the)\b|\bthe (a|an|the)\b", text.lower()), text
    assert not re.search(r"\ba [aeio]|\ban [^aeio]| ,|,,|,$", text.lower()), text


def test_the_vocabulary_is_rich_and_knows_the_classic_prompts():
    words = set()
    for seed in range(4000):
        words |= words_of(plan_scene(seed).caption)
    assert 150 <= len(words) <= 300
    for prompt in CLASSIC:
        assert words_of(prompt) <= words


def test_the_same_attributes_are_said_in_many_ways():
    attributes = plan_scene(2, {"place": "castle", "time": "sunset"}).attributes
    assert len({caption(attributes, rng(seed)) for seed in range(100)}) > 80


@pytest.mark.parametrize("full", [False, True])
def test_captions_depend_on_the_generator_alone(full):
    attributes = plan_scene(2).attributes
    assert caption(attributes, rng(4), full) == caption(attributes, rng(4), full)
