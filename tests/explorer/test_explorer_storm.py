"""Any order of any buttons: no deadlock, no second worker, no snapshot that mixes two runs.

The state machine keeps its own idea of the run (generation, step, settings) and compares after each
press. `RQ_VAE_STORM=500` runs it as long as one likes; the default suits a test run.
"""

import os
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rq_vae_explorer.data import load_digits
from rq_vae_explorer.data.digits import Digits
from rq_vae_explorer.training import Trainer
from rq_vae_explorer.training.snapshot import Status

SEQUENCES = int(os.environ.get("RQ_VAE_STORM", "25"))
LEVEL, CODE = st.integers(1, 2), st.integers(0, 15)


def _small_digits():
    whole = load_digits()
    return Digits(
        "small",
        whole.train_images[:1000],
        whole.train_labels[:1000],
        whole.test_images[:200],
        whole.test_labels[:200],
    )


DIGITS = _small_digits()


class Storm(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.trainer = Trainer(load=lambda name, progress: DIGITS)
        self.workers = len(_workers())
        self.generation, self.step, self.training = 0, 0, False
        self.seed, self.commit = 0, 0.25
        self.newest = self.trainer.snapshot()

    def teardown(self):
        self.trainer.close()
        assert self.trainer.snapshot().status is not Status.TRAINING

    @rule(wait=st.booleans())
    def start(self, wait):
        self.trainer.start(wait=wait)
        self.training = True

    @rule(wait=st.booleans())
    def stop(self, wait):
        self.trainer.stop(wait=wait)
        if wait:
            self.step = self.trainer.snapshot().step
        else:
            self.trainer.set_speed_limit(None)  # returns when the stop before it is done
            self.step = self.trainer.snapshot().step
        self.training = False

    @rule(steps=st.integers(1, 5))
    def step_once(self, steps):
        if self.training:
            self.stop(True)
        self.trainer.step_once(steps)
        self.step += steps
        assert self.trainer.snapshot().step == self.step

    @rule(seed=st.integers(0, 3))
    def reset(self, seed):
        self.trainer.reset(seed=seed)
        self.generation += 1
        self.step, self.training, self.seed = 0, False, seed

    @rule(value=st.floats(0, 2))
    def change(self, value):
        self.trainer.set_hyper(lambda_commit=value)
        self.commit = value

    @rule(level=LEVEL, code=CODE)
    def kill(self, level, code):
        self.trainer.kill_code(level, code)

    @rule(level=LEVEL, code=CODE, x=st.floats(-3, 3), y=st.floats(-3, 3))
    def move(self, level, code, x, y):
        self.trainer.move_code(level, code, [x, y])

    @rule()
    def reseed_and_restart(self):
        self.trainer.reseed_code(1, 0)
        self.trainer.restart_dead_now()

    @rule()
    def kmeans(self):
        self.trainer.kmeans_now()

    @rule(limit=st.sampled_from([None, 5.0, 100.0]))
    def slow_motion(self, limit):
        self.trainer.set_speed_limit(limit)

    @rule()
    def look(self):
        encoding = self.trainer.encode_image(DIGITS.test_images[0])
        assert encoding.indices.shape == (2,)

    @rule(bad=st.sampled_from([{"lambda_commit": -1}, {"nonsense": 1}, {"learning_rate": "x"}]))
    def change_badly(self, bad):
        with pytest.raises(ValueError, match=r"."):
            self.trainer.set_hyper(**bad)

    @invariant()
    def snapshots_are_of_this_run(self):
        snapshot = self.trainer.snapshot()
        assert snapshot.version >= self.newest.version
        assert snapshot.generation >= self.newest.generation
        if snapshot.generation == self.newest.generation:
            assert snapshot.step >= self.newest.step
        self.newest = snapshot
        assert snapshot.generation == self.generation
        assert snapshot.config.seed == self.seed
        assert self.trainer.hyper.lambda_commit == self.commit
        assert snapshot.status is not Status.FAILED, snapshot.message
        if self.training:
            assert snapshot.step >= self.step
        else:
            assert snapshot.step == self.step
            assert snapshot.status is not Status.TRAINING
            assert not self.trainer.state.is_training
        if snapshot.view is not None:
            view = snapshot.view
            assert view.step <= snapshot.step
            first = view.codebook[0][view.indices[:, 0]]
            np.testing.assert_allclose(view.residuals[1], view.z_e - first, atol=1e-3)

    @invariant()
    def one_worker(self):
        assert len(_workers()) <= self.workers + 1


def _workers():
    return [t for t in threading.enumerate() if t.name == "rq-vae-trainer"]


Storm.TestCase.settings = settings(
    max_examples=SEQUENCES,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_buttons_in_any_order = pytest.mark.slow(Storm.TestCase)
