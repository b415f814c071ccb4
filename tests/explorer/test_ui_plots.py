"""Export figures: what they show, and what they say when there is nothing."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rq_vae_explorer.ui.plots import (
    get_codebook_health,
    plot_codebook_2d,
    plot_loss_curves,
    plot_reconstructions,
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


def test_planes_share_their_axes_and_name_the_digits():
    rng = np.random.default_rng(0)
    figure = plot_codebook_2d(
        rng.normal(size=(3, 8, 5)), rng.normal(size=(50, 5)), np.arange(50) % 10, None
    )
    assert len(figure.axes) == 3
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert set("0123456789") <= set(_texts(figure.legends[0].figure).split())


@pytest.mark.parametrize(
    "history",
    [{"step": [1, 2], "total": [0.2, 0.1]}, [{"step": 1, "total": 0.2}, {"step": 2, "total": 0.1}]],
)
def test_loss_curves_are_logarithmic_lines_over_steps(history):
    (axes,) = plot_loss_curves(history).axes
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[1, 0.2], [2, 0.1]])


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
