"""What captions say of patches: words that a patch goes with, and trees that heed them."""

from __future__ import annotations

import json

import mlx.core as mx
import numpy as np
import pytest
from PIL import Image

from scene.checkpoints import (
    fingerprint,
    load_codec,
    read_arrays,
    save_checkpoint,
    save_patches,
)
from scene.errors import SceneError
from scene.info import main as scene
from scene.patches import PatchTree
from scene.patches.looks import look
from scene.patches.meaning import Meaning
from scene.synth import draw_scene
from scene.training import meaning as learning
from scene.training.meaning import learn_meaning
from scene.training.patches import learn_patches

PALETTE = np.random.default_rng(0).integers(0, 64, (40, 3)).astype(np.uint8) * 4
THINGS = ("fire", "boat", "sign")


@pytest.fixture(scope="module", autouse=True)
def _short():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "STEPS", 150)
        patch.setattr(learning, "BATCH", 256)
        yield


def _points(count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 8) of three things, which a small number tells apart, on wide backgrounds."""
    rng = np.random.default_rng(1)
    thing = rng.integers(0, 3, count)
    points = rng.normal(size=(count, 8)).astype(np.float32)
    points[:, 7] = 0.2 * (thing - 1) + 0.02 * points[:, 7]
    return points, thing


def _seen(thing: np.ndarray, pictures: int = 200) -> tuple[np.ndarray, list[str]]:
    """Pictures of four patches, one thing each, and captions that name it."""
    rng = np.random.default_rng(2)
    shown = rng.integers(0, 3, pictures)
    seen = np.stack([rng.choice(np.flatnonzero(thing == each), 4) for each in shown])
    return seen, [f"A {THINGS[each]} by a lake" for each in shown]


def _odds(meaning: Meaning, points: np.ndarray) -> np.ndarray:
    """What each of THINGS, as a word, wants of the patches: (3, N)."""
    wishes = np.stack([meaning.wish([meaning.words.index(each)]) for each in THINGS])
    return wishes @ meaning(points).T


def test_a_word_wants_the_patches_that_it_is_said_of_whatever_their_background():
    points, thing = _points()
    meaning = learn_meaning(points, *_seen(thing))
    assert sorted(meaning.words) == sorted(THINGS)  # "a", "by" and "lake" tell nothing
    odds = _odds(meaning, points)
    assert (odds.argmax(axis=0) == thing).mean() > 0.9
    by_look = np.stack([points[thing == each].mean(axis=0) for each in range(3)])
    assert (np.square(points[:, None] - by_look).sum(-1).argmin(1) == thing).mean() < 0.6


def test_a_wish_is_the_sum_of_its_words_each_once():
    points, thing = _points()
    meaning = learn_meaning(points, *_seen(thing))
    one, two = meaning.wish([0]), meaning.wish([2])
    assert np.allclose(meaning.wish([2, 0, 2]), one + two)
    assert np.array_equal(meaning.wish([]), np.zeros(learning.DIMENSIONS))


def test_patches_that_the_tree_does_not_hold_are_passed_over():
    points, thing = _points()
    seen, captions = _seen(thing)
    more = np.concatenate([seen, np.full_like(seen, -1)], axis=1)
    meanings = learn_meaning(points, more, captions)(points)
    assert np.array_equal(meanings, learn_meaning(points, seen, captions)(points))


def test_captions_that_all_say_the_same_are_refused():
    points, thing = _points()
    with pytest.raises(SceneError, match="all say the same"):
        learn_meaning(points, _seen(thing)[0], ["A boat"] * 200)


@pytest.mark.parametrize(
    ("name", "shape"), [("inner", (8,)), ("bias", (5,)), ("outer", (3, 3)), ("ratios", (3, 3))]
)
def test_layers_that_do_not_fit_are_refused(name, shape):
    layers = {"inner": (8, 4), "bias": (4,), "outer": (4, 3), "ratios": (2, 3)}
    words = ("sun", "moon")
    assert Meaning(words, **{key: np.zeros(each) for key, each in layers.items()})
    with pytest.raises(ValueError, match="do not fit"):
        Meaning(words, **{key: np.zeros(each) for key, each in (layers | {name: shape}).items()})


def _pictures(count: int = 60) -> tuple[np.ndarray, list[str]]:
    """Pictures (count, 32, 48) of patches in any two colours; four pixels tell the word."""
    rng = np.random.default_rng(3)
    pictures = np.repeat(np.repeat(rng.integers(0, 20, (count, 2, 3)), 16, 1), 16, 2)
    pictures[:, ::2] = np.repeat(np.repeat(rng.integers(0, 20, (count, 1, 3)), 16, 1), 16, 2)
    words = rng.integers(0, 3, count)
    pictures[:, 4::16, 4::16] = pictures[:, 5::16, 4::16] = 30 + words[:, None, None]
    return pictures.astype(np.uint8), [f"the {THINGS[word]}" for word in words]


def test_captions_leave_the_tree_as_it_is_and_say_what_its_patches_show():
    pictures, captions = _pictures()
    chunks = [pictures[:20], pictures[20:]]
    by_look, held = learn_patches(chunks, PALETTE, 16)
    tree, same = learn_patches(chunks, PALETTE, 16, captions)
    assert held == same
    assert np.array_equal(tree.patches, by_look.patches)
    assert fingerprint(tree) == fingerprint(by_look)  # its codes stand for the same patches
    assert look(by_look, 8, 8).meanings is None
    flat = tree.patches.reshape(256, -1)
    assert tree.meaning is not None
    odds = _odds(tree.meaning, tree.latents(flat))
    assert (odds.argmax(axis=0) == flat[:, 4 * 16 + 4] - 30).mean() > 0.8


@pytest.fixture(scope="module")
def tree() -> PatchTree:
    pictures, captions = _pictures()
    return learn_patches([pictures], PALETTE, 16, captions)[0]


def test_a_saved_tree_keeps_its_meaning(tree, tmp_path):
    save_patches(tmp_path / "tree", tree, (320, 192), {})
    loaded = load_codec(tmp_path / "tree").model
    assert isinstance(loaded, PatchTree)
    assert loaded.meaning.words == tree.meaning.words
    assert np.array_equal(loaded.meaning.ratios, tree.meaning.ratios)
    assert np.array_equal(look(loaded, 8, 8).meanings, look(tree, 8, 8).meanings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inner", np.zeros((5, 256), np.float32)),
        ("inner", np.zeros((96, 3), np.float32)),
        ("bias", None),
        ("ratios", np.zeros((2, 32), np.float32)),
    ],
)
def test_a_broken_meaning_is_refused_in_one_line(tree, tmp_path, name, value):
    folder = tmp_path / "tree"
    save_patches(folder, tree, (320, 192), {})
    arrays = read_arrays(folder, "model.safetensors")
    if value is None:
        del arrays[name]
    else:
        arrays[name] = mx.array(value)
    settings = json.loads((folder / "config.json").read_text())
    save_checkpoint(folder, {"model.safetensors": arrays}, {"config.json": settings})
    with pytest.raises(SceneError, match="broken checkpoint") as refusal:
        load_codec(folder)
    assert "\n" not in str(refusal.value)


def test_the_command_takes_captions(tmp_path, capsys):
    lines = []
    for seed in range(12):
        drawn = draw_scene(seed)
        Image.fromarray(drawn.image).save(tmp_path / f"{seed}.png")
        lines.append({"image": f"{seed}.png", "caption": drawn.attributes["place"]})
    lines.append({"image": "3.png", "caption": "once more"})
    captions = tmp_path / "captions.jsonl"
    captions.write_text("\n".join(json.dumps(line) for line in lines))
    command = ["learn-patches", "--data", str(tmp_path), "--codes", "32", "--captions"]
    assert scene([*command, str(captions), "--out", str(tmp_path / "tree")]) == 0
    assert load_codec(tmp_path / "tree").model.meaning.words
    assert scene([*command, str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "t")]) == 1
    assert "cannot read captions file" in capsys.readouterr().err
    lines[0]["image"] = "lost.png"
    captions.write_text("\n".join(json.dumps(line) for line in lines))
    assert scene([*command, str(captions), "--out", str(tmp_path / "t")]) == 1
    error = capsys.readouterr().err
    assert "lost.png" in error
    assert not (tmp_path / "t").exists()
