"""Two devices learn what one learns, and a run saved by two goes on with one."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.runs import load_run

_SCRIPT = Path(__file__).with_name("train_sharded.py")


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("explorer_train_sharded", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_two_devices_learn_what_one_learns_and_one_goes_on_where_they_stopped(
    script, digits, idx_folder, tmp_path
):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    done = subprocess.run(
        [sys.executable, str(_SCRIPT), str(idx_folder), str(tmp_path)],
        env={**os.environ, "XLA_FLAGS": flags.strip()},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("batch_size 63 does not divide by 2 devices")
    sharded = np.load(tmp_path / "sharded.npz")
    assert sharded["reduces"] > 0  # the work was split, not done twice

    alone = Engine(script.CONFIG, digits.train_images)
    expected = alone.run(script.STEPS, script.HYPER)
    np.testing.assert_allclose(sharded["rows"], expected, rtol=5e-3, atol=1e-5)

    saved = load_run(tmp_path / "run")
    half = Engine(saved.config, digits.train_images)
    half.state = saved.restore(half.state)
    assert half.step == script.STEPS // 2
    rows = half.run(script.STEPS - half.step, saved.hyper)
    np.testing.assert_allclose(rows, expected[script.STEPS // 2 :], rtol=5e-3, atol=1e-5)
