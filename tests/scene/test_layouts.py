"""Layouts: what stands where in a scene, as small pictures, as codes, and as what to draw by."""

import json
import os
import signal

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scene.checkpoints import load_codec, load_transformer, save_labels
from scene.errors import SceneError
from scene.generation import pipeline
from scene.generation.pipeline import Generator, Sampling
from scene.info import main as scene
from scene.layouts import CELL, LayoutCodec
from scene.make_scenes import main as make_scenes
from scene.synth import ATTRIBUTES, LABEL_COLOURS, LABELS, draw_scene
from scene.train_transformer import main as train_transformer
from scene.training import loop
from scene.transformer import ImageTransformer
from scene.transformer.layout import UNKNOWN, LayoutView

K, WIDTH, N, NAMES = 7, 4, 12, 3
NAMED = {
    "celestial": ("sun", "full moon", "crescent moon", "lightning"),
    "trees": ATTRIBUTES["trees"][1:],
    "foreground": ATTRIBUTES["foreground"][1:],
}


def drawing(**options):
    """A model that draws by layouts, whose view of them is not zero as at the start."""
    mx.random.seed(0)
    net = ImageTransformer(
        K, 30, N, 16, 2, 1, num_levels=2, grid_width=WIDTH, depth_layers=1, dropout=0.0,
        text_embed_dim=16, text_layers=1, text_heads=2, max_text_len=8, layout_labels=NAMES,
        **options,
    )  # fmt: skip
    net.layout.far.weight = 0.3 * mx.random.normal(net.layout.far.weight.shape)
    net.eval()
    return net


def random_layout(seed=0, batch=2):
    return mx.array(np.random.default_rng(seed).integers(0, NAMES, (batch, N)).astype(np.int32))


TEXT = mx.array([[3, 4, 0], [5, 6, 7]])
CODES = mx.array(np.random.default_rng(1).integers(0, K, (2, N, 2)).astype(np.int32))


@given(st.integers(0, 2**32))
def test_what_a_caption_may_name_has_its_place_and_nothing_else_of_its_kind(seed):
    scene_ = draw_scene(seed)
    assert scene_.layout.shape == (12, 20)
    there = {LABELS[number] for number in np.unique(scene_.layout)}
    for name, values in NAMED.items():
        others = set(values) - {scene_.attributes[name]}
        assert not there & others
    if scene_.attributes["celestial"] in ("sun", "full moon", "crescent moon"):
        # A roof or a crown may stand before it, but never before all of it.
        assert scene_.attributes["celestial"] in there
    if scene_.attributes["foreground"] not in ("none", "path"):
        assert scene_.attributes["foreground"] in there


@pytest.mark.parametrize(
    ("place", "there", "never"),
    [
        ("cave", {"walls", "ground"}, {"woods", "hearth"}),
        ("tavern", {"walls", "ground", "hearth"}, {"sky", "hills", "clouds"}),
        ("mountains", {"sky", "peaks", "ground"}, {"walls", "water"}),
        ("forest", {"woods", "ground"}, {"walls", "water"}),
        ("lake", {"sky", "peaks", "water"}, {"walls", "rug"}),
        ("city", {"sky", "buildings", "water"}, {"walls", "peaks"}),
    ],
)
def test_the_land_behind_what_stands_there_has_labels_too(place, there, never):
    for seed in range(4):
        labels = {LABELS[number] for number in np.unique(draw_scene(seed, {"place": place}).layout)}
        assert there <= labels
        assert not never & labels


def test_the_mouth_of_a_cave_is_open_and_framed_by_its_walls():
    layout = draw_scene(5, {"place": "cave"}).layout
    wall = layout == LABELS.index("walls")
    assert wall[0].all()
    open_rows = ~wall[2:6]
    assert (open_rows.sum(axis=1) >= 4).all()
    assert wall[2:6, [0, -1]].any()


