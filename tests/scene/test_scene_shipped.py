"""The models that come with the package: they load, belong together, and draw what is asked."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_info, threadpool_limits

from scene.checkpoints import load_codec
from scene.evaluation.judge import load_judge
from scene.evaluation.reconstruction import code_figures, reconstruct, reconstruction_figures
from scene.evaluation.unseen import TOP, draw_unseen
from scene.generate import main as generate
from scene.generation import pipeline
from scene.generation.metadata import read_info, to_texts
from scene.generation.pipeline import Generator, Sampling, shipped
from scene.images import save_png
from scene.info import main as scene
from scene.patches.looks import look
from scene.synth import ATTRIBUTES, LABEL_COLOURS, LABELS, MASTER_PALETTE, draw_scene
from scene.transformer.company import Gathering

MOST_BYTES = 40_000_000
PROMPTS = (
    "a cozy tavern interior with a roaring fireplace",
    "a dark forest with twisted trees and moonlight filtering through",
)


@pytest.fixture(scope="module")
def generator():
    return Generator()


@pytest.fixture(scope="module")
def pictures(generator):
    """A picture per prompt, all with seed 1: uint8 (prompts, 192, 320, 3)."""
    return generator.draw(PROMPTS, [1] * len(PROMPTS), Sampling())


def test_a_prompt_alone_draws_a_picture(tmp_path, capsys):
    out = tmp_path / "castle.png"
    assert generate(["a castle on a hill at sunset", "-o", str(out), "--seed", "1"]) == 0
    with Image.open(out) as image:
        assert (image.size, image.mode) == ((320, 192), "P")
    assert capsys.readouterr().err.count("does not know") == 0


def test_pictures_are_full_size_and_use_only_the_palette(pictures):
    assert pictures.shape == (len(PROMPTS), 192, 320, 3)
    known = {tuple(colour) for colour in MASTER_PALETTE.tolist()}
    assert {tuple(c) for c in np.unique(pictures.reshape(-1, 3), axis=0).tolist()} <= known


def test_the_same_seed_draws_the_same_picture(generator, pictures):
    again = generator.draw([PROMPTS[1]], [1], Sampling())
    assert np.array_equal(again[0], pictures[1])


def test_drawing_takes_one_thread_and_gives_the_others_back(generator):
    def threads() -> list[int]:
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    seen = []
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        order = (PROMPTS[:1], [1], Sampling())
        generator.codes(*order, on_position=lambda _: seen or seen.append(threads()))
        assert threads() == before
    assert seen == [[1] * len(before)]
    assert max(before) == 2


def test_words_pull_towards_patches_that_go_with_them(generator, monkeypatch):
    meaning, numbers = generator.codec.meaning, look(generator.codec, 96, 48).meanings
    order = (["mountains struck by lightning in a storm"] * 12, range(12), Sampling())

    # Of one draft each, or what is given up on the way hides what words do.
    monkeypatch.setattr(pipeline, "DRAFTS", 1)

    def odds(pull: float) -> float:
        monkeypatch.setattr(pipeline, "PULL", pull)
        codes = generator.codes(*order)
        said = meaning.ratios[meaning.words.index("lightning")]
        return float((numbers[codes[..., 0], codes[..., 1]] @ said).mean())

    assert odds(2.0) > odds(0.0) + 0.04


def _lost_in_company(generator, patches: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What every patch of a picture, uint8 (240, 256), loses beside those before it: (240,)."""
    known = generator.text.model.company
    tables = (np.asarray(table) for table in (known.names, known.together))
    gathering = Gathering(*tables, patches[None], len(LABELS), 1)
    lost = []
    for number, label in enumerate(labels):
        here = np.array([0]), np.array([number]), np.array([label])
        lost.append(gathering.lost(np.array([0]), *here)[0])
        gathering.join(np.array([[0, number]]), here[2])
    return np.array(lost)


def test_unseen_scenes_keep_the_company_that_training_kept_and_mixed_ones_do_not(generator):
    pictures, layouts = [], []
    for scene_drawn in map(draw_scene, range(9_000_000_000, 9_000_000_012)):
        picture = scene_drawn.image[None, TOP:-TOP]
        pictures.append(generator.codec.entries(picture).reshape(240, -1))
        layouts.append(generator.labels.name(LABEL_COLOURS[scene_drawn.layout]).reshape(-1))
    mixed = []
    for number, (patches, labels) in enumerate(zip(pictures, layouts, strict=True)):
        assert _lost_in_company(generator, patches, labels).mean() < 0.01
        halves = [
            np.concatenate([own[:120], others[number - 1][120:]])
            for own, others in ((patches, pictures), (labels, layouts))
        ]
        mixed.append(_lost_in_company(generator, *halves)[120:].mean())
    assert np.mean(mixed) > 1


