"""From an empty folder to a picture, by the commands alone; and what they refuse."""

import dataclasses
import json

import mlx.core as mx
import numpy as np
import pytest
from PIL import Image

from scene.checkpoints import load_codec
from scene.evaluate import main as evaluate
from scene.evaluation.judge import Judge, save_judge
from scene.generate import create as create_generate
from scene.generate import main as generate
from scene.generate import output_paths, settings
from scene.generation.code_page import code_page
from scene.generation.metadata import read_info, to_texts
from scene.generation.pipeline import shipped
from scene.generation.preview import half_blocks
from scene.images import save_png, to_uint8
from scene.info import main as scene
from scene.make_scenes import main as make_scenes
from scene.reconstruct import main as reconstruct
from scene.synth import ATTRIBUTES
from scene.train_transformer import main as train_transformer
from scene.train_vqgan import main as train_vqgan

VQGAN_YAML = """
model: {hidden_channels: 8, codebook_size: 32, codebook_dim: 8, num_res_blocks: 1, num_levels: 2,
  head_channels: 8}
training: {batch_size: 4, crop_size: [64, 64], learning_rate: 1e-3, max_steps: 6, save_every: 9,
  sample_every: 9, continuous_steps: 2}
"""
TRANSFORMER_YAML = """
model: {vocab_size: 32, num_levels: 2, embed_dim: 16, num_heads: 2, num_layers: 1,
  text_embed_dim: 16, text_layers: 1, text_heads: 2, max_text_len: 40, depth_layers: 1}
training: {batch_size: 4, learning_rate: 1e-3, max_steps: 3, save_every: 9, sample_every: 9}
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """An empty folder, then 64 scenes, a VQGAN and a transformer made by the commands."""
    root = tmp_path_factory.mktemp("workshop")
    (root / "v.yaml").write_text(VQGAN_YAML)
    (root / "t.yaml").write_text(TRANSFORMER_YAML)
    assert make_scenes(["--count", "64", "--out", str(root / "data"), "--jobs", "1"]) == 0
    data = ["--data", str(root / "data/images")]
    assert train_vqgan(["--config", str(root / "v.yaml"), *data, "--out", str(root / "v")]) == 0
    assert (
        train_transformer(
            [
                "--config",
                str(root / "t.yaml"),
                *data,
                "--out",
                str(root / "t"),
                "--captions",
                str(root / "data/captions.jsonl"),
                "--vqgan",
                str(root / "v/best"),
            ]
        )
        == 0
    )
    return root


@pytest.fixture
def models(workshop):
    return ["--vqgan", str(workshop / "v/best"), "--transformer", str(workshop / "t/best")]


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_prompt_becomes_an_indexed_picture_that_knows_its_settings(models, tmp_path, capsys):
    out = tmp_path / "new" / "castle.png"
    assert generate(["a castle at night", "-o", str(out), "--seed", "5", *models]) == 0
    with Image.open(out) as image:
        assert (image.size, image.mode) == ((320, 192), "P")
    info = read_info(out)
    assert (info.prompt, info.seed, info.temperature, info.top_k) == (
        "a castle at night",
        5,
        0.9,
        100,
    )
    assert "seed 5" in capsys.readouterr().out
    assert scene(["info", str(out)]) == 0
    assert "a castle at night" in capsys.readouterr().out


def test_same_seed_same_picture_and_like_repeats_it(models, tmp_path):
    first, again, other = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    flags = ["--palette", "c64", "--dither", "bayer", "--scale", "2", "-t", "0.7", "--seed", "9"]
    assert generate(["a forest", "-o", str(first), *flags, *models]) == 0
    assert generate(["--like", str(first), "-o", str(again), *models]) == 0
    assert generate(["--like", str(first), "--seed", "10", "-o", str(other), *models]) == 0
    assert first.read_bytes() == again.read_bytes()
    assert not np.array_equal(pixels(first), pixels(other))
    assert len(np.unique(pixels(first).reshape(-1, 3), axis=0)) <= 16
    assert pixels(first).shape == (384, 640, 3)
    assert np.array_equal(pixels(first)[::2, ::2].repeat(2, 0).repeat(2, 1), pixels(first))


@pytest.mark.parametrize("seed", ["-1", str(2**63), "99999999999999999999", "x"])
def test_a_seed_that_no_key_holds_is_a_usage_error(models, tmp_path, capsys, seed):
    with pytest.raises(SystemExit) as stop:
        generate(["sea", "-o", str(tmp_path / "x.png"), "--seed", seed, *models])
    assert stop.value.code == 2
    assert "--seed" in capsys.readouterr().err


def test_seeds_that_count_up_too_far_and_hostile_seeds_are_one_line(models, tmp_path, capsys):
    out = tmp_path / "x.png"
    assert generate(["sea", "-o", str(out), "--seed", str(2**63 - 1), "-n", "2", *models]) == 1
    assert "choose a --seed" in capsys.readouterr().err
    assert generate(["sea", "-o", str(out), "--seed", "3", *models]) == 0
    for change, named in (({"seed": -5}, "choose a --seed"), ({"seed": "x"}, "seed"),
                          ({"layout": ["a"]}, "layout"), ({"scale": None}, "scale")):  # fmt: skip
        info = dataclasses.replace(read_info(out), **change)
        save_png(tmp_path / "bad.png", Image.open(out), to_texts(info))
        capsys.readouterr()
        assert generate(["--like", str(tmp_path / "bad.png"), "-o", str(tmp_path / "y.png")]) == 1
        assert named in capsys.readouterr().err


def test_several_pictures_count_their_seeds_up_and_a_grid_holds_them_all(models, tmp_path):
    assert generate(["sea", "-o", str(tmp_path / "x.png"), "-n", "3", "--seed", "4", *models]) == 0
    files = sorted(p.name for p in tmp_path.glob("*.png"))
    assert files == ["x-4.png", "x-5.png", "x-6.png"]
    grid = tmp_path / "grid.png"
    assert generate(["sea", "-o", str(grid), "-n", "3", "--grid", "--seed", "4", *models]) == 0
    sheet = pixels(grid)
    assert sheet.shape == (384, 640, 3)
    assert np.array_equal(sheet[:192, 320:], pixels(tmp_path / "x-5.png"))
    alone = tmp_path / "alone.png"
    assert generate(["sea", "-o", str(alone), "--seed", "6", *models]) == 0
    assert np.array_equal(pixels(alone), pixels(tmp_path / "x-6.png"))
    again = tmp_path / "again.png"
    assert generate(["--like", str(grid), "-o", str(again), *models]) == 0
    assert np.array_equal(pixels(again), sheet)


def test_nothing_is_overwritten_unless_forced(models, tmp_path, capsys):
    out = tmp_path / "x.png"
    out.write_bytes(b"mine")
    assert generate(["sea", "-o", str(out), *models]) == 1
    assert "--force" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    assert generate(["sea", "-o", str(out), "--force", *models]) == 0
    assert out.read_bytes() != b"mine"


def test_unknown_words_are_named(models, tmp_path, capsys):
    prompt = "a castle with a zeppelin"
    assert generate([prompt, "-o", str(tmp_path / "z.png"), *models]) == 0
    assert "does not know: zeppelin" in capsys.readouterr().err


def test_a_preview_is_printed(models, tmp_path, capsys):
    assert generate(["sea", "-o", str(tmp_path / "p.png"), "--preview", *models]) == 0
    assert "▀" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "code", "named"),
    [
        ([], 2, "no prompt"),
        (["  "], 2, "no prompt"),
        (["sea", "-o", "x.jpg"], 2, "only PNG"),
        (["sea", "-o", "."], 2, "is a folder"),
        (["sea", "-t", "-1"], 2, "temperature"),
        (["sea", "--top-p", "3"], 2, "top_p"),
        (["sea", "--palette", "nosuch"], 1, "no palette"),
        (["sea", "--vqgan", "nowhere"], 1, "no checkpoint"),
        (["--like", "nowhere.png"], 1, "no picture"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(
    models, tmp_path, monkeypatch, capsys, flags, code, named
):
    monkeypatch.chdir(tmp_path)
    order = flags if "--vqgan" in flags else [*flags, *models]
    assert generate(order) == code
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_models_that_do_not_belong_together_are_refused(workshop, models, tmp_path, capsys):
    other = str(tmp_path / "other")
    order = ["--config", str(workshop / "v.yaml"), "--data", str(workshop / "data/images")]
    assert train_vqgan([*order, "--out", other, "--seed", "8", "--steps", "3"]) == 0
    flags = ["--vqgan", f"{other}/best", "--transformer", models[3]]
    assert generate(["sea", "-o", str(tmp_path / "x.png"), *flags]) == 1
    assert "the pair that belongs together" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [generate, train_vqgan, train_transformer, reconstruct, evaluate]
)
def test_usage_errors_are_told_in_one_line_and_exit_with_2(command, capsys):
    with pytest.raises(SystemExit) as stop:
        command(["--no-such-flag"])
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--help)" in told


@pytest.mark.parametrize("flag", ["-t", "--top-p", "--guidance"])
def test_evaluate_refuses_sampling_out_of_range(capsys, flag):
    assert evaluate([flag, "-1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_output_names():
    from pathlib import Path

    assert output_paths(Path("a"), [1], False, False) == [Path("a.png")]
    assert output_paths(Path("a.png"), [1, 2], True, False) == [Path("a.png")]


def test_reconstruct_writes_a_pair_and_a_page(workshop, tmp_path, capsys):
    image = sorted((workshop / "data/images").iterdir())[0]
    order = [str(image), "-o", str(tmp_path / "out"), "--vqgan", str(workshop / "v/best")]
    assert reconstruct(order) == 0
    stem = tmp_path / "out" / f"{image.stem}-codes"
    assert pixels(stem.with_suffix(".png")).shape == (192, 640, 3)
    page = stem.with_suffix(".html").read_text()
    assert page.count('class="vq-grid"') == 2
    assert " dB, " in capsys.readouterr().out
    assert reconstruct(order) == 1
    assert "--force" in capsys.readouterr().err


def test_reconstruct_says_so_where_every_pixel_comes_back(tmp_path, capsys):
    codes = np.random.default_rng(0).integers(0, 512, (1, 12, 20, 2))
    drawn = load_codec(shipped("tokenizer")).model.decode(mx.array(codes))
    Image.fromarray(to_uint8(np.asarray(drawn))[0]).save(tmp_path / "drawn.png")
    assert reconstruct([str(tmp_path / "drawn.png"), "-o", str(tmp_path)]) == 0
    assert "every pixel exact" in capsys.readouterr().out


def test_the_code_page_escapes_names():
    page = code_page(np.zeros((2, 3), int), "<script>alert(1)</script>.png")
    assert "<script>" not in page
    assert "2 x 3 positions" in page


def test_half_blocks_show_two_rows_per_line():
    lines = half_blocks(np.zeros((8, 200, 3), np.uint8), columns=100).splitlines()
    assert len(lines) == 2
    assert lines[0].count("▀") == 100


def test_evaluate_reports_all_figures_as_json(workshop, models, tmp_path):
    judge, report = tmp_path / "judge", tmp_path / "report.json"
    save_judge(Judge(ATTRIBUTES, 4), judge, {})
    order = [
        *models,
        "--judge",
        str(judge),
        "--scenes",
        "4",
        "--prompts",
        "4",
        "--json",
        str(report),
        "--training-codes",
        str(workshop / "t/codes.npz"),
    ]
    assert evaluate(order) == 0
    found = json.loads(report.read_text())
    shape = found["reconstruction"]
    assert 0 <= shape["right_colour"] <= 1
    assert 0 <= shape["edge_f1"] <= 1
    assert len(shape["levels"]) == 2
    assert shape["right_colour_by_object"]
    for name in ("prompts", "held_out_pairs"):
        part = found["adherence"][name]
        for kind in ("real", "reconstructed", "samples"):
            assert set(part[kind]) == {*ATTRIBUTES, "mean", "all"}
            assert set(part["borders"][kind]) == {"columns", "rows"}
        captions = part["captions"]
        assert captions["gap"] == pytest.approx(captions["nats_shuffled"] - captions["nats_own"])
    assert found["adherence"]["prompts"]["memorisation"]["training_sequences"] == 64


@pytest.mark.parametrize("content", ["nothing", "no archive", "other codes"])
def test_evaluate_says_at_once_that_it_cannot_look_for_copies(content, models, tmp_path, capsys):
    codes = tmp_path / "codes.npz"
    if content == "no archive":
        codes.write_bytes(b"PK\x03\x04 and so on")
    elif content == "other codes":
        np.savez(codes, codes=np.zeros((3, 5, 7), dtype=np.uint16))
    assert evaluate([*models, "--training-codes", str(codes)]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert str(codes) in lines[0]
    assert "Errno" not in lines[0]


def test_evaluate_takes_a_folder_of_pictures(workshop, tmp_path, capsys):
    order = ["--images", str(workshop / "data/images"), "--only", "reconstruction"]
    assert evaluate([*order, "--vqgan", str(workshop / "v/best")]) == 0
    assert json.loads(capsys.readouterr().out)["reconstruction"]["pictures"] == 64


def test_doctor_names_the_blas(capsys):
    assert scene(["doctor"]) == 0
    assert "GFLOP/s" in capsys.readouterr().out


def test_a_picture_that_cannot_be_written_is_told_in_one_line(models, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "x.png"
    assert generate(["a castle", "-o", str(out), "--force", *models]) == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("generate: ")
    assert str(tmp_path / "file") in line


@pytest.mark.parametrize("prompt", ["castle \udc80hill", "castle\x00hill", "castle\x1b\nhill"])
def test_what_cannot_be_printed_is_no_part_of_a_prompt(prompt):
    assert settings(create_generate().parse_args([prompt]))[1] == "castle hill"