def test_a_woods_trees_are_told_from_single_ones():
    layout = draw_scene(3, {"place": "forest", "trees": "twisted trees"}).layout
    assert {"woods", "twisted trees"} <= {LABELS[number] for number in np.unique(layout)}


def test_every_label_has_a_colour_of_its_own():
    assert len({tuple(colour) for colour in LABEL_COLOURS.tolist()}) == len(LABELS)


def test_a_folder_of_layouts_becomes_labels_and_codes_and_comes_back(tmp_path, capsys):
    data = tmp_path / "data"
    assert make_scenes(["--count", "4", "--out", str(data), "--jobs", "1", "--layouts"]) == 0
    assert (
        scene(["learn-labels", "--data", str(data / "layouts"), "--out", str(tmp_path / "l")]) == 0
    )
    codec = load_codec(tmp_path / "l").model
    for path in sorted((data / "layouts").iterdir()):
        with Image.open(path) as image:
            assert image.size == (20, 12)
            cells = np.asarray(image.convert("RGB"))
        seed = int(path.name[:6])
        assert np.array_equal(cells, LABEL_COLOURS[draw_scene(seed).layout])
        large = mx.array(cells[None].repeat(CELL, 1).repeat(CELL, 2).astype(np.float32) / 127.5 - 1)
        codes = codec.encode(large)
        assert codes.shape == (1, 12, 20)
        assert np.array_equal(codec.palette[np.asarray(codes)[0]], cells)
        assert mx.abs(codec.decode(codes) - large).max().item() < 1e-6
    assert (
        scene(["learn-labels", "--data", str(data / "layouts"), "--out", str(tmp_path / "l")]) == 1
    )
    assert "exists" in capsys.readouterr().err


def test_a_photograph_is_no_layout(tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (192, 320, 3)).astype(np.uint8)
    for number in range(2):
        Image.fromarray(noise + number).save(tmp_path / f"{number}.png")
    assert scene(["learn-labels", "--data", str(tmp_path), "--out", str(tmp_path / "l")]) == 1
    assert "more than 255 colours" in capsys.readouterr().err
    assert not (tmp_path / "l").exists()


def test_broken_labels_are_refused(tmp_path):
    save_labels(tmp_path / "l", LayoutCodec(LABEL_COLOURS), (320, 192))
    assert np.array_equal(load_codec(tmp_path / "l").model.colours, LABEL_COLOURS)
    mx.save_safetensors(str(tmp_path / "l" / "model.safetensors"), {"palette": mx.zeros((2, 2))})
    with pytest.raises(SceneError, match="broken checkpoint"):
        load_codec(tmp_path / "l")


def test_an_unknown_layout_says_nothing_and_a_fresh_view_neither():
    net = drawing()
    unknown = mx.full((2, N), UNKNOWN)
    assert mx.array_equal(net(TEXT, CODES, unknown), net(TEXT, CODES))
    fresh = LayoutView(NAMES, 16, WIDTH)
    assert mx.abs(fresh(random_layout())).max().item() == 0


def test_a_label_is_seen_by_what_comes_before_it_too():
    net, layout = drawing(), np.array(random_layout())
    before = net(TEXT, CODES, mx.array(layout))
    layout[0, WIDTH + 2] = (layout[0, WIDTH + 2] + 1) % NAMES
    difference = np.asarray(mx.abs(net(TEXT, CODES, mx.array(layout)) - before).max(axis=(2, 3)))
    assert difference[0, 1] > 1e-6  # above and left of it
    assert difference[1].max() == 0


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_generate_draws_by_the_layout_what_the_whole_prefix_would(guidance):
    net, layout = drawing(), random_layout()
    drawn = np.asarray(net.generate(TEXT, temperature=0, guidance=guidance, layout=layout))
    codes = np.zeros((2, N, 2), np.int32)
    none = mx.zeros_like(TEXT)
    for position in range(N):
        for level in range(2):
            logits = net(TEXT, mx.array(codes), layout)
            free = net(none, mx.array(codes))
            mixed = free + guidance * (logits - free)
            codes[:, position, level] = np.asarray(mx.argmax(mixed[:, position, level], -1))
    assert np.array_equal(drawn, codes)
    other = net.generate(TEXT, temperature=0, guidance=guidance, layout=(layout + 1) % NAMES)
    assert not np.array_equal(drawn, np.asarray(other))


