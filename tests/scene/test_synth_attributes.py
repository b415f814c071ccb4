"""Attributes that go together, and the pairs that training never shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene.synth import (
    ATTRIBUTES,
    HELD_OUT_PAIRS,
    check_attributes,
    is_held_out,
    plan_scene,
    sample_attributes,
)
from scene.synth.attributes import allowed_values

CLASSIC = (
    {"place": "forest", "time": "night", "trees": "twisted trees", "celestial": "full moon"},
    {"place": "castle", "time": "sunset"},
    {"place": "tavern"},
    {"place": "cave"},
)


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


@given(st.integers(0, 2**63))
@settings(max_examples=300, deadline=None)
def test_training_never_sees_a_held_out_pair(seed):
    attributes = sample_attributes(rng(seed))
    check_attributes(attributes)
    assert tuple(attributes) == tuple(ATTRIBUTES)
    assert not is_held_out(attributes)


@given(st.integers(0, 2**63))
@settings(max_examples=50, deadline=None)
def test_held_out_mode_always_draws_one(seed):
    assert is_held_out(sample_attributes(rng(seed), held_out=True))


@pytest.mark.parametrize("pair", HELD_OUT_PAIRS, ids=str)
def test_every_held_out_pair_can_be_drawn_and_each_half_is_trained(pair):
    assert is_held_out(plan_scene(1, dict(pair), held_out=True).attributes)
    for name, value in pair:
        assert plan_scene(1, {name: value}).attributes[name] == value


def test_a_held_out_pair_cannot_be_asked_of_training():
    with pytest.raises(ValueError, match="no scene goes with"):
        sample_attributes(rng(0), held_out=False, fixed=dict(HELD_OUT_PAIRS[0]))


@pytest.mark.parametrize("attributes", CLASSIC)
def test_the_classic_prompts_are_in_training(attributes):
    assert not is_held_out(attributes)
    assert plan_scene(3, attributes).attributes.items() >= attributes.items()


def test_every_value_is_sampled():
    seen = {name: set() for name in ATTRIBUTES}
    for seed in range(3000):
        for name, value in sample_attributes(rng(seed)).items():
            seen[name].add(value)
    assert seen == {name: set(values) for name, values in ATTRIBUTES.items()}


@given(st.integers(0, 2**63))
@settings(max_examples=100, deadline=None)
def test_sampled_values_are_allowed_by_those_before(seed):
    attributes = sample_attributes(rng(seed), held_out=None)
    chosen = {}
    for name, value in attributes.items():
        assert value in allowed_values(name, chosen)
        chosen[name] = value


def test_indoors_no_weather_and_no_sky():
    for seed in range(50):
        attributes = plan_scene(seed, {"place": "tavern"}).attributes
        assert (attributes["weather"], attributes["celestial"]) == ("none", "none")
        assert plan_scene(seed, {"place": "cave"}).attributes["weather"] == "none"


def test_unknown_attribute_names_are_refused():
    with pytest.raises(KeyError, match="unknown attribute"):
        allowed_values("planet", {"place": "sea", "time": "day"})
