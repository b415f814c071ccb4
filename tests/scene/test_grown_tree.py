"""A patch tree that grows keeps its branches, and what a transformer has learned of its codes."""

from __future__ import annotations

import json
import shutil

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from tests.scene.patch_world import PALETTE, TINY_TRANSFORMER, plain_pictures

from scene.checkpoints import fingerprint, load_codec, load_transformer, save_labels, save_patches
from scene.errors import SceneError
from scene.evaluation.unseen import draw_unseen
from scene.info import main as scene
from scene.layouts import LayoutCodec
from scene.make_scenes import main as make_scenes
from scene.patches import PatchTree
from scene.patches.cutting import PIXELS, cut, keys
from scene.train_transformer import main as train_transformer
from scene.training.patches import grow_patches, learn_patches
from scene.transformer import ImageTransformer


@pytest.fixture(scope="module")
def tree() -> PatchTree:
    return learn_patches([plain_pictures(30)], PALETTE, 8)[0]


@pytest.fixture(scope="module")
def more() -> np.ndarray:
    """Pictures of which the first 20 came twice."""
    pictures = plain_pictures(80, 2)
    return np.concatenate([pictures[:40], plain_pictures(30), pictures[:20], pictures[40:]])


@pytest.fixture(scope="module")
def grown(tree, more) -> tuple[PatchTree, float]:
    return grow_patches(tree, [more[:50], more[50:]])


def test_every_patch_of_a_grown_tree_is_in_the_branch_of_the_nearest_one_of_before(tree, grown):
    after, _ = grown
    assert after.codebook_sizes == (8, 16)
    homes = tree.find(after.patches.reshape(-1, PIXELS)) // 8
    assert np.array_equal(homes, np.arange(8).repeat(16))


def test_a_grown_tree_holds_the_commonest_patches_of_each_branch(tree, more, grown):
    after, held = grown
    seen = cut(more).reshape(-1, PIXELS)
    names, first, counts = np.unique(keys(seen), return_index=True, return_counts=True)
    homes = tree.find(seen[first]) // 8
    total = 0
    for branch in range(8):
        mine = homes == branch
        kept = np.isin(names, keys(after.patches[branch])) & mine
        assert kept.sum() == 16
        assert counts[kept].min() >= counts[mine & ~kept].max()
        total += counts[kept].sum()
    assert held == pytest.approx(total / len(seen))


def test_more_patches_are_nearer_to_unseen_pictures(tree, grown):
    unseen = cut(plain_pictures(40, 9)).reshape(-1, PIXELS)
    equal = [
        (each.patches.reshape(-1, PIXELS)[each.find(unseen)] == unseen).mean()
        for each in (tree, grown[0])
    ]
    assert equal[1] > equal[0]


def test_two_second_codes_stand_where_one_stood(tree, grown):
    before, after = (np.asarray(each.codebooks()[1]) for each in (tree, grown[0]))
    distance = np.square(before[:, None] - after[None]).sum(-1)  # (8, 16)
    pairs = distance.reshape(8, 8, 2).mean(axis=-1)
    others = pairs[~np.eye(8, dtype=bool)].mean()
    assert np.diagonal(pairs).mean() < 0.7 * others


def test_axes_that_another_machine_turns_around_give_the_same_tree(tree, more, grown, monkeypatch):
    plain = np.linalg.eigh

    def turned(matrix):
        values, axes = plain(matrix)
        return values, -axes

    monkeypatch.setattr(np.linalg, "eigh", turned)
    again, _ = grow_patches(tree, [more])
    halves = [each.patches[:, :8].reshape(8, -1, PIXELS) for each in (again, grown[0])]
    assert np.array_equal(*(np.sort(keys(half.reshape(-1, PIXELS))) for half in halves))


def test_too_few_pictures_to_grow_from_are_refused(tree):
    with pytest.raises(SceneError, match="which is to have 16: give more pictures"):
        grow_patches(tree, [plain_pictures(3)])


def test_a_tree_that_has_grown_up_is_told_so(tree, more):
    branch = tree.patches[:1].repeat(256, axis=1)
    with pytest.raises(SceneError, match="grown up"):
        grow_patches(PatchTree(PALETTE, branch, tree.latents), [more])


def test_a_saved_tree_knows_what_it_has_grown_from(tree, grown, tmp_path):
    after, _ = grown
    assert after.grown_from == fingerprint(tree) != fingerprint(after)
    save_patches(tmp_path / "grown", after, (320, 192), {})
    loaded = load_codec(tmp_path / "grown").model
    assert isinstance(loaded, PatchTree)
    assert loaded.grown_from == after.grown_from
    assert np.array_equal(loaded.patches, after.patches)


