"""One run without threads: determinism, exact resume, no recompilation, and golden losses."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.training.engine import DivergedError, Engine
from rq_vae_explorer.training.evaluation import evaluate
from rq_vae_explorer.training.runs import RunError, load_run, save_run
from rq_vae_explorer.training.step import compiled_steps, metric_names
from rq_vae_explorer.training.views import first_of_class, make_gallery, make_view, test_figures

HYPER = Hyper()
GOLDEN = Path(__file__).parent / "golden_losses.txt"
test_figures.__test__ = False


@pytest.fixture
def engine(digits):
    return Engine(RunConfig(), digits.train_images)


def _leaves(engine):
    import jax

    return [np.asarray(leaf) for leaf in jax.tree.leaves(engine.state)]


def _assert_same(one, other):
    for a, b in zip(_leaves(one), _leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_ten_steps_reproduce_the_golden_losses(engine):
    rows = engine.run(10, HYPER)
    golden = np.loadtxt(GOLDEN)
    # Other processors sum in another order; a changed formula differs far more.
    np.testing.assert_allclose(rows[:, :4], golden, rtol=2e-3)


def test_cutting_a_run_into_other_chunks_changes_no_bit(engine, digits):
    other = Engine(RunConfig(), digits.train_images)
    whole = engine.run(12, HYPER)
    parts = np.concatenate([other.run(count, HYPER) for count in (1, 7, 4)])
    np.testing.assert_array_equal(whole, parts)
    _assert_same(engine, other)


def test_seeds_differ(engine, digits):
    other = Engine(RunConfig(seed=1), digits.train_images)
    assert not np.array_equal(engine.codebook, other.codebook)


def test_a_saved_run_resumes_bit_for_bit(engine, digits, tmp_path):
    engine.run(5, HYPER)
    save_run(tmp_path / "run", engine.config, HYPER, engine.state)
    expected = engine.run(5, HYPER)
    saved = load_run(tmp_path / "run")
    assert saved.config == engine.config
    assert saved.hyper == HYPER
    other = Engine(saved.config, digits.train_images)
    other.state = saved.restore(other.state)
    np.testing.assert_array_equal(other.run(5, HYPER), expected)
    _assert_same(engine, other)


def test_damaged_runs_are_refused_in_one_line(engine, digits, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RunError, match="holds no run"):
        load_run(folder)
    save_run(folder, engine.config, HYPER, engine.state)
    path = folder / "run.safetensors"
    whole = path.read_bytes()
    for content in (
        whole[:100],
        b"",
        b"\xff" * 200,
        whole[:-50],
        whole[:-1] + bytes([whole[-1] ^ 1]),
    ):
        path.write_bytes(content)
        with pytest.raises(RunError) as caught:
            load_run(folder)
        assert "\n" not in str(caught.value)
    path.write_bytes(whole)
    saved = load_run(folder)
    with pytest.raises(RunError, match="does not fit"):
        saved.restore(Engine(RunConfig(num_codes=8), digits.train_images).state)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        save_run(tmp_path / "file" / "run", engine.config, HYPER, engine.state)


def test_what_a_killed_save_left_behind_is_swept_by_the_next(engine, tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stray = tmp_path / f".run.safetensors.{gone.pid}-1.part"
    stray.write_bytes(b"half")
    mine = tmp_path / f".run.safetensors.{os.getpid()}-1.part"  # of a thread that still writes
    mine.write_bytes(b"half")
    save_run(tmp_path, engine.config, HYPER, engine.state)
    assert sorted(p.name for p in tmp_path.iterdir()) == [mine.name, "run.json", "run.safetensors"]


def test_no_live_knob_compiles_anything(engine):
    run = compiled_steps(engine.model, engine.config.batch_size)
    engine.run(1, HYPER)
    before = run._cache_size()
    for changed in (
        {"lambda_commit": 1.5, "lambda_codebook": 0.1, "learning_rate": 3e-4},
        {"quantizer": "ema", "ema_decay": 0.9},
        {"quantizer": "adam"},
        {"restart": False, "estimator": "rotation", "quantizer_dropout": 0.5},
        {"lambda_sinkhorn": 1.0, "sinkhorn_epsilon": 0.1, "loss_scope": "final"},
    ):
        rows = engine.run(2, HYPER.replace(**changed))
        assert np.isfinite(rows).all()
    assert run._cache_size() == before


def test_codebook_weight_changes_code_motion_and_commitment_changes_the_error(digits):
    motion, error = {}, {}
    names = metric_names(2)
    for weight in (0.1, 2.0):
        engine = Engine(RunConfig(), digits.train_images)
        rows = engine.run(100, HYPER.replace(lambda_codebook=weight, restart=False))
        motion[weight] = rows[:, names.index("codebook_motion")].mean()
    assert motion[2.0] > 3 * motion[0.1]
    for weight in (0.0, 2.0):
        engine = Engine(RunConfig(), digits.train_images)
        engine.run(150, HYPER.replace(lambda_commit=weight))
        error[weight] = evaluate(engine, digits.test_images).levels[0].error
    assert error[2.0] < error[0.0]


def test_a_loss_that_is_not_finite_keeps_the_last_good_state(engine):
    import jax

    engine.run(3, HYPER)
    good = engine.state
    poisoned = jax.tree.map(lambda leaf: leaf * np.float32("nan"), good.params["decoder"])
    from dataclasses import replace

    engine.state = replace(good, params={**good.params, "decoder": poisoned})
    with pytest.raises(DivergedError, match="step 4; kept the state of step 3"):
        engine.run(5, HYPER)
    assert engine.step == 3


@pytest.mark.slow
def test_training_uses_all_codes_and_learns(digits):
    engine = Engine(RunConfig(), digits.train_images)
    before = evaluate(engine, digits.test_images)
    for _ in range(3):
        engine.run(200, HYPER)
    after = evaluate(engine, digits.test_images)
    assert after.recon_mse < 0.065 < before.recon_mse
    assert (np.asarray(engine.state.codebook.dead_since) == -1).all()
    assert sum(level.active for level in after.levels) >= 28
    assert after.levels[0].error < 0.15
    assert after.unquantised_mse <= after.recon_mse <= after.levels[0].recon_mse
    assert after.joint_entropy_bits <= after.nominal_bits


def test_restart_revives_codes_that_start_far_away(digits):
    config = RunConfig(codebook_init="uniform")
    dead = {}
    for restart in (False, True):
        engine = Engine(config, digits.train_images)
        engine.run(256, HYPER.replace(restart=restart))
        dead[restart] = int((np.asarray(engine.state.codebook.dead_since) >= 0).sum())
    assert dead[True] < dead[False]


def test_hand_made_changes_touch_only_what_they_name(engine):
    engine.run(5, HYPER)
    before = engine.codebook
    engine.move_code(1, 3, np.array([0.5, -0.5], np.float32))
    expected = before.copy()
    expected[1, 3] = [0.5, -0.5]
    np.testing.assert_array_equal(engine.codebook, expected)
    engine.kill_code(0, 2)
    assert np.asarray(engine.state.codebook.dead_since)[0, 2] == 5
    z = engine.encode(np.zeros((10, 28, 28), np.uint8))
    assert 2 not in np.asarray(engine.quantize(z).indices)[:, 0]
    assert engine.restart_dead_now().sum() == 1
    assert np.abs(engine.codebook[0, 2]).max() < 1e3
    assert (np.asarray(engine.state.codebook.dead_since) == -1).all()
    engine.reseed_code(1, 0)
    assert not np.array_equal(engine.codebook[1, 0], expected[1, 0])
    engine.kmeans_now()
    assert np.isfinite(engine.run(3, HYPER)).all()


def test_views_are_consistent_and_read_only(engine, digits):
    from rq_vae_explorer.training.snapshot import EvaluationSet

    engine.run(20, HYPER)
    images, labels = digits.stratified_test(10)
    dataset = EvaluationSet("small", images, labels.astype(np.int32), 1000, 200, digits.classes)
    view = make_view(engine, dataset, first_of_class(dataset))
    residual = view.z_e
    for level in range(2):
        np.testing.assert_allclose(view.residuals[level], residual, atol=1e-6)
        distance = ((residual[:, None] - view.codebook[level]) ** 2).sum(-1)
        np.testing.assert_array_equal(distance.argmin(1), view.indices[:, level])
        residual = residual - view.codebook[level][view.indices[:, level]]
    expected = (residual**2).sum(1).mean() / view.latent_variance
    assert view.levels[1].error == pytest.approx(expected, rel=1e-4)
    assert view.usage_eval.sum(axis=1).tolist() == [len(labels)] * 2
    np.testing.assert_array_equal(view.usage_by_class.sum(axis=2), view.usage_eval)
    assert view.usage_window.sum(axis=1).tolist() == [20 * 64] * 2
    np.testing.assert_allclose(view.usage_ema.sum(axis=1), 1, rtol=1e-4)
    assert view.sample_recons.shape == (2, 10, 28, 28)
    np.testing.assert_array_equal(dataset.labels[first_of_class(dataset).rows], range(10))
    with pytest.raises(ValueError, match="read-only"):
        view.codebook[0, 0, 0] = 1

    gallery = make_gallery(engine, dataset, view, HYPER)
    pair = engine.decode((view.codebook[0][3] + view.codebook[1][5])[None])[0]
    np.testing.assert_allclose(gallery.pair_images[3, 5] / 255, pair, atol=1 / 255)
    row = test_figures(engine, dataset, view)
    assert row[0] == pytest.approx(evaluate(engine, images).recon_mse, rel=1e-3)
