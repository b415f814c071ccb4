"""Two processes under torchrun learn what one learns, and one goes on where the two stopped."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
import torch
from pydantic import TypeAdapter
from safetensors.torch import load_file

from distill.errors import TrainingError
from distill.training.config import StageSteps, TrainingConfig
from distill.training.distributed import ALONE, Processes
from distill.training.job import Job
from distill.training.pipeline import train

_SCRIPT = Path(__file__).with_name("train_together.py")
_STEPS = StageSteps(3, 1, 2)
_STOP_AFTER = 5  # in the last stage, with one step left


@pytest.fixture
def sounds(tmp_path, tone):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for index in range(9):
        soundfile.write(folder / f"{index}.wav", tone(0.3 + 0.05 * index, 110 * 1.5**index), 48_000)
    return folder


def rows(metrics: Path) -> list[dict]:
    return [json.loads(line) for line in metrics.read_text().splitlines()]


def assert_same_curve(found: list[dict], expected: list[dict]) -> None:
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.keys() == theirs.keys()
        assert (ours["stage"], ours["step"]) == (theirs["stage"], theirs["step"])
        for key in ours.keys() - {"stage", "seconds"}:
            assert ours[key] == pytest.approx(theirs[key], rel=2e-3, abs=2e-5), (ours, theirs)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_and_one_goes_on_where_they_stopped(
    sounds, tmp_path, tiny_config, monkeypatch
):
    for module, name, value in script().LEAN:
        monkeypatch.setattr(module, name, value)
    tiny_config = replace(tiny_config, steps=_STEPS)
    train(Job(folder=sounds, out=tmp_path / "alone.distill", config=tiny_config, show=False))
    expected = rows(tmp_path / "alone.metrics.jsonl")
    out = tmp_path / "together.distill"
    config = TypeAdapter(TrainingConfig).dump_json(tiny_config).decode()
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         str(_SCRIPT), str(sounds), str(out), config, str(_STOP_AFTER)],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # One process speaks.
    assert done.stdout.count("sounds to learn from") == 1
    together = rows(tmp_path / "together.metrics.jsonl")
    assert {row["stage"] for row in together} == {"autoencoder", "vocoder", "prior"}
    assert_same_curve(together, expected[: len(together)])

    resumed = Job(folder=sounds, out=out, config=tiny_config, resume=True, show=False)
    train(resumed)
    assert not resumed.state_path.exists()
    assert_same_curve(rows(resumed.metrics_path), expected)
    assert_codebooks_die_and_restart_alike(tmp_path)


def assert_codebooks_die_and_restart_alike(folder: Path) -> None:
    alone = script().learn_codebooks(ALONE, slice(None))
    found = [load_file(folder / f"codebooks-{rank}.safetensors") for rank in range(2)]
    for name, tensor in alone.items():
        assert torch.equal(found[0][name], found[1][name])
        torch.testing.assert_close(found[0][name], tensor, rtol=1e-4, atol=1e-5)


def script():
    spec = importlib.util.spec_from_file_location("train_together", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_batch_is_shared_in_order_and_without_rest():
    parts = [Processes(rank, 4).share(24) for rank in range(4)]
    assert [i for part in parts for i in range(24)[part]] == list(range(24))


def test_processes_that_cannot_share_the_batches_are_told_in_one_line(
    sounds, tmp_path, tiny_config
):
    def start(rank: int) -> None:
        peers = Processes(rank, 3)
        train(Job(folder=sounds, out=tmp_path / "m.distill", config=tiny_config, peers=peers))

    with pytest.raises(TrainingError, match=r"^3 processes .* start one of 1, 2, 4, 8$"):
        start(rank=0)
    with pytest.raises(SystemExit):  # says nothing: the first one did
        start(rank=1)
