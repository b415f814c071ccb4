"""Training runs: exact resume, interruption, NaN, own data, codebook use."""

import json
import os
import signal
import threading

import mlx.core as mx
import numpy as np
import pytest
from PIL import Image

from scene.checkpoints import fingerprint, load_vqgan
from scene.config import TransformerConfig, VQGANConfig
from scene.dataset import ImageDataset
from scene.errors import SceneError
from scene.train_transformer import main as train_transformer
from scene.train_vqgan import main as train_vqgan
from scene.training import loop
from scene.training.batches import split
from scene.training.codes import Encoded
from scene.training.transformer import TransformerTrainer
from scene.training.vqgan import VQGANTrainer

VQGAN_YAML = """
model: {hidden_channels: 4, codebook_size: 16, codebook_dim: 4, num_res_blocks: 1, num_levels: 2,
  head_channels: 4, palette_size: 8}
loss: {adversarial: 0.1, adversarial_start: 0.3, discriminator_channels: 4}
training: {batch_size: 4, crop_size: [32, 32], learning_rate: 1e-3, num_epochs: 3, save_every: 1,
  sample_every: 3, continuous_steps: 2, warmup_steps: 2, flip: true, validation_share: 0.2}
data: {image_size: [64, 48]}
"""
TRANSFORMER_YAML = """
model: {vocab_size: 16, num_levels: 2, max_seq_len: 12, grid_width: 4, embed_dim: 16, num_heads: 2,
  num_layers: 1, text_embed_dim: 16, text_layers: 1, text_heads: 2, max_text_len: 8, dropout: 0.2,
  text_vocab_size: 40, depth_layers: 1}
training: {batch_size: 4, learning_rate: 1e-3, num_epochs: 3, save_every: 1, sample_every: 3,
  warmup_steps: 2, validation_share: 0.2, caption_dropout: 0.3}
data: {image_size: [64, 48]}
"""


