"""The live trainer: buttons in any order, one worker, snapshots that belong to one run."""

import threading
import time

import numpy as np
import pytest

from rq_vae_explorer.data import DataError
from rq_vae_explorer.training import TrainingState
from rq_vae_explorer.training.engine import DivergedError, Engine
from rq_vae_explorer.training.snapshot import Status

PATIENCE = 120


def _wait(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.005)


def _workers():
    return [t for t in threading.enumerate() if t.name == "rq-vae-trainer"]


def test_construction_is_cheap_and_train_step_makes_one_step(make_trainer):
    state = TrainingState()
    trainer = make_trainer(state, latent_dim=2, num_codes=16, num_levels=2)
    assert trainer.state is state
    assert trainer.snapshot().dataset is None
    trainer.train_step()
    assert state.step == 1
    assert len(state.get_loss_history()["total"]) == 1
    assert state.get_codebook().shape == (2, 16, 2)
    assert state.get_encoder_outputs()[0].shape == (200, 2)
    assert state.get_assignment_counts().sum() == 2 * 64
    recons, inputs = state.get_reconstructions()
    assert recons.shape == inputs.shape == (10, 28, 28, 1)
    assert len(recons) >= 8
    out, aux = trainer.model.apply(trainer.params, inputs)
    assert out.shape == inputs.shape
    assert aux["indices"].shape == (10, 2)


def test_start_trains_stop_stops_and_nothing_moves_afterwards(make_trainer):
    trainer = make_trainer()
    trainer.start()
    assert trainer.state.is_training
    _wait(lambda: trainer.snapshot().step > 5, "steps")
    assert trainer.snapshot().status is Status.TRAINING
    trainer.stop()
    trainer.stop()
    stopped = trainer.snapshot()
    assert stopped.status is Status.PAUSED
    assert stopped.view.step == stopped.step == trainer.state.step
    assert not trainer.state.is_training
    assert not trainer.state.should_stop
    time.sleep(0.2)
    assert trainer.snapshot() is stopped
    trainer.start()
    _wait(lambda: trainer.snapshot().step > stopped.step, "steps after a restart")


def test_stop_right_after_start_is_not_lost(make_trainer):
    trainer = make_trainer()
    trainer.start(wait=False)
    trainer.stop()
    assert trainer.snapshot().status is Status.PAUSED
    step = trainer.snapshot().step
    time.sleep(0.2)
    assert trainer.snapshot().step == step


def test_double_start_keeps_one_worker(make_trainer):
    trainer = make_trainer()
    before = len(_workers())
    for _ in range(3):
        trainer.start()
    assert len(_workers()) == before + 1
    trainer.close()
    assert len(_workers()) == before


def test_reset_during_compilation_leaves_no_zombie(make_trainer, monkeypatch):
    compiling, go_on = threading.Event(), threading.Event()
    compile_it = Engine.compile

    def slow_compile(engine, hyper):
        compiling.set()
        assert go_on.wait(PATIENCE)
        compile_it(engine, hyper)

    monkeypatch.setattr(Engine, "compile", slow_compile)
    trainer = make_trainer()
    trainer.start()
    assert compiling.wait(PATIENCE)
    assert trainer.snapshot().status is Status.COMPILING
    trainer.reset(wait=False)
    go_on.set()
    trainer.stop()
    after = trainer.snapshot()
    assert (after.step, after.generation, after.status) == (0, 1, Status.PAUSED)
    time.sleep(0.3)
    assert trainer.snapshot().step == 0
    assert trainer.state.step == 0


def test_reset_while_training_starts_a_clean_generation(make_trainer):
    trainer = make_trainer()
    trainer.start()
    _wait(lambda: trainer.snapshot().step > 5, "steps")
    old = trainer.snapshot()
    trainer.reset(seed=5)
    new = trainer.snapshot()
    assert new.generation == old.generation + 1
    assert new.run_id != old.run_id
    assert new.step == 0
    assert new.version > old.version
    assert new.view.step == 0
    assert new.config.seed == 5
    assert len(new.curves.train_steps) == 0
    assert new.events == ()
    assert not trainer.state.is_training
    assert trainer.state.get_loss_history()["total"] == []