YAML = """
model: {vocab_size: CODES, num_levels: 1, max_seq_len: 12, grid_width: 4, embed_dim: 16,
  num_heads: 2, num_layers: 1, text_embed_dim: 16, text_layers: 1, text_heads: 2, max_text_len: 24,
  text_vocab_size: 60, dropout: 0.0}
training: {batch_size: 4, learning_rate: 1e-3, num_epochs: 2, save_every: 1, sample_every: 2,
  warmup_steps: 2, validation_share: 0.2, caption_dropout: 0.3}
data: {image_size: [64, 48]}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A layout model, and a model of layouts that draws by layouts: its pictures are the layouts
    themselves, so that it needs no other tokenizer."""
    folder = tmp_path_factory.mktemp("layouts")
    data = folder / "data"
    assert make_scenes(["--count", "12", "--out", str(data), "--jobs", "1", "--layouts"]) == 0
    labels = folder / "labels"
    assert scene(["learn-labels", "--data", str(data / "layouts"), "--out", str(labels)]) == 0
    count = load_codec(labels).model.codebook_sizes[0]
    small = YAML.replace("CODES", str(count))
    (folder / "small.yaml").write_text(small)
    (folder / "around.yaml").write_text(small.replace("dropout: 0.0", "dropout: 0.0, around: true"))
    assert train_transformer(flags(folder, "plain")) == 0
    assert train_transformer(flags(folder, "by", *by_layouts(folder))) == 0
    return folder


def flags(folder, name, *more):
    data = folder / "data"
    return [
        *("--config", str(folder / "small.yaml"), "--data", str(data / "layouts")),
        *("--captions", str(data / "captions.jsonl"), "--vqgan", str(folder / "labels")),
        *("--out", str(folder / name), *more),
    ]


def by_layouts(folder):
    """Flags of a run that takes up the plain one's weights and learns to look at layouts, and at
    more of its neighbours."""
    return [
        *("--config", str(folder / "around.yaml")),
        *("--layouts", str(folder / "data" / "layouts"), "--labels", str(folder / "labels")),
        *("--start-from", str(folder / "plain" / "best")),
        *("--context-dropout", "0.25", "--context-noise", "0.125"),
    ]


def test_a_model_that_draws_by_layouts_is_trained_and_knows_its_labels(trained):
    plain, by = (load_transformer(trained / name / "best") for name in ("plain", "by"))
    assert plain.layouts is None
    assert by.layouts == plain.vqgan
    for learned in (by.model.layout.far.weight, by.model.around.outer.weight):
        assert mx.abs(learned).max().item() > 0
    assert by.tokenizer.vocabulary == plain.tokenizer.vocabulary
    settings = json.loads((trained / "by" / "best" / "config.json").read_text())["config"]
    assert settings["training"]["context_dropout"] == 0.25
    assert settings["training"]["context_noise"] == 0.125
    lines = [(trained / name / "metrics.jsonl").read_text() for name in ("plain", "by")]
    before, after = (
        [json.loads(line)["val_loss"] for line in text.splitlines() if "val_loss" in line]
        for text in lines
    )
    assert after[0] < before[-1]  # it has begun where the other one ended


