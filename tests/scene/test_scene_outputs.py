"""Outputs that cannot be written are refused first; a full disk leaves what was there."""

import json
import os

import mlx.core as mx
import pytest
from faults.disks import tiny_files

from scene.checkpoints import MODEL, PROGRESS, read_arrays, save_checkpoint
from scene.errors import SceneError
from scene.generate import main as generate
from scene.info import main as scene
from scene.outputs import check_file, check_folder, replacing
from scene.training.distributed import ALONE
from scene.training.loop import _metrics_file


def test_a_picture_that_could_not_be_saved_is_refused_before_it_is_drawn(tmp_path, capsys):
    (tmp_path / "file").touch()
    order = ["a castle", "-o", str(tmp_path / "file" / "castle.png"), "--vqgan", "nowhere"]
    assert generate(order) == 1
    assert capsys.readouterr().err.endswith("file is a file, not a folder\n")


def test_a_file_needs_a_folder_that_can_be_made_and_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    check_file(tmp_path / "not" / "yet" / "there.png")
    check_folder(tmp_path / "not" / "yet")
    with pytest.raises(SceneError, match="is a folder: name a file"):
        check_file(tmp_path)
    with pytest.raises(SceneError, match="is a file, not a folder"):
        check_folder(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SceneError, match="is read-only"):
        check_file(tmp_path / "picture.png")


def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("before")

    def fail_half_way():
        with replacing(path) as file:
            file.write(b"half")
            raise ValueError("half written")

    with pytest.raises(ValueError, match="half written"):
        fail_half_way()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_survives_a_full_disk(tmp_path):
    folder = tmp_path / "last"
    save_checkpoint(folder, {MODEL: {"w": mx.arange(64.0)}}, {PROGRESS: {"step": 1}})
    with tiny_files(), pytest.raises(SceneError, match="cannot write"):
        save_checkpoint(folder, {MODEL: {"w": mx.zeros(64)}}, {PROGRESS: {"step": 2}})
    assert read_arrays(folder, MODEL)["w"].tolist() == list(range(64))
    assert list(tmp_path.iterdir()) == [folder]


def test_a_line_of_metrics_that_a_kill_tore_does_not_stop_a_resumed_run(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 2.0}\n{"step": 9, "loss": 1.0}\n{"step": 1, "lo')
    with _metrics_file(tmp_path, 5, ALONE):
        pass
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"step": 1, "loss": 2.0}
    ]


def test_a_judge_wants_a_batch_of_pictures(tmp_path, capsys):
    from scene.make_scenes import main as make_scenes

    assert make_scenes(["--count", "2", "--out", str(tmp_path / "d"), "--jobs", "1"]) == 0
    assert scene(["train-judge", "--data", str(tmp_path / "d"), "--out", str(tmp_path / "j")]) == 1
    assert "fewer than a batch of 16" in capsys.readouterr().err
    assert not (tmp_path / "j").exists()