def test_reset_repeats_a_run_exactly(make_trainer):
    trainer = make_trainer()
    trainer.step_once(4)
    first = trainer.snapshot().view.codebook
    trainer.reset()
    trainer.step_once(4)
    np.testing.assert_array_equal(trainer.snapshot().view.codebook, first)


def test_settings_that_make_no_sense_change_nothing(make_trainer):
    trainer = make_trainer()
    trainer.step_once()
    for call in (
        lambda: trainer.reset(num_levels=99),
        lambda: trainer.reset(colour="red"),
        lambda: trainer.set_hyper(lambda_commit=-1),
        lambda: trainer.set_hyper(seed=3),
        lambda: trainer.set_hyper(ema_decay=float("nan")),
        lambda: trainer.step_once(0),
        lambda: trainer.set_speed_limit(0),
        lambda: trainer.move_code(3, 0, [0, 0]),
        lambda: trainer.move_code(1, 16, [0, 0]),
        lambda: trainer.move_code(1, 0, [0, float("inf")]),
        lambda: trainer.move_code(1, 0, [0, 1e6]),
        lambda: trainer.kill_code(0, 0),
        lambda: trainer.decode_point([0, 0, 0]),
        lambda: trainer.decode_codes([[99]]),
        lambda: trainer.decode_codes([[0.5]]),
        lambda: trainer.encode_image(np.zeros((27, 28))),
        lambda: trainer.encode_image(np.full((28, 28), np.nan)),
    ):
        with pytest.raises(ValueError, match=r"."):
            call()
    assert trainer.snapshot().step == 1
    assert trainer.snapshot().generation == 0


def test_knobs_take_effect_at_the_next_dispatch_and_leave_marks(make_trainer):
    state = TrainingState()
    trainer = make_trainer(state)
    trainer.step_once(2)
    trainer.set_hyper(lambda_commit=1.5, quantizer="ema")
    assert state.lambda_commit == 1.5
    trainer.step_once()
    state.set_lambda_codebook(0.3)
    trainer.step_once()
    curves = trainer.snapshot().curves
    commit = curves.train_names.index("commit")
    weighted = curves.train_names.index("weighted_commit")
    np.testing.assert_allclose(
        curves.train[:2, weighted], 0.25 * curves.train[:2, commit], rtol=1e-5
    )
    np.testing.assert_allclose(curves.train[2, weighted], 1.5 * curves.train[2, commit], rtol=1e-5)
    marks = {(mark.step, mark.name): mark.new for mark in curves.marks}
    assert marks == {
        (2, "lambda_commit"): 1.5,
        (2, "quantizer"): "ema",
        (3, "lambda_codebook"): 0.3,
    }
    assert trainer.snapshot().hyper.lambda_codebook == 0.3


def test_slow_motion_makes_single_steps(make_trainer):
    trainer = make_trainer()
    trainer.set_speed_limit(50)
    trainer.step_once()
    trainer.start()
    steps = set()
    _wait(lambda: steps.add(trainer.snapshot().step) or len(steps) >= 5, "slow steps")
    trainer.stop()
    assert max(np.diff(sorted(steps))) <= 2
    assert trainer.snapshot().speed_limit == 50


def test_every_snapshot_is_of_one_run_and_one_step(make_trainer):
    trainer = make_trainer()
    trainer.start()
    seen = {}
    _wait(
        lambda: seen.setdefault(trainer.snapshot().version, trainer.snapshot()) and len(seen) > 8,
        "snapshots",
    )
    trainer.stop()
    for snapshot in seen.values():
        view = snapshot.view
        if view is None:
            continue
        assert view.step <= snapshot.step
        codes = [view.codebook[level][view.indices[:, level]] for level in range(2)]
        np.testing.assert_allclose(view.residuals[1], view.z_e - codes[0], atol=1e-5)
    versions = sorted(seen)
    assert [seen[v].step for v in versions] == sorted(seen[v].step for v in versions)