def test_levels_may_have_codes_of_their_own_number():
    mx.random.seed(0)
    net = ImageTransformer((4, 6), 20, 6, 16, 2, 1, num_levels=2, grid_width=3, dropout=0.0)
    net.eval()
    text = mx.array([[5, 3], [2, 0]])
    codes = mx.random.randint(0, 4, (2, 6, 2))
    logits = net(text, codes)
    assert logits.shape == (2, 6, 2, 6)
    assert np.isneginf(np.asarray(logits)[:, :, 0, 4:]).all()
    assert np.isfinite(np.asarray(logits)[:, :, 1]).all()

    def loss(model):
        return nn.losses.cross_entropy(model(text, codes), codes, reduction="mean")

    value, slopes = nn.value_and_grad(net, loss)(net)
    assert np.isfinite(value.item())
    assert np.isfinite(np.asarray(slopes["depth"]["heads"][0]["weight"])).all()
    drawn = np.concatenate(
        [np.asarray(net.generate(text, 2.0, seeds=[seed, seed + 9])) for seed in range(8)]
    )
    assert drawn[..., 0].max() == 3
    assert drawn[..., 1].max() == 5


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A tree, one that has grown from it, and a transformer of each."""
    folder = tmp_path_factory.mktemp("grown")
    data = folder / "data"
    assert make_scenes(["--count", "12", "--out", str(data), "--jobs", "1"]) == 0
    pictures = ["--data", str(data / "images")]
    first, second = str(folder / "tree"), str(folder / "larger")
    assert scene(["learn-patches", *pictures, "--codes", "32", "--out", first]) == 0
    assert make_scenes(["--count", "24", "--out", str(folder / "more"), "--jobs", "1"]) == 0
    wider = ["--data", str(folder / "more" / "images")]
    assert scene(["learn-patches", *wider, "--grow", first, "--out", second]) == 0
    (folder / "small.yaml").write_text(TINY_TRANSFORMER)
    common = ["--config", str(folder / "small.yaml"), *pictures]
    common += ["--captions", str(data / "captions.jsonl")]
    plain = [*common, "--vqgan", first, "--out", str(folder / "plain")]
    assert train_transformer(plain) == 0
    start = ["--start-from", str(folder / "plain" / "best")]
    assert train_transformer([*common, "--vqgan", second, *start, "--out", str(folder / "on")]) == 0
    return folder


def test_a_transformer_of_the_tree_starts_that_of_the_grown_one(runs):
    before, after = (load_transformer(runs / name / "best") for name in ("plain", "on"))
    assert before.config.model.vocab_size == (32, 32)
    assert after.config.model.vocab_size == (32, 64)
    assert after.vqgan == fingerprint(load_codec(runs / "larger").model)
    assert after.tokenizer.vocabulary == before.tokenizer.vocabulary
    for old, new in (
        (before.model.codes[1].weight, after.model.codes[1].weight),
        (before.model.depth.heads[1].weight, after.model.depth.heads[1].weight),
    ):
        # Two steps of a rate of a millionth have hardly moved them.
        assert np.allclose(np.asarray(old).repeat(2, axis=0), np.asarray(new), atol=1e-4)


def test_a_transformer_of_another_tree_starts_nothing(runs, capsys):
    order = ["--config", str(runs / "small.yaml"), "--data", str(runs / "data" / "images")]
    order += ["--captions", str(runs / "data" / "captions.jsonl"), "--out", str(runs / "not")]
    order += ["--vqgan", str(runs / "tree"), "--start-from", str(runs / "on" / "best")]
    assert train_transformer(order) == 1
    assert "another tokenizer" in capsys.readouterr().err


def test_a_transformer_of_no_size_is_refused_in_one_line(runs, tmp_path):
    shutil.copytree(runs / "on" / "best", tmp_path / "best")
    settings = tmp_path / "best" / "config.json"
    document = json.loads(settings.read_text())
    document["config"]["model"]["vocab_size"] = None
    settings.write_text(json.dumps(document))
    with pytest.raises(SceneError, match="vocab_size is null"):
        load_transformer(tmp_path / "best")


@pytest.mark.parametrize("more", [["--codes", "32"], ["--captions", "captions.jsonl"]])
def test_growing_takes_no_other_settings(runs, tmp_path, capsys, more):
    order = ["learn-patches", "--data", str(runs / "data" / "images"), "--out", str(tmp_path / "t")]
    assert scene([*order, "--grow", str(runs / "tree"), *more]) == 2
    assert "--grow" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "t").exists()


def test_only_patch_trees_grow(runs, tmp_path, capsys):
    save_labels(tmp_path / "labels", LayoutCodec(PALETTE), (320, 192))
    order = ["learn-patches", "--data", str(runs / "data" / "images"), "--out", str(tmp_path / "t")]
    assert scene([*order, "--grow", str(tmp_path / "labels")]) == 1
    assert "no patch tree" in capsys.readouterr().err


def test_a_grown_tree_draws_unseen_scenes_better(runs):
    from scene.evaluation.reconstruction import reconstruct

    unseen = draw_unseen(2)
    right = []
    for name in ("tree", "larger"):
        drawn, _ = reconstruct(load_codec(runs / name).model, unseen.pixels)
        right.append((drawn == unseen.pixels).all(axis=-1).mean())
    assert right[1] > right[0]
