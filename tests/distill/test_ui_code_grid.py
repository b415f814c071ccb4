"""The static code grid: the contract that other code renders by."""

import re

import numpy as np
import pytest
import torch

from distill.ui.components import DEFAULT_LEVEL_LABELS, get_level_labels, render_code_grid


def test_the_usual_labels_and_custom_ones_of_the_right_number():
    assert list(DEFAULT_LEVEL_LABELS[3]) == ["Structure", "Timbre", "Detail"]
    assert get_level_labels(2) == ["Structure", "Detail"]
    assert get_level_labels(4) == ["Structure", "Timbre", "Texture", "Detail"]
    assert get_level_labels(6) == [f"Level {i}" for i in range(1, 7)]
    assert get_level_labels(2, ["a", "b"]) == ["a", "b"]
    assert get_level_labels(2, ["a"]) == ["Structure", "Detail"]


@pytest.mark.parametrize("shape", [(1, 48), (8, 6)])
def test_any_shape_gives_one_column_per_position(shape):
    indices = torch.randint(0, 64, (1, 48, 3), generator=torch.Generator().manual_seed(0))
    html = render_code_grid(indices, 3, 64, shape, None, (1, 5), 1.0)
    cells = re.findall(r'class="code-cell[^"]*"[^>]*data-event="cell,(\d+),(\d+)"', html)
    assert len(cells) == 3 * 48
    assert set(re.findall(r'data-event="col,(\d+)"', html)) == set(map(str, range(48)))
    assert re.findall(r'data-event="row,(\d+)"', html) == ["0", "1", "2"]
    assert html.count("playhead-line") >= 1
    assert html.count("code-cell selected") == 1


def test_nothing_to_show_says_what_to_do():
    assert "Upload an audio file" in render_code_grid(None, 3, 64, (0, 0), [], None, None)


def test_labels_are_text_and_never_markup():
    html = render_code_grid(
        np.zeros((1, 2, 2), int),
        2,
        4,
        (1, 2),
        ["<img src=x onerror=alert(1)>", '"><script>'],
        None,
        1.0,
    )
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("indices", "shape"), [(np.zeros((1, 5, 3), int), (1, 6)), (np.full((1, 6, 3), 64), (1, 6))]
)
def test_shapes_and_codes_that_do_not_fit_are_refused(indices, shape):
    with pytest.raises(ValueError, match=r"positions|codes lie"):
        render_code_grid(indices, 3, 64, shape, None, None, 1.0)