def test_codes_can_be_moved_killed_and_reseeded_and_it_is_told(make_trainer):
    trainer = make_trainer()
    trainer.step_once(3)
    trainer.move_code(1, 2, [0.25, -0.5])
    np.testing.assert_array_equal(trainer.snapshot().view.codebook[0, 2], [0.25, -0.5])
    trainer.set_hyper(restart=False)
    trainer.kill_code(2, 4)
    assert trainer.snapshot().view.dead[1, 4]
    assert trainer.snapshot().view.usage_eval[1, 4] == 0
    assert trainer.restart_dead_now() == 1
    assert not trainer.snapshot().view.dead.any()
    trainer.reseed_code(1, 0)
    trainer.kmeans_now()
    texts = [event.text for event in trainer.snapshot().events]
    assert texts == [
        "level 1 code 2 was moved by hand at step 3",
        "level 2 code 4 was killed by hand at step 3",
        "level 2 code 4 was restarted at step 3",
        "level 1 code 0 was re-seeded at step 3",
        "k-means placed all codes at step 3",
    ]


def test_codes_that_die_are_told_with_their_step(make_trainer):
    trainer = make_trainer(
        codebook_init="uniform", restart=False, loss_scope="final", quantizer="adam"
    )
    trainer.step_once(256)
    events = [event for event in trainer.snapshot().events if event.kind == "died"]
    view = trainer.snapshot().view
    assert events
    for event in events:
        assert event.text == f"level {event.level} code {event.code} died at step {event.step}"
        assert 0 < event.step <= 256
    assert {(e.level - 1, e.code) for e in events} >= set(map(tuple, np.argwhere(view.dead)))


def test_images_points_and_codes_go_through_the_model(make_trainer, digits):
    trainer = make_trainer()
    trainer.step_once(2)
    image = digits.test_images[0]
    encoding = trainer.encode_image(image)
    as_float = trainer.encode_image(image / 255)
    np.testing.assert_array_equal(encoding.indices, as_float.indices)
    assert encoding.residuals.shape == (3, 2)
    np.testing.assert_allclose(encoding.residuals[0], encoding.z)
    decoded = trainer.decode_codes(encoding.indices[None])[0]
    np.testing.assert_allclose(decoded.astype(int), encoding.recons[-1].astype(int), atol=1)
    unquantised = trainer.decode_point(encoding.z)
    np.testing.assert_allclose(unquantised.astype(int), encoding.unquantised.astype(int), atol=1)
    first = trainer.decode_codes(encoding.indices[None, :1])[0]
    np.testing.assert_allclose(first.astype(int), encoding.recons[0].astype(int), atol=1)


def test_a_run_survives_the_disk(make_trainer, tmp_path):
    trainer = make_trainer(lambda_commit=0.4)
    trainer.step_once(3)
    trainer.save(tmp_path / "run")
    trainer.step_once(2)
    expected = trainer.snapshot().view.codebook
    trainer.reset(num_codes=8, lambda_commit=1.0)
    trainer.load(tmp_path / "run")
    loaded = trainer.snapshot()
    assert (loaded.step, loaded.hyper.lambda_commit, loaded.config.num_codes) == (3, 0.4, 16)
    trainer.step_once(2)
    np.testing.assert_array_equal(trainer.snapshot().view.codebook, expected)


def test_what_goes_wrong_is_shown_and_reset_mends_it(make_trainer, digits, monkeypatch):
    trainer = make_trainer()
    trainer.step_once(2)

    def broken(engine, count, hyper):
        raise RuntimeError("the device caught fire\nsecond line")

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "run", broken)
        trainer.start()
        _wait(lambda: trainer.snapshot().status is Status.FAILED, "the failure")
    failed = trainer.snapshot()
    assert failed.message == "RuntimeError: the device caught fire"
    assert failed.events[-1].kind == "error"
    assert failed.step == 2
    assert not trainer.state.is_training
    trainer.reset()
    assert trainer.snapshot().status is Status.PAUSED
    trainer.step_once()
    assert trainer.snapshot().step == 1


