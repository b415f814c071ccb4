"""Figures against what they should be on made-up cases."""

import numpy as np
import pytest

from scene.evaluation.borders import border_figures
from scene.evaluation.judge import Judge, accuracy, load_judge, save_judge
from scene.evaluation.memorisation import memorisation_figures, nearest_distances
from scene.evaluation.reconstruction import (
    code_figures,
    edge_f1,
    psnr,
    reconstruction_figures,
)
from scene.synth import ATTRIBUTES
from scene.training.judge import train_judge

PALETTE = np.array([[0, 0, 0], [255, 255, 255], [200, 0, 0]], np.uint8)


def scenes():
    classes = np.zeros((2, 16, 16), int)
    classes[:, 4:9, 4:9] = 1
    return classes


def test_a_perfect_reconstruction_is_perfect():
    truth = PALETTE[scenes()]
    masks = {"windows": scenes() == 1, "water": np.zeros((2, 16, 16), bool)}
    figures = reconstruction_figures(truth, truth, PALETTE, masks)
    for name in ("right_colour", "right_colour_on_edges", "edge_f1", "right_colour_on_objects"):
        assert figures[name] == pytest.approx(1)


def test_noise_knows_nothing_of_the_grid_and_blocks_are_nothing_else():
    rng = np.random.default_rng(0)
    noise = PALETTE[rng.integers(0, 3, (4, 192, 320))]
    for ratio in border_figures(noise).values():
        assert ratio == pytest.approx(1, abs=0.02)
    rows = np.broadcast_to(rng.integers(0, 3, (2, 192, 1)), (2, 192, 320)).copy()
    rows[:, :, 16:] += 1  # one border of 19 differs, and nothing within
    rows[:, :, 40:] += 1  # one of 300 columns within differs
    assert border_figures(rows[..., None])["columns"] == pytest.approx((1 / 19) / (1 / 300))
    assert border_figures(rows.swapaxes(1, 2)[..., None])["rows"] == pytest.approx(300 / 19)


def test_a_lost_object_shows_on_its_mask_and_hardly_in_the_mean():
    truth, drawn = PALETTE[scenes()], PALETTE[np.zeros((2, 16, 16), int)]
    figures = reconstruction_figures(truth, drawn, PALETTE, {"windows": scenes() == 1})
    assert figures["right_colour"] > 0.9
    assert figures["right_colour_on_objects"] == 0
    assert figures["right_colour_by_object"] == {"windows": 0}
    assert figures["edge_f1"] == 0


def test_near_colours_count_as_the_colour_they_snap_to():
    truth = PALETTE[scenes()]
    off = (truth.astype(int) + np.where(truth > 127, -20, 20)).astype(np.uint8)
    assert reconstruction_figures(truth, off, PALETTE)["right_colour"] == 1


def test_edges_may_be_off_by_one_pixel_but_not_by_three():
    classes = scenes()
    assert edge_f1(classes, np.roll(classes, 1, axis=2)) == pytest.approx(1)
    assert edge_f1(classes, np.roll(classes, 5, axis=2)) < 0.7


def test_psnr_is_the_textbook_formula():
    truth, drawn = np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 16, np.uint8)
    assert psnr(truth, drawn) == pytest.approx(20 * np.log10(255 / 16))


def test_code_use_is_counted_per_level():
    codes = np.stack([np.arange(8), np.zeros(8, int)], axis=-1)
    first, second = code_figures(codes, (8, 16))
    assert (first["level"], first["used"], first["perplexity"]) == (0, 8, pytest.approx(8))
    assert (second["level"], second["used"], second["used_share"]) == (1, 1, 1 / 16)


def test_nearest_distance_is_the_smallest_share_of_different_codes():
    training = np.array([[1, 2, 3, 4], [9, 9, 9, 9]], np.uint16)
    codes = np.array([[1, 2, 3, 4], [1, 2, 0, 0], [9, 9, 0, 9]])
    assert nearest_distances(codes, training).tolist() == [0, 0.5, 0.25]
    figures = memorisation_figures(codes, codes[1:], training)
    assert figures["samples"]["smallest"] == 0
    assert figures["held_out_real"]["smallest"] == 0.25


def test_a_judge_is_scored_by_attribute_and_comes_back(tmp_path):
    judge = Judge({"time": ("day", "night"), "sky": ("clear", "fog")}, 4)
    pictures = np.full((4, 32, 32, 3), 90, np.uint8)
    found = {name: judge.attributes[name][v[0]] for name, v in judge.predict(pictures).items()}
    other = "night" if found["time"] == "day" else "day"
    wanted = [found, found, found, found | {"time": other}]
    scores = accuracy(judge, pictures, wanted)
    assert scores == {"time": 0.75, "sky": 1.0, "mean": 0.875, "all": 0.75}
    save_judge(judge, tmp_path / "judge", {"seed": 0})
    assert accuracy(load_judge(tmp_path / "judge"), pictures, wanted) == scores


@pytest.mark.slow
def test_a_judge_learns_to_tell_day_from_night():
    rng = np.random.default_rng(0)
    wanted = [draw_attributes(time) for time in ("day", "night") * 16]
    shade = np.array([220 if w["time"] == "day" else 30 for w in wanted])
    noise = rng.integers(-20, 20, (32, 32, 32, 3))
    pictures = (shade[:, None, None, None] + noise).astype(np.uint8)
    judge = train_judge(pictures, wanted, steps=20, seed=0)
    assert accuracy(judge, pictures, wanted)["time"] == 1


def draw_attributes(time):
    return {name: values[0] for name, values in ATTRIBUTES.items()} | {"time": time}
