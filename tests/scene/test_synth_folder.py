"""`make-scenes`: folders of scenes that are whole, repeatable, resumable and never overwritten."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from scene.make_scenes import main
from scene.synth import OBJECTS, draw_scene, is_held_out
from scene.synth.folder import SEEDS_PER_SET, Order, plan_order, read_masks

COUNT = 6


def run(folder, *flags, count=COUNT):
    return main(["--count", str(count), "--out", str(folder), "--jobs", "1", *flags])


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "deep" / "data"
    assert run(folder, "--masks", "--sheet") == 0
    return folder


def test_pictures_captions_and_attributes_belong_together(made):
    captions, attributes = lines(made / "captions.jsonl"), lines(made / "attributes.jsonl")
    names = sorted(p.name for p in (made / "images").iterdir())
    assert [row["image"] for row in captions] == [row["image"] for row in attributes] == names
    assert len(names) == COUNT
    for caption, row in zip(captions, attributes, strict=True):
        scene = draw_scene(row["seed"])
        assert caption == {"image": row["image"], "caption": scene.caption}
        assert row == {"image": row["image"], "seed": scene.seed} | scene.attributes
        with Image.open(made / "images" / row["image"]) as image:
            assert (image.mode, image.size) == ("P", (320, 200))
            assert (np.asarray(image) == scene.indices).all()
            assert (np.asarray(image.convert("RGB")) == scene.image).all()


def test_mask_files_give_the_masks_back(made):
    for row in lines(made / "attributes.jsonl"):
        masks = read_masks(made / "masks" / row["image"])
        scene = draw_scene(row["seed"])
        assert tuple(masks) == OBJECTS
        assert all((masks[name] == scene.masks[name]).all() for name in OBJECTS)


def test_a_picture_is_no_mask(made):
    from scene.errors import SceneError

    for path in (next((made / "images").iterdir()), made / "scenes.json", made / "none.png"):
        with pytest.raises(SceneError, match="no mask"):
            read_masks(path)


def test_the_sheet_shows_the_scenes(made):
    with Image.open(made / "sheet.png") as sheet:
        assert sheet.size == (6 * 324 - 4, 200)
        first = np.asarray(sheet.convert("RGB"))[:200, :320]
    assert (first == draw_scene(0).image).all()


def test_two_processes_write_the_same_files_as_one(made, tmp_path):
    assert main(["--count", str(COUNT), "--out", str(tmp_path / "d"), "--jobs", "2", "--masks",
                 "--sheet"]) == 0  # fmt: skip
    assert contents(tmp_path / "d") == contents(made)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    assert run(tmp_path / "d") == 0
    whole = contents(tmp_path / "d")
    pictures = sorted((tmp_path / "d" / "images").iterdir())
    pictures[1].unlink()
    pictures[4].unlink()
    (tmp_path / "d" / "captions.jsonl").unlink()
    kept = pictures[0].stat().st_mtime_ns
    assert run(tmp_path / "d") == 0
    assert contents(tmp_path / "d") == whole
    assert pictures[0].stat().st_mtime_ns == kept


def test_other_scenes_are_not_overwritten_but_by_force(tmp_path, capsys):
    assert run(tmp_path / "d") == 0
    before = contents(tmp_path / "d")
    assert run(tmp_path / "d", "--seed", "1") == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "holds other scenes" in error
    assert "--force" in error
    assert contents(tmp_path / "d") == before
    assert run(tmp_path / "d", "--seed", "1", "--force", count=2) == 0
    rows = lines(tmp_path / "d" / "attributes.jsonl")
    assert [row["seed"] for row in rows] == [SEEDS_PER_SET, SEEDS_PER_SET + 1]
    assert len(list((tmp_path / "d" / "images").iterdir())) == 2


def test_a_folder_of_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "letter.txt").write_text("dear diary")
    assert run(tmp_path) == 1
    assert "files that are not scenes" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "letter.txt"]
    assert run(tmp_path, "--force") == 0
    assert (tmp_path / "letter.txt").read_text() == "dear diary"


def test_out_that_is_a_file_is_one_line(tmp_path, capsys):
    (tmp_path / "f").write_text("")
    assert run(tmp_path / "f") == 1
    assert "is a file" in capsys.readouterr().err


def test_out_that_cannot_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "f").write_text("")
    assert run(tmp_path / "f" / "g") == 1
    error = capsys.readouterr().err
    assert "cannot write" in error
    assert "Traceback" not in error


def test_only_and_held_out_choose_the_scenes(tmp_path):
    assert run(tmp_path / "a", "--only", "place=castle", "--only", "time=sunset") == 0
    rows = lines(tmp_path / "a" / "attributes.jsonl")
    assert {(row["place"], row["time"]) for row in rows} == {("castle", "sunset")}
    assert run(tmp_path / "b", "--held-out") == 0
    assert all(is_held_out(row) for row in lines(tmp_path / "b" / "attributes.jsonl"))


def test_impossible_scenes_make_no_folder(tmp_path, capsys):
    assert run(tmp_path / "d", "--only", "place=cave", "--only", "weather=rain") == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--only", "place=moon"], "place cannot be 'moon'"),
        (["--only", "planet=mars"], "unknown attribute 'planet'"),
        (["--only", "help"], "celestial: none, sun"),
        (["--seed", "-1"], "0 to 2^63"),
        (["--count", "0"], "at least 1"),
        (["--count", "many"], "'many' is not a whole number"),
    ],
)
def test_wrong_flags_are_usage_errors(tmp_path, capsys, flags, words):
    with pytest.raises(SystemExit) as caught:
        run(tmp_path / "d", *flags)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_seeds_share_no_scene():
    first = plan_order(Order(count=3, seed=0))
    second = plan_order(Order(count=3, seed=1))
    assert not {plan.seed for plan in first} & {plan.seed for plan in second}
    assert SEEDS_PER_SET > 100_000


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to a process group")
def test_ctrl_c_ends_with_130_and_the_run_can_go_on(tmp_path):
    command = [sys.executable, "-m", "scene.make_scenes", "--out", str(tmp_path / "d"), "--jobs",
               "2", "--count", "400"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, text=True)
    images = tmp_path / "d" / "images"
    for _ in range(600):
        if images.is_dir() and any(images.glob("*.png")):
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    written = sorted(images.glob("*.png"))
    assert 0 < len(written) < 400
    for path in written:
        with Image.open(path) as image:
            image.load()
    assert not (tmp_path / "d" / "captions.jsonl").exists()
