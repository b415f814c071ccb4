"""Any order of any buttons: no deadlock, no second worker, no snapshot that mixes two runs.

The state machine keeps its own idea of the shared run and of up to two forks of it (generation,
step, settings) and compares all of them after each press. `RQ_VAE_STORM=500` (with pytest's
`--timeout=0`) runs it as long as one likes; the default suits a test run.
"""

import os
import threading
from typing import Any

import jax
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
LEVEL, CODE, WHICH = st.integers(1, 2), st.integers(0, 3), st.integers(0, 2)
SMALL: dict[str, Any] = {"num_codes": 4, "batch_size": 8, "codebook_init": "normal"}


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


class _Run:
    """A trainer and what its life so far should have made of it."""

    def __init__(self, trainer, seed=0, commit=0.25):
        self.trainer, self.seed, self.commit = trainer, seed, commit
        self.newest = trainer.snapshot()
        self.generation, self.step = self.newest.generation, self.newest.step
        self.training = False

    def check(self):
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


class Storm(RuleBasedStateMachine):
    """Every button on the shared run and on its forks; `which` picks one of them."""

    def __init__(self):
        super().__init__()
        self.workers = len(_workers())
        self.runs = [_Run(Trainer(load=lambda name, progress: DIGITS, **SMALL))]

    def teardown(self):
        for run in self.runs:
            run.trainer.close()
            assert run.trainer.snapshot().status is not Status.TRAINING

    def _pick(self, which):
        return self.runs[which % len(self.runs)]

    @rule(which=WHICH)
    def fork(self, which):
        if len(self.runs) == 3:
            self.runs.pop().trainer.close()
        parent = self._pick(which)
        child = _Run(parent.trainer.fork(), parent.seed, parent.commit)
        self.runs.append(child)
        if parent.training:
            assert child.step >= parent.step
            return
        assert child.step == parent.step
        old, new = (run.trainer.params["params"] for run in (parent, child))
        jax.tree.map(np.testing.assert_array_equal, old, new)

    @rule(which=WHICH, wait=st.booleans())
    def start(self, which, wait):
        run = self._pick(which)
        run.trainer.start(wait=wait)
        run.training = True

    @rule(which=WHICH, wait=st.booleans())
    def stop(self, which, wait):
        run = self._pick(which)
        run.trainer.stop(wait=wait)
        if not wait:
            run.trainer.set_speed_limit(None)  # returns when the stop before it is done
        run.step, run.training = run.trainer.snapshot().step, False

    @rule(which=WHICH, steps=st.integers(1, 5))
    def step_once(self, which, steps):
        run = self._pick(which)
        if run.training:
            self.stop(which, True)
        run.trainer.step_once(steps)
        run.step += steps
        assert run.trainer.snapshot().step == run.step

    @rule(which=WHICH, seed=st.integers(0, 3))
    def reset(self, which, seed):
        run = self._pick(which)
        run.trainer.reset(seed=seed)
        run.generation += 1
        run.step, run.training, run.seed = 0, False, seed

    @rule(which=WHICH, value=st.floats(0, 2))
    def change(self, which, value):
        run = self._pick(which)
        run.trainer.set_hyper(lambda_commit=value)
        run.commit = value

    @rule(which=WHICH, level=LEVEL, code=CODE)
    def kill(self, which, level, code):
        self._pick(which).trainer.kill_code(level, code)

    @rule(which=WHICH, level=LEVEL, code=CODE, x=st.floats(-3, 3), y=st.floats(-3, 3))
    def move(self, which, level, code, x, y):
        self._pick(which).trainer.move_code(level, code, [x, y])

    @rule(which=WHICH)
    def reseed_and_restart(self, which):
        self._pick(which).trainer.reseed_code(1, 0)
        self._pick(which).trainer.restart_dead_now()

    @rule(which=WHICH)
    def kmeans(self, which):
        self._pick(which).trainer.kmeans_now()

    @rule(which=WHICH, limit=st.sampled_from([None, 5.0, 100.0]))
    def slow_motion(self, which, limit):
        self._pick(which).trainer.set_speed_limit(limit)

    @rule(which=WHICH)
    def look(self, which):
        encoding = self._pick(which).trainer.encode_image(DIGITS.test_images[0])
        assert encoding.indices.shape == (2,)

    @rule(
        which=WHICH,
        bad=st.sampled_from([{"lambda_commit": -1}, {"nonsense": 1}, {"learning_rate": "x"}]),
    )
    def change_badly(self, which, bad):
        with pytest.raises(ValueError, match=r"."):
            self._pick(which).trainer.set_hyper(**bad)

    @invariant()
    def every_run_is_its_own(self):
        for run in self.runs:
            run.check()

    @invariant()
    def one_worker_each(self):
        assert len(_workers()) <= self.workers + len(self.runs)


def _workers():
    return [t for t in threading.enumerate() if t.name == "rq-vae-trainer"]


Storm.TestCase.settings = settings(
    max_examples=SEQUENCES,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_buttons_in_any_order = pytest.mark.slow(Storm.TestCase)
