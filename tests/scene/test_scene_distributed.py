"""Two processes under mlx.launch learn what one learns, and one goes on where the two stopped."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scene.errors import SceneError
from scene.training import loop
from scene.training.distributed import Processes

_SCRIPT = Path(__file__).with_name("train_together.py")


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("scene_train_together", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def together(tmp_path_factory, script) -> Path:
    """The folder in which two processes trained and were stopped."""
    out = tmp_path_factory.mktemp("together")
    launcher = Path(sys.executable).with_name("mlx.launch")
    done = subprocess.run(
        [sys.executable, str(launcher), "-n", "2", "--backend", "ring",
         "--python", sys.executable, str(_SCRIPT), str(out)],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert said.count("stopped vqgan") == said.count("stopped transformer") == 2, said
    return out


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["vqgan", "transformer"])
def test_two_processes_learn_what_one_learns_and_one_goes_on_where_they_stopped(
    together, script, tmp_path, monkeypatch, stage
):
    monkeypatch.setattr(loop, "LOG_EVERY", 1)
    make = getattr(script, f"{stage}_trainer")
    loop.run_training(make(), tmp_path / stage, resume=False)
    expected = rows(tmp_path / stage)
    assert [row["step"] for row in rows(together / stage)] == list(range(1, script.STOP_AT + 1))
    assert_same_curve(rows(together / stage), expected[: script.STOP_AT])
    loop.run_training(make(), together / stage, resume=True)
    assert_same_curve(rows(together / stage), expected)


def assert_same_curve(found: list[dict], expected: list[dict]) -> None:
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.keys() == theirs.keys()
        for key in ours.keys() - {"seconds"}:
            assert ours[key] == pytest.approx(theirs[key], rel=2e-3, abs=2e-5), (ours, theirs)


def test_a_batch_is_shared_in_order_and_without_rest():
    parts = [Processes(rank, 4).share(8) for rank in range(4)]
    assert [i for part in parts for i in range(8)[part]] == list(range(8))


def test_processes_that_cannot_share_the_batch_are_told_in_one_line():
    with pytest.raises(SceneError, match=r"^batch_size 8 does not divide by 3 processes"):
        Processes(0, 3).check(8)
    with pytest.raises(SystemExit):  # says nothing: the first one did
        Processes(1, 3).check(8)
