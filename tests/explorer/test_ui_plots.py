"""Export figures: what they show, and what they say when there is nothing."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from rq_vae_explorer.ui.palette import DIGIT_COLORS
from rq_vae_explorer.ui.plots import (
    get_codebook_health,
    plot_atlas,
    plot_codebook_2d,
    plot_curves,
    plot_loss_curves,
    plot_pairs,
    plot_rate_distortion,
    plot_reconstructions,
    plot_usage,
)


def _texts(figure: Figure) -> str:
    return " ".join(
        text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))
    )


@pytest.mark.parametrize(
    "figure",
    [
        plot_codebook_2d(None, None, None, None),
        plot_codebook_2d(np.zeros((2, 4, 2)), np.zeros((0, 2)), np.zeros(0), None),
        plot_loss_curves(None),
        plot_loss_curves({}),
        plot_loss_curves([]),
        plot_loss_curves({"total": []}),
        plot_curves([], {"level 1": []}, "error"),
        plot_rate_distortion([], [], {}, 8),
        plot_reconstructions(None, None),
        plot_reconstructions(np.zeros((0, 28, 28, 1)), np.zeros((0, 28, 28, 1))),
    ],
)
def test_nothing_to_draw_says_so(figure):
    assert "No data yet" in _texts(figure)


def test_level_2_shows_the_residuals_that_it_sees():
    codebook = np.array([[[1.0, 0.0], [-1.0, 0.0]], [[0.25, 0.25], [0.0, 0.0]]])
    outputs = np.array([[1.5, 0.0], [-0.75, 0.5]])
    figure = plot_codebook_2d(codebook, outputs, np.array([3, 3]), np.ones((2, 2)), 0.01)
    points = figure.axes[1].collections[0].get_offsets()
    np.testing.assert_allclose(points, [[0.5, 0.0], [0.25, 0.5]])


def test_a_dead_code_is_hollow_and_an_active_one_filled():
    counts = np.array([[100, 0]])
    figure = plot_codebook_2d(np.eye(2)[None], np.ones((3, 2)), np.zeros(3), counts, 0.01)
    by_name = {c.get_label(): c for c in figure.axes[0].collections}
    assert by_name["active code"].get_facecolor()[0, 3] == 1
    assert by_name["dead code"].get_facecolor().size == 0
    np.testing.assert_allclose(by_name["dead code"].get_offsets(), [[0, 1]])


def test_each_plane_has_a_scale_that_it_names_and_the_digits_have_a_legend():
    rng = np.random.default_rng(0)
    figure = plot_codebook_2d(
        rng.normal(size=(3, 8, 5)), rng.normal(size=(50, 5)), np.arange(50) % 10, None
    )
    first, *others = figure.axes
    assert len(others) == 2
    for axes in others:
        zoom = first.get_xlim()[1] / axes.get_xlim()[1]
        assert f"drawn {zoom:.1f}× larger" in axes.get_title()
    assert set("0123456789") <= set(_texts(figure.legends[0].figure).split())


@pytest.mark.parametrize(
    "history",
    [{"step": [1, 2], "total": [0.2, 0.1]}, [{"step": 1, "total": 0.2}, {"step": 2, "total": 0.1}]],
)
def test_loss_curves_are_logarithmic_lines_over_steps(history):
    (axes,) = plot_loss_curves(history).axes
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[1, 0.2], [2, 0.1]])


def test_a_cell_wears_the_digit_that_its_code_codes_most():
    codebook = np.array([[[-1.0, 0.0], [1.0, 0.0]]])
    outputs = np.array([[-1.0, 0.1], [-1.0, -0.1], [-0.9, 0.0], [1.0, 0.0]])
    figure = plot_codebook_2d(codebook, outputs, np.array([3, 3, 4, 7]))
    cells = np.asarray(figure.axes[0].images[0].get_array())
    middle = len(cells) // 2
    left, right = cells[middle, 10], cells[middle, -10]
    np.testing.assert_allclose(left, 1 - 0.16 * (1 - np.array(to_rgb(DIGIT_COLORS[3]))))
    np.testing.assert_allclose(right, 1 - 0.16 * (1 - np.array(to_rgb(DIGIT_COLORS[7]))))
    assert not np.array_equal(cells[middle, middle], left)  # the border


def test_the_test_curve_has_steps_of_its_own_and_knobs_are_marked():
    history = {"step": [1, 2, 3], "recon": [3, 2, 1], "test_step": [2], "test_recon": [2.5]}
    figure = plot_loss_curves(history, [(2, "lambda_commit = 1.0")])
    lines = {line.get_label(): line.get_xydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["test reconstruction"], [[2, 2.5]])
    assert "lambda_commit = 1.0" in _texts(figure)


def test_rate_and_distortion_show_the_path_and_the_levels_now():
    figure = plot_rate_distortion([6, 7], [0.2, 0.1], {"level 1": (3.5, 0.15)}, 8)
    path, now, nominal = figure.axes[0].lines
    np.testing.assert_allclose(path.get_xydata(), [[6, 0.2], [7, 0.1]])
    np.testing.assert_allclose(now.get_xydata(), [[3.5, 0.15]])
    assert set(nominal.get_xdata()) == {8}


def test_usage_bars_are_shares_and_the_grid_is_percent_of_each_digit():
    by_class = np.zeros((1, 2, 10), int)
    by_class[0, 0, 3], by_class[0, 1, 3], by_class[0, 1, 5] = 30, 10, 8
    figure = plot_usage(
        np.array([[0.75, 0.25]]), by_class, np.array([[False, True]]), list("0123456789")
    )
    bars, heat = figure.axes
    top = max(patch.get_y() + patch.get_height() for patch in bars.patches)
    assert top == pytest.approx(0.75)
    np.testing.assert_allclose(heat.images[0].get_array()[3], [75, 25])
    assert "1 dead" in _texts(figure)


def test_the_atlas_and_the_pairs_put_each_picture_in_its_place():
    tiles = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((5, 28, 28), np.uint8)
    (atlas,) = (axes.images[0].get_array() for axes in plot_atlas(tiles, "codes").axes)
    assert atlas.shape == (56, 84)
    assert atlas[30, 30] == 4  # second row, second column
    pairs = tiles[:4].reshape(2, 2, 28, 28)
    (grid,) = (axes.images[0].get_array() for axes in plot_pairs(pairs, "pairs").axes)
    assert [grid[0, 0], grid[0, 30], grid[30, 0], grid[30, 30]] == [0, 1, 2, 3]


def test_reconstructions_pair_each_input_with_its_output():
    images = np.random.default_rng(0).random((5, 28, 28, 1))
    figure = plot_reconstructions(images, 1 - images, num_samples=3)
    shown = [axes.images[0].get_array() for axes in figure.axes]
    assert len(shown) == 6
    np.testing.assert_allclose(shown[4], 1 - images[1, :, :, 0])


def test_health_counts_codes_below_a_share_of_all_assignments():
    counts = np.array([[990, 9, 1], [0, 0, 0]])
    assert get_codebook_health(counts, threshold_pct=0.009) == [
        {"level": 1, "active": 2, "dead": 1, "total": 3},
        {"level": 2, "active": 0, "dead": 0, "total": 3},
    ]
    assert get_codebook_health(None) == []