def test_things_stand_where_the_layout_puts_them(generator, tmp_path, capsys):
    plan, out = tmp_path / "plan.png", tmp_path / "night.png"
    prompt = "a lake at night with a full moon"
    assert scene(["layout", prompt, "-o", str(plan), "--seed", "3"]) == 0
    assert scene(["layout", prompt, "-o", str(plan)]) == 1  # never overwrites by itself
    cells = np.asarray(Image.open(plan).convert("RGB"))[8::16, 8::16].copy()
    assert {tuple(c) for c in cells.reshape(-1, 3).tolist()} <= {
        tuple(c) for c in LABEL_COLOURS.tolist()
    }
    moon = LABEL_COLOURS[LABELS.index("full moon")]
    cells[(cells == moon).all(-1)] = LABEL_COLOURS[0]
    cells[1:3, 15:17] = moon
    Image.fromarray(cells).save(plan)
    order = [prompt, "--layout", str(plan), "--seed", "1", "-o"]
    assert generate([*order, str(out)]) == 0
    assert generate(["--like", str(out), "-o", str(tmp_path / "again.png")]) == 0
    first, again = (np.asarray(Image.open(path)) for path in (out, tmp_path / "again.png"))
    assert np.array_equal(first, again)
    drawn = np.asarray(Image.open(out).convert("RGB")).astype(int).sum(-1)
    sky = drawn[:64].reshape(4, 16, 20, 16).mean(axis=(1, 3))  # brightness of each position
    row, column = np.unravel_index(sky.argmax(), sky.shape)
    assert row in (1, 2)
    assert column in (15, 16)


def test_a_layout_of_another_grid_in_a_picture_is_refused(generator, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert generate(["a castle", "-o", str(out), "--seed", "1"]) == 0
    for layout in ([0], [99] * 240, "no", [[1]] * 240):
        info = dataclasses.replace(read_info(out), layout=layout)
        save_png(tmp_path / "b.png", Image.open(out), to_texts(info))
        capsys.readouterr()
        assert generate(["--like", str(tmp_path / "b.png"), "-o", str(tmp_path / "c.png")]) == 1
        assert "layout" in capsys.readouterr().err


def test_a_picture_that_is_a_stranger_to_itself_is_drawn_once_more(generator, monkeypatch):
    """And what is drawn then is taken if it is none."""
    layouts = generator.draw_layouts(PROMPTS, [1, 1])
    company = type(generator.text.model.company)
    found = []

    def drawn(*strange: list[float]) -> np.ndarray:
        found.clear()
        given = iter(strange)

        def strangeness(_, codes, labels):
            found.append((codes.copy(), labels))
            return np.array(next(given))

        monkeypatch.setattr(company, "strangeness", strangeness)
        return generator.codes(PROMPTS, [1, 1], Sampling(), layouts=layouts)

    plain = drawn([0.0, pipeline.STRANGE])
    assert len(found) == 1
    again = drawn([0.0, pipeline.STRANGE + 1], [pipeline.STRANGE])
    assert np.array_equal(found[1][1], layouts[1:])
    assert np.array_equal(again[0], plain[0])
    assert np.array_equal(again[1].reshape(-1, 2), found[1][0][0])
    assert not np.array_equal(again[1], plain[1])
    assert np.array_equal(drawn([0.0, 99.0], [pipeline.STRANGE + 1]), plain)


def test_words_outside_the_vocabulary_are_named(generator):
    assert generator.unknown_words("a castle with a zeppelin at sunset") == ["zeppelin"]


def test_the_judge_loads_and_knows_the_attributes_of_scenes(pictures):
    judge = load_judge(shipped("judge"))
    assert judge.attributes == ATTRIBUTES
    assert all(len(found) == len(pictures) for found in judge.predict(pictures).values())


def test_most_pixels_of_unseen_scenes_come_back_right():
    codec = load_codec(shipped("tokenizer")).model
    unseen = draw_unseen(16)
    drawn, codes = reconstruct(codec, unseen.pixels)
    figures = reconstruction_figures(unseen.pixels, drawn, codec.colours, unseen.masks)
    assert figures["right_colour"] >= 0.92
    assert figures["right_colour_on_objects"] >= 0.75
    assert figures["edge_f1"] >= 0.8
    assert all(level["used_share"] >= 0.6 for level in code_figures(codes, codec.codebook_sizes))


def test_the_vqgan_beside_it_still_loads_and_draws():
    codec = load_codec(shipped("vqgan")).model
    drawn, _ = reconstruct(codec, draw_unseen(1).pixels)
    assert drawn.shape == (1, 192, 320, 3)


def test_different_prompts_with_one_seed_draw_different_pictures(pictures):
    assert (pictures[0] != pictures[1]).any(-1).mean() > 0.5


def test_the_models_fit_in_a_repository_and_name_no_folder_of_their_maker():
    folder = shipped("tokenizer").parent
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < MOST_BYTES
    for name in ("vqgan", "layout", "transformer"):
        data = json.loads((folder / name / "config.json").read_text())["config"]["data"]
        assert not any(str(value).startswith("/") for value in data.values())
