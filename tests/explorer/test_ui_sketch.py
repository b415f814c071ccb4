"""A drawn or photographed digit becomes what the network was trained on."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.hands import Hands
from rq_vae_explorer.ui.sketch import prepare_digit


def _bar(top: int, left: int, height: int, width: int, side: int = 112) -> np.ndarray:
    picture = np.zeros((side, side), np.uint8)
    picture[top : top + height, left : left + width] = 255
    return picture


def test_a_blank_sheet_is_no_digit():
    assert prepare_digit(np.zeros((112, 112), np.uint8)) is None
    assert prepare_digit(np.full((112, 112), 255, np.uint8)) is None


@given(
    top=st.integers(1, 60),
    left=st.integers(1, 60),
    height=st.integers(4, 50),
    width=st.integers(4, 50),
)
def test_a_digit_fills_the_box_and_is_centred_wherever_it_was_drawn(top, left, height, width):
    digit = prepare_digit(_bar(top, left, height, width))
    rows, columns = np.nonzero(digit > 40)
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    assert 19 <= extent <= 20
    centre = [(digit.sum(axis=1 - a) * np.arange(28)).sum() / digit.sum() for a in (0, 1)]
    np.testing.assert_allclose(centre, 13.5, atol=0.76)


def test_dark_ink_on_paper_is_turned_round():
    drawn = _bar(30, 40, 50, 10)
    np.testing.assert_array_equal(prepare_digit(255 - drawn), prepare_digit(drawn))


def _pixels(count: int) -> str:
    return base64.b64encode(bytes(count)).decode()


@pytest.mark.parametrize(
    "request_",
    [
        None,
        "kill",
        {},
        {"do": "format the disk"},
        {"do": "kill", "level": 0, "code": 1},
        {"do": "kill", "level": 1},
        {"do": "kill", "level": 1, "code": 1, "also": 2},
        {"do": "move", "level": 1, "code": 1, "x": float("nan"), "y": 0.0},
        {"do": "decode", "x": 1e9, "y": 0},
        {"do": "encode", "pixels": "?" * 50_000},
        {"do": "past", "step": -1},
    ],
)
def test_a_bad_action_is_refused_before_it_reaches_the_run(request_):
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError(f"the run was asked for {name}")

    assert "error" in Hands(Untouchable()).act(request_)


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "decode", "x": 0, "y": 0},
        {"do": "encode", "pixels": _pixels(112 * 112)},
        {"do": "past", "step": 3},
    ],
)
def test_before_there_is_a_view_actions_say_so(request_):
    run = Trainer()
    assert "yet" in Hands(run).act(request_)["error"]
    run.close()