def test_training_by_layouts_goes_on_bit_for_bit(trained, monkeypatch):
    plain = loop.learning_rate_at

    def tell(current, total, training):
        if current == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(current, total, training)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "learning_rate_at", tell)
        assert train_transformer(flags(trained, "cut", *by_layouts(trained))) == 130
    assert train_transformer(flags(trained, "cut", *by_layouts(trained), "--resume")) == 0
    whole, cut = (
        mx.load(str(trained / name / "last" / "model.safetensors")) for name in ("by", "cut")
    )
    assert [name for name in whole if not mx.array_equal(whole[name], cut[name])] == []


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--start-from", "nowhere"], "no checkpoint at nowhere"),
        (["--layouts", "nowhere"], "no picture nowhere"),
        (["--labels", "nowhere"], "no checkpoint at nowhere"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(trained, tmp_path, capsys, more, named):
    order = flags(trained, "by", *by_layouts(trained), *more, "--out", str(tmp_path / "out"))
    capsys.readouterr()
    assert train_transformer(order) == 1
    assert named in capsys.readouterr().err.strip().splitlines()[-1]


def test_models_that_do_not_belong_together_are_refused(trained, tmp_path):
    plain, by = (trained / name / "best" for name in ("plain", "by"))
    generator = Generator(trained / "labels", by, plain)
    assert generator.positions == 24
    codes = generator.codes(["a castle"], [0], Sampling())
    assert codes.shape == (1, 3, 4)
    assert Generator(trained / "labels", plain).layouts is None
    with pytest.raises(SceneError, match="give the --layout-model"):
        Generator(trained / "labels", by)
    colours = LABEL_COLOURS[:-1]
    save_labels(tmp_path / "other", LayoutCodec(colours), (320, 192))
    order = [*by_layouts(trained), "--vqgan", str(tmp_path / "other"), "--out", str(tmp_path / "o")]
    assert train_transformer(flags(trained, "by", *order)) == 1


@pytest.mark.parametrize("odd", [1.0, 0.1, 0.0])
def test_of_several_layouts_the_first_is_drawn_that_is_not_odd(trained, monkeypatch, odd):
    plain, by = (trained / name / "best" for name in ("plain", "by"))
    generator = Generator(trained / "labels", by, plain)
    monkeypatch.setattr(pipeline, "ODD", max(odd, 1e-30))
    prompts, seeds = ["a castle", "a cave at night", "a castle"], [3, 4, 5]
    chosen = generator.draw_layouts(prompts, seeds)
    assert np.array_equal(generator.draw_layouts(prompts[1:], seeds[1:]), chosen[1:])

    def oddest_label(layouts):
        net, words = generator.layouts.model, generator.layouts.tokenizer
        logits = net(mx.array(words.encode_batch(prompts)), mx.array(layouts))
        return np.asarray(nn.losses.cross_entropy(logits, mx.array(layouts)).max(axis=1))

    monkeypatch.setattr(pipeline, "LAYOUT_CANDIDATES", 1)
    first = generator.draw_layouts(prompts, seeds)
    kept = (chosen == first).all(axis=1)
    assert (oddest_label(chosen) <= oddest_label(first) + 1e-4).all()
    if odd == 1.0:  # every label is: the least odd of all
        assert (oddest_label(chosen) < oddest_label(first) - 1e-2).any()
    if odd == 0.0:  # none is
        assert kept.all()


def test_layouts_of_ones_own_models_are_drawn_alone(trained, tmp_path, capsys):
    out, own = tmp_path / "plan.png", trained / "labels"
    order = ["layout", "a castle", "-o", str(out), "--vqgan", str(own), "--labels", str(own)]
    order += ["--layout-model", str(trained / "plain" / "best"), "--transformer"]
    assert scene([*order, str(trained / "plain" / "best")]) == 1
    assert "draws by no layouts" in capsys.readouterr().err
    assert scene([*order, str(trained / "by" / "best")]) == 0
    picture = np.asarray(Image.open(out).convert("RGB"))
    colours = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert colours <= {tuple(c) for c in load_codec(own).model.colours.tolist()}
