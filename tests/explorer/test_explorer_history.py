"""Histories: bounded, and true to what they forget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rq_vae_explorer.config import Hyper, RunConfig, split_settings
from rq_vae_explorer.training.history import BucketHistory, ThinnedHistory
from rq_vae_explorer.training.presets import PRESETS, find_preset
from rq_vae_explorer.training.state import TrainingState


@settings(max_examples=50)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(8, 40))
def test_buckets_keep_mean_extremes_and_last_step(chunks, capacity):
    values = np.random.default_rng(0).normal(size=(sum(chunks), 2))
    history = BucketHistory(2, capacity)
    done = 0
    for count in chunks:
        history.add(done + 1, values[done : done + count])
        done += count
    buckets = history.buckets()
    assert len(buckets.steps) <= capacity
    assert buckets.steps[-1] == done
    start = 0
    for step, mean, low, high in zip(*buckets[:4], strict=True):
        part = values[start:step]
        np.testing.assert_allclose(mean, part.mean(axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(low, part.min(axis=0), rtol=1e-5)
        np.testing.assert_allclose(high, part.max(axis=0), rtol=1e-5)
        start = step


def test_a_million_steps_stay_small():
    history = BucketHistory(3, 1000)
    for start in range(0, 1_000_000, 50_000):
        history.add(start + 1, np.ones((50_000, 3)))
    assert len(history.buckets().steps) <= 1000
    assert history.buckets().steps[-1] == 1_000_000


@given(st.integers(1, 2000), st.integers(4, 50))
def test_thinned_history_keeps_ends_order_and_even_spacing(count, capacity):
    history = ThinnedHistory(capacity)
    for item in range(count):
        history.add(item)
    items = history.items()
    assert items[0] == 0
    assert items[-1] == count - 1
    assert len(items) <= capacity
    assert len(set(np.diff(items[:-1]).tolist())) <= 1


def test_state_defaults_weights_and_history():
    state = TrainingState()
    assert (state.lambda_commit, state.lambda_codebook) == (0.25, 1.0)
    assert (state.step, state.is_training, state.should_stop) == (0, False, False)
    state.set_lambda_commit(0.5)
    state.set_lambda_codebook(2)
    assert state.get_lambdas() == (0.5, 2.0)
    for bad in (-1, float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="lambda_commit"):
            state.set_lambda_commit(bad)
    record = {"total": 1.0, "recon": 0.5, "commit": 0.3, "codebook": 0.2}
    state.add_losses(record)
    state.add_losses({**record, "total": 0.8})
    assert state.get_loss_history()["total"] == [1.0, 0.8]
    for _ in range(30):
        state.add_loss_rows(np.ones((1000, 4)))
    assert len(state.get_loss_history()["recon"]) <= 20_000
    state.reset()
    state.add_loss_rows(np.arange(20_001)[:, None] * np.ones(4))
    merged = state.get_loss_history()["commit"]
    assert (len(merged), merged[0], merged[-2:]) == (10_001, 0.5, [19_998.5, 20_000])


def test_state_figures_are_copies_set_together_and_cleared_by_reset():
    state = TrainingState()
    codebook = np.zeros((2, 16, 2))
    state.update(
        step=7, codebook=codebook, encoder_outputs=np.ones((3, 2)), encoder_labels=[1, 2, 3]
    )
    state.update(reconstructions=np.zeros((8, 28, 28, 1)), sample_inputs=np.ones((8, 28, 28, 1)))
    codebook[:] = 9
    assert state.step == 7
    assert state.get_codebook().max() == 0
    outputs, labels = state.get_encoder_outputs()
    assert outputs.shape == (3, 2)
    assert labels.tolist() == [1, 2, 3]
    recons, inputs = state.get_reconstructions()
    assert recons.max() == 0
    assert inputs.min() == 1
    with pytest.raises(TypeError, match="unknown figure 'codebok'"):
        state.update(codebok=codebook)
    state.set_lambda_commit(0.7)
    state.reset()
    assert state.step == 0
    assert state.get_codebook() is None
    assert state.get_encoder_outputs() == (None, None)
    assert state.get_loss_history() == {"total": [], "recon": [], "commit": [], "codebook": []}
    assert state.lambda_commit == 0.7


def test_every_preset_is_valid_has_a_lesson_and_a_name_of_its_own():
    for preset in PRESETS:
        split_settings(preset.settings)
        assert len(preset.lesson) > 60
        assert find_preset(preset.name) is preset
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    with pytest.raises(ValueError, match="known are default, plan"):
        find_preset("nothing")


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"num_codez": 4}, "unknown setting 'num_codez'"),
        ({"num_levels": 9}, "num_levels: .*4"),
        ({"learning_rate": "fast"}, "learning_rate: .*number"),
        ({"lambda_commit": float("nan")}, "lambda_commit"),
        ({"network": "resnet"}, "network: .*'dense'"),
        ({"batch_size": 2.5}, "batch_size: .*integer"),
    ],
)
def test_settings_name_the_bad_key(settings_, said):
    with pytest.raises(ValueError, match=said) as caught:
        split_settings(settings_)
    assert "\n" not in str(caught.value)


def test_settings_are_frozen_and_round_trip():
    assert RunConfig(**RunConfig(seed=3).model_dump()) == RunConfig(seed=3)
    with pytest.raises(ValueError, match="frozen"):
        Hyper().lambda_commit = 1
