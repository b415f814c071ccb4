"""A run that goes wrong in earnest: told in the page and on the console, last good state kept."""

import time

import jax
import numpy as np
import pytest

from rq_vae_explorer import cli
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.runs import load_run
from rq_vae_explorer.training.snapshot import Status
from rq_vae_explorer.training.trainer import Trainer


@pytest.fixture
def exploding(monkeypatch):
    """From step 3 on the rate of learning is 1e30, which no setting allows."""
    plain = Engine.run

    def run(engine, count, hyper):
        if engine.step >= 3:
            hyper = hyper.model_copy(update={"learning_rate": 1e30})
        return plain(engine, count, hyper)

    monkeypatch.setattr(Engine, "run", run)


def test_a_rate_ten_thousand_times_too_high_is_refused_by_the_page():
    trainer = Trainer(num_codes=4)
    with pytest.raises(ValueError, match="learning_rate"):
        trainer.set_hyper(learning_rate=10.0)
    trainer.close()


def test_the_page_tells_and_shows_the_last_good_state(exploding):
    trainer = Trainer(num_codes=4, batch_size=8)
    trainer.step_once(3)
    good = trainer.snapshot()
    trainer.start()
    limit = time.monotonic() + 300
    while trainer.snapshot().status is not Status.FAILED and time.monotonic() < limit:
        time.sleep(0.02)
    failed = trainer.snapshot()
    assert failed.status is Status.FAILED
    assert "finite number" in failed.message
    assert "kept the state of step 3" in failed.message
    np.testing.assert_array_equal(failed.view.codebook, good.view.codebook)
    assert np.isfinite(trainer.decode_point(np.zeros(2, np.float32))).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(trainer.params))
    trainer.close()


def test_the_command_tells_and_saves_the_last_good_state(monkeypatch, tmp_path, capsys):
    plain = Engine.run

    def run(engine, count, hyper):
        return plain(engine, count, hyper.model_copy(update={"learning_rate": 1e30}))

    monkeypatch.setattr(Engine, "run", run)
    assert cli.main(["train", "--steps", "60", "--codes", "4", "--out", str(tmp_path / "r")]) == 1
    assert "finite number" in capsys.readouterr().err.splitlines()[-1]
    arrays = load_run(tmp_path / "r").arrays
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")
