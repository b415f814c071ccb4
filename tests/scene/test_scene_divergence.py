"""Runs that go wrong in earnest: rates far too high, a batch of NaN, codebooks that died."""

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from PIL import Image

from scene.checkpoints import load_vqgan, read_arrays
from scene.train_vqgan import main as train_vqgan
from scene.training import vqgan
from scene.training.vqgan import VQGANTrainer

YAML = """
model: {hidden_channels: 4, codebook_size: 8, codebook_dim: 4, num_res_blocks: 1}
training: {batch_size: 4, crop_size: null, save_every: 1, sample_every: 100, continuous_steps: 2,
  warmup_steps: 0, validation_share: 0.2}
data: {image_size: [32, 32]}
"""


@pytest.fixture
def train(tmp_path):
    """Trains on eight small pictures by the command; its exit code."""
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        squares = rng.integers(0, 256, (4, 4, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(squares).save(tmp_path / "pictures" / f"{number}.png")
    (tmp_path / "vqgan.yaml").write_text(YAML)
    flags = ["--config", str(tmp_path / "vqgan.yaml"), "--data", str(tmp_path / "pictures")]
    return lambda *more: train_vqgan([*flags, "--out", str(tmp_path / "run"), *more])


def finite(folder):
    load_vqgan(folder)
    return all(np.isfinite(np.asarray(v)).all() for v in read_arrays(folder, vqgan.MODEL).values())


def test_a_rate_ten_thousand_times_too_high_is_noticed(train, tmp_path, capsys):
    assert train("--learning-rate", "1.0", "--epochs", "60") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "loss is " in error
    assert "Mend: a lower learning_rate." in error
    assert f"the last good checkpoint is {tmp_path / 'run/last'}" in error
    assert finite(tmp_path / "run/last")


def test_a_run_that_diverges_at_once_names_no_checkpoint_that_is_not_there(train, capsys):
    assert train("--learning-rate", "1e30", "--epochs", "9", "--batch-size", "2") == 1
    assert "no checkpoint was saved yet" in capsys.readouterr().err


def test_a_batch_of_nan_stops_the_run_at_its_last_checkpoint(train, tmp_path, monkeypatch, capsys):
    plain, calls = vqgan.VQGANTrainer._objective, [0]

    def spoilt(self, model, batch, quantize, adversarial):
        calls[0] += 1
        if calls[0] == 4:
            batch = replace(batch, x=batch.x * mx.nan)
        return plain(self, model, batch, quantize, adversarial)

    monkeypatch.setattr(VQGANTrainer, "_objective", spoilt)
    assert train("--epochs", "9") == 1
    assert (
        f"loss is nan at step 3: stopped; the last good checkpoint is {tmp_path / 'run/last'}"
        in (capsys.readouterr().err)
    )
    assert finite(tmp_path / "run/last")


def test_codebooks_whose_codes_all_died_come_back(train, tmp_path, monkeypatch):
    plain, seen = VQGANTrainer.train_step, []

    def bury(self, step, learning_rate, done):
        if step == 5:
            self.model.quantizer.start_from(mx.full((8, 4), 30.0))
        report = plain(self, step, learning_rate, done)
        seen.append(int(np.unique(np.asarray(self.model.encode(self.batches.batch(0).x))).size))
        return report

    monkeypatch.setattr(VQGANTrainer, "train_step", bury)
    assert train("--epochs", "12") == 0
    assert seen[5] <= 2
    assert seen[-1] > 2
    assert finite(tmp_path / "run/last")