@pytest.fixture
def own_data(tmp_path):
    """A folder as people have them: mixed sizes and modes, upper-case names, a text file."""
    images = tmp_path / "pictures"
    images.mkdir()
    rng = np.random.default_rng(0)
    lines = []
    for number in range(16):
        width, height = (64, 48) if number % 2 else (50 + 7 * number, 60)
        blocks = rng.integers(0, 8, (-(-height // 8), -(-width // 8))).repeat(8, 0).repeat(8, 1)
        shade = (blocks[:height, :width] * 36).astype(np.uint8)
        image = Image.fromarray(shade, mode="L")
        image = image.convert(("RGB", "L", "P", "RGBA")[number % 4])
        name = f"{number:02}.{'PNG' if number % 3 else 'png'}"
        image.save(images / name)
        caption = f"A {'dark' if shade.mean() < 126 else 'light'} scene, number {number}"
        lines.append(json.dumps({"image": name, "caption": caption}))
    (images / "notes.txt").write_text("not a picture")
    (tmp_path / "captions.jsonl").write_text("\n".join(lines))
    (tmp_path / "vqgan.yaml").write_text(VQGAN_YAML)
    (tmp_path / "transformer.yaml").write_text(TRANSFORMER_YAML)
    return tmp_path


def vqgan_flags(folder, out, *more):
    return [
        "--config",
        str(folder / "vqgan.yaml"),
        "--data",
        str(folder / "pictures"),
        "--out",
        str(folder / out),
        *more,
    ]


def transformer_flags(folder, out, *more):
    return [
        "--config",
        str(folder / "transformer.yaml"),
        "--data",
        str(folder / "pictures"),
        "--captions",
        str(folder / "captions.jsonl"),
        "--vqgan",
        str(folder / "v" / "best"),
        "--out",
        str(folder / out),
        *more,
    ]


def arrays(folder):
    return {
        f"{path.name}:{name}": value
        for path in sorted(folder.glob("*.safetensors"))
        for name, value in mx.load(str(path)).items()
    }


def assert_same_state(first, second):
    a, b = arrays(first / "last"), arrays(second / "last")
    assert a.keys() == b.keys()
    assert [name for name in a if not mx.array_equal(a[name], b[name])] == []


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def without_times(records):
    return [{k: v for k, v in r.items() if k != "seconds"} for r in records]


def interrupt_at(monkeypatch, step):
    """Send Ctrl-C to this process while training step number `step` runs."""
    plain = loop.learning_rate_at

    def tell(current, total, training):
        if current == step:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(current, total, training)

    monkeypatch.setattr(loop, "learning_rate_at", tell)
    assert threading.current_thread() is threading.main_thread()


@pytest.mark.slow
def test_both_stages_resume_bit_for_bit_after_ctrl_c_on_own_data(own_data, monkeypatch, capsys):
    for command, flags, name in (
        (train_vqgan, vqgan_flags, "v"),
        (train_transformer, transformer_flags, "t"),
    ):
        assert command(flags(own_data, name)) == 0
        with monkeypatch.context() as patch:
            interrupt_at(patch, 4)
            assert command(flags(own_data, f"{name}-cut")) == 130
        assert json.loads((own_data / f"{name}-cut/last/progress.json").read_text())["step"] == 5
        assert command(flags(own_data, f"{name}-cut")) == 1  # refuses to start over silently
        assert command(flags(own_data, f"{name}-cut", "--resume")) == 0
        assert_same_state(own_data / name, own_data / f"{name}-cut")
        assert without_times(metrics(own_data / name)) == without_times(
            metrics(own_data / f"{name}-cut")
        )
        assert list((own_data / name / "samples").glob("*.png"))
    assert "interrupted" in capsys.readouterr().err
    loaded, config = load_vqgan(own_data / "v" / "best")
    assert config.data.image_size == (64, 48)
    assert loaded.palette_head is not None


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_state(
    own_data, monkeypatch, capsys
):
    plain = VQGANTrainer.train_step

    def explode(self, step, learning_rate, done):
        report = plain(self, step, learning_rate, done)
        return loop.StepReport(float("nan"), {}) if step == 4 else report

    monkeypatch.setattr(VQGANTrainer, "train_step", explode)
    assert train_vqgan(vqgan_flags(own_data, "v")) == 1
    error = capsys.readouterr().err
    assert "loss is nan at step 4" in error
    assert "Traceback" not in error
    progress = json.loads((own_data / "v/last/progress.json").read_text())
    assert progress["step"] == 3
    load_vqgan(own_data / "v" / "last")


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--batch-size", "64"], "fewer than batch_size 64"),
        (["--resume"], "nothing to resume"),
        (["--data", "nowhere"], "no folder nowhere"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(own_data, capsys, flags, named):
    assert train_vqgan([*vqgan_flags(own_data, "v"), *flags]) == 1
    error = capsys.readouterr().err
    assert named in error
    assert error.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("command", "flags", "named"),
    [
        (train_vqgan, ["--learning-rate", "-1"], "above 0"),
        (train_vqgan, ["--learning-rate", "nan"], "above 0"),
        (train_vqgan, ["--seed", "-1"], "0 to 2^63"),
        (train_vqgan, ["--batch-size", "0"], "at least 1"),
        (train_transformer, ["--context-noise", "1.5"], "0 to 1"),
        (train_transformer, ["--context-dropout", "-0.1"], "0 to 1"),
    ],
)
def test_a_flag_out_of_range_is_a_usage_error(own_data, capsys, command, flags, named):
    with pytest.raises(SystemExit) as caught:
        command([*vqgan_flags(own_data, "v"), *flags])
    assert caught.value.code == 2
    assert named in capsys.readouterr().err


def test_a_transformer_that_does_not_fit_the_codes_is_refused(own_data):
    config = TransformerConfig.model_validate({"model": {"max_seq_len": 240}})
    vqgan = VQGANConfig.model_validate({"model": {"hidden_channels": 4, "codebook_size": 16}})
    from scene.checkpoints import build_vqgan

    model = build_vqgan(vqgan, None)
    encoded = Encoded(np.zeros((4, 12, 4), np.uint16), None)
    with pytest.raises(SceneError, match="max_seq_len is 240"):
        TransformerTrainer(config, ["a"] * 4, encoded, model)


def test_split_keeps_one_of_each_and_never_overlaps():
    for count in (2, 3, 40):
        fit, held = split(count, 0.05, seed=0)
        assert len(fit) + len(held) == count
        assert len(held) >= 1
        assert not set(fit.tolist()) & set(held.tolist())
    with pytest.raises(SceneError, match="too few"):
        split(1, 0.05, 0)


def test_learning_rate_warms_up_and_falls():
    training = VQGANConfig().training
    rates = [loop.learning_rate_at(s, 1000, training) for s in (0, 49, 50, 500, 999)]
    assert rates[0] == pytest.approx(training.learning_rate / 50)
    assert rates[1] == rates[2] == training.learning_rate
    assert rates[3] < rates[2]
    assert rates[4] == pytest.approx(training.learning_rate * 0.05, rel=0.01)


def test_the_decoder_can_learn_on_while_the_codes_stay(own_data):
    assert train_vqgan(vqgan_flags(own_data, "v", "--epochs", "1")) == 0
    best = own_data / "v" / "best"
    flags = vqgan_flags(own_data, "d", "--decoder-only", "--start-from", str(best), "--steps", "3")
    assert train_vqgan(flags) == 0
    before, _ = load_vqgan(best)
    after, _ = load_vqgan(own_data / "d" / "last")
    x = mx.random.uniform(-1, 1, (2, 48, 64, 3))
    assert mx.array_equal(before.encode(x), after.encode(x))
    assert fingerprint(before) == fingerprint(after)
    assert not mx.array_equal(before.decoder.head.weight, after.decoder.head.weight)
    assert mx.array_equal(before.palette_head.palette, after.palette_head.palette)


@pytest.mark.slow
def test_300_steps_of_the_small_config_keep_250_codes_a_level_in_use(tmp_path):
    from pathlib import Path

    from scene.config import load_config
    from scene.make_scenes import main as make_scenes

    assert make_scenes(["--count", "48", "--out", str(tmp_path / "data"), "--jobs", "1"]) == 0
    path = Path(__file__).parents[2] / "apps/scene/configs/vqgan-small.yaml"
    config = load_config(VQGANConfig, path, {"training.max_steps": 300})
    trainer = VQGANTrainer(config, ImageDataset(tmp_path / "data/images", (320, 192)))
    for step in range(300):
        mx.random.seed(step)
        trainer.train_step(step, loop.learning_rate_at(step, 300, config.training), step / 300)
    assert make_scenes(["--count", "16", "--out", str(tmp_path / "new"), "--seed", "9"]) == 0
    unseen = ImageDataset(tmp_path / "new/images", (320, 192)).pixels
    from scene.evaluation.reconstruction import code_figures, reconstruct

    trainer.model.eval()
    _, codes = reconstruct(trainer.model, unseen)
    used = [level["used"] for level in code_figures(codes, trainer.model.codebook_sizes)]
    assert min(used) >= 250, used
