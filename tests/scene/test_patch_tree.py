"""The patch tree: what it was shown comes back exactly, what not as the most alike patch."""

from __future__ import annotations

import dataclasses
import json

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scene.patch_world import PALETTE, plain_pictures

from scene.checkpoints import fingerprint, load_codec, read_arrays, save_checkpoint, save_patches
from scene.errors import SceneError
from scene.evaluation.reconstruction import code_figures, reconstruct, reconstruction_figures
from scene.evaluation.unseen import draw_unseen
from scene.images import to_float
from scene.info import main as scene
from scene.patches import PatchTree
from scene.patches.cutting import PIXELS, cut, join, keys
from scene.patches.looks import look
from scene.synth import draw_scene
from scene.training.patches import count_patches, learn_patches

SIZE = (320, 192)


@pytest.fixture(scope="module")
def tree() -> PatchTree:
    return learn_patches([plain_pictures(30), plain_pictures(40, 2)], PALETTE, 16)[0]


def test_cutting_and_joining_are_inverse():
    pictures = plain_pictures(3)
    patches = cut(pictures)
    assert patches.shape == (3, 2, 3, PIXELS)
    assert np.array_equal(patches[1, 1, 2], pictures[1, 16:, 32:].ravel())
    assert np.array_equal(join(patches), pictures)


def test_counting_finds_each_patch_once_however_the_pictures_are_split():
    pictures = np.concatenate([plain_pictures(4), plain_pictures(4), plain_pictures(3, 5)])
    patches, counts, seen = count_patches([pictures])
    again, same, met = count_patches([pictures[:3], pictures[3:5], pictures[5:]])
    assert np.array_equal(patches, again)
    assert np.array_equal(counts, same)
    assert np.array_equal(seen, met)
    assert np.array_equal(patches[seen], cut(pictures).reshape(11, 6, PIXELS))
    assert counts.sum() == 11 * 6
    assert len(np.unique(patches, axis=0)) == len(patches)
    assert (counts >= 2).sum() == 24  # the four pictures that came twice


def test_a_tree_holds_the_commonest_patches():
    common = np.repeat(plain_pictures(6, 3), 3, axis=0)
    tree, held = learn_patches([common, plain_pictures(2, 4)], PALETTE, 4)
    known = set(keys(tree.patches.reshape(-1, PIXELS)).tolist())
    assert known <= set(keys(cut(common).reshape(-1, PIXELS)).tolist())
    assert held == pytest.approx(16 * 3 / (18 * 6 + 12))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_decoding_and_encoding_gives_the_codes_back(tree, seed):
    codes = np.random.default_rng(seed).integers(0, 16, (2, 2, 3, 2)).astype(np.int32)
    pictures = tree.decode(mx.array(codes))
    assert pictures.shape == (2, 32, 48, 3)
    assert np.array_equal(np.asarray(tree.encode(pictures)), codes)


def test_an_unseen_patch_becomes_the_one_with_most_equal_pixels(tree):
    seen = tree.patches[3, 5].copy()
    seen[:20] = (seen[:20] + 1) % 40
    equal = (tree.patches == seen).sum(-1)
    picture = PALETTE[seen.reshape(1, 16, 16)]
    found = np.asarray(tree.encode(mx.array(to_float(picture))))[0, 0, 0]
    assert equal[tuple(found)] == equal.max() >= PIXELS - 20


def test_second_codes_mean_alike_departures_in_all_branches(tree):
    branches, departures = (np.asarray(book) for book in tree.codebooks())
    assert branches.shape == departures.shape == (16, 96)
    points = tree.points
    plain = np.square(points - branches[:, None]).sum()
    assert np.square(points - branches[:, None] - departures).sum() < 0.95 * plain


def test_looks_are_points_of_one_deviation_and_edges(tree):
    looks = look(tree, 96, 10)
    scale = 0.5 / np.sqrt(tree.points.reshape(-1, 96).var(axis=0).mean())
    assert np.allclose(looks.picks, scale * tree.points[..., :10], rtol=1e-4, atol=1e-4)
    assert np.allclose(looks.views, scale * tree.points, rtol=2e-3, atol=2e-3)
    patch = tree.patches[3, 5].reshape(16, 16)
    assert np.array_equal(looks.near[3, 5], [*patch[:, 0], *patch[0]])
    assert np.array_equal(looks.far[3, 5], [*patch[:, 15], *patch[15]])
    assert looks.meanings is None


def test_fewer_patches_make_a_smaller_tree_and_too_few_are_refused():
    assert learn_patches([plain_pictures(30)], PALETTE, 512)[0].codebook_sizes == (8, 8)
    with pytest.raises(SceneError, match="only 6 different patches"):
        learn_patches([plain_pictures(1)], PALETTE, 512)


def test_a_saved_tree_comes_back_and_keeps_its_name(tree, tmp_path):
    save_patches(tmp_path / "tree", tree, SIZE, {"pictures": 70})
    loaded = load_codec(tmp_path / "tree")
    assert loaded.image_size == SIZE
    assert np.array_equal(loaded.model.patches, tree.patches)
    assert np.array_equal(loaded.model.points, tree.points)
    assert fingerprint(loaded.model) == fingerprint(tree)
    other = PatchTree(PALETTE, tree.patches[::-1], tree.latents)
    assert fingerprint(other) != fingerprint(tree)
    mirrored = dataclasses.replace(tree.latents, axes=-tree.latents.axes)
    assert fingerprint(PatchTree(PALETTE, tree.patches, mirrored)) != fingerprint(tree)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patches", np.zeros(9, np.uint8)),
        ("patches", None),
        ("palette", PALETTE[:3]),
        ("palette", np.zeros((256, 3), np.uint8)),
        ("axes", np.zeros((3, 2), np.float32)),
        ("mean", None),
        ("codebook_size", 8),
        ("codebook_size", 4096),
    ],
)
def test_a_broken_tree_is_refused_in_one_line(tree, tmp_path, name, value):
    folder = tmp_path / "tree"
    save_patches(folder, tree, SIZE, {})
    arrays = read_arrays(folder, "model.safetensors")
    settings_file = json.loads((folder / "config.json").read_text())
    if name in settings_file:
        settings_file[name] = value
    elif value is None:
        del arrays[name]
    else:
        arrays[name] = mx.array(value)
    save_checkpoint(folder, {"model.safetensors": arrays}, {"config.json": settings_file})
    with pytest.raises(SceneError) as refusal:
        load_codec(folder)
    assert "\n" not in str(refusal.value)
    assert str(folder) in str(refusal.value)


def test_the_command_learns_from_a_folder_and_is_used_by_evaluate(tmp_path, capsys):
    assert scene(["learn-patches", "--data", str(tmp_path), "--out", str(tmp_path / "t")]) == 1
    assert "no pictures" in capsys.readouterr().err
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    from PIL import Image

    for seed in range(12):
        Image.fromarray(draw_scene(seed).image).save(pictures / f"{seed}.png")
    out = tmp_path / "tree"
    assert scene(["learn-patches", "--data", str(pictures), "--out", str(out)]) == 0
    assert "patches" in capsys.readouterr().out
    assert scene(["learn-patches", "--data", str(pictures), "--out", str(out)]) == 1
    assert "--force" in capsys.readouterr().err
    loaded = load_codec(out).model
    unseen = draw_unseen(2)
    drawn, codes = reconstruct(loaded, unseen.pixels)
    figures = reconstruction_figures(unseen.pixels, drawn, loaded.colours, unseen.masks)
    assert figures["right_colour"] > 0.3
    assert len(code_figures(codes, loaded.codebook_sizes)) == 2