def test_a_diverging_run_keeps_its_last_good_state(make_trainer, monkeypatch):
    trainer = make_trainer()
    trainer.step_once(5)
    good = trainer.snapshot()

    def diverge(engine, count, hyper):
        raise DivergedError(7, engine.step)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "run", diverge)
        trainer.start()
        _wait(lambda: trainer.snapshot().status is Status.FAILED, "divergence")
    failed = trainer.snapshot()
    assert "finite number at step 7; kept the state of step 5" in failed.message
    assert failed.events[-1].kind == "nan"
    np.testing.assert_array_equal(failed.view.codebook, good.view.codebook)
    trainer.set_hyper(learning_rate=1e-4)
    trainer.step_once()
    assert (trainer.snapshot().step, trainer.snapshot().status) == (6, Status.PAUSED)


def test_data_that_cannot_be_had_falls_back_to_the_bundled_digits(make_trainer, digits):
    def load(name, progress):
        if name != "bundled":
            raise DataError("MNIST could not be downloaded")
        return digits

    trainer = make_trainer(load=load, data="mnist")
    trainer.step_once()
    snapshot = trainer.snapshot()
    assert snapshot.config.data == "bundled"
    assert (
        snapshot.dataset.notice == "MNIST could not be downloaded; training on the bundled digits"
    )

    def nothing(name, progress):
        raise DataError("no digits at all")

    broken = make_trainer(load=nothing)
    broken.start()
    _wait(lambda: broken.snapshot().status is Status.FAILED, "the failure")
    assert broken.snapshot().message == "no digits at all"


def test_prepare_shows_the_untrained_run(make_trainer):
    trainer = make_trainer()
    trainer.prepare(wait=True)
    snapshot = trainer.snapshot()
    assert (snapshot.step, snapshot.status) == (0, Status.PAUSED)
    assert snapshot.view.step == snapshot.gallery.step == 0
    assert snapshot.dataset.images.shape == (200, 28, 28)


def test_a_closed_trainer_says_so(make_trainer):
    trainer = make_trainer()
    trainer.step_once()
    trainer.close()
    trainer.close()
    with pytest.raises(RuntimeError, match="closed"):
        trainer.start()


def test_timeline_and_trails_cover_the_run(make_trainer):
    trainer = make_trainer()
    for _ in range(5):
        trainer.step_once()
    assert [view.step for view in trainer.timeline()] == [0, 1, 2, 3, 4, 5]
    trails = trainer.snapshot().trails
    np.testing.assert_array_equal(trails.steps, [0, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(trails.codes[-1], trainer.snapshot().view.codebook)
    assert trainer.snapshot().curves.test_steps.tolist() == [0, 1, 2, 3, 4, 5]


def test_one_level_of_many_codes_has_a_gallery_without_pairs(make_trainer):
    trainer = make_trainer(num_levels=1, num_codes=32)
    trainer.step_once(1)
    _wait(lambda: trainer.snapshot().gallery is not None, "pictures")
    assert trainer.snapshot().gallery.level1_images.shape == (32, 28, 28)
    assert trainer.snapshot().gallery.pair_images is None


def test_a_level_whose_codes_are_all_killed_is_shown_and_trains_on(make_trainer):
    trainer = make_trainer(num_codes=4)
    for code in range(4):
        trainer.kill_code(1, code)
    view = trainer.snapshot().view
    assert view.dead[0].all()
    assert [(h.active, h.dead) for h in view.levels] == [(0, 4), (4, 0)]
    assert np.isfinite(view.usage_ema).all()
    trainer.train_step()
    assert trainer.snapshot().status is not Status.FAILED
